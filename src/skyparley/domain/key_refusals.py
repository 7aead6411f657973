"""A peer whose door does not take our signature: an alarm that says why nothing arrives, once, until it does again.

After our keys were revoked or replaced, or before the peer pinned us, each request of ours is refused there.  The line
is LOST then, as if the wire were cut, and only this tells people that a card carried by hand mends it.
"""

from typing import Final

from skyparley.domain.commands import NoteKeys
from skyparley.domain.events import AlarmCounted, AlarmRaised
from skyparley.domain.view import Decided, View

CODE: Final = "OUR_KEY_REFUSED"
REFUSED_WITH: Final = ("UNKNOWN_KEY", "BAD_SIGNATURE")
"""What a peer door answers to a signature that it does not take.  Source: line-v1 7.5."""


def note_keys(view: View, command: NoteKeys) -> Decided:
    """What changed, and nothing otherwise.  Their door is not believed for more: a wrong answer there mends itself."""
    name = view.lines[command.peer].name
    alarm = view.alarm(CODE, command.peer, command.peer)
    stands = alarm is not None and not alarm.over_at
    if command.refused and not stands:
        return Decided((AlarmRaised(code=CODE, about=command.peer, text=_text(name), peer=command.peer),))
    if stands and not command.refused:
        assert alarm is not None, "it stands"
        over = AlarmCounted(code=CODE, about=command.peer, peer=command.peer, count=alarm.count, over=True)
        return Decided((over,))
    return Decided(())


def why(name: str, error: str) -> str:
    """Why nothing reaches a peer and what people do about it, by the last error of the link; empty where that says it."""
    return _text(name) if error.split(":")[0] in REFUSED_WITH else ""


def _text(name: str) -> str:
    remedy = f"Give {name} our card of now by hand (skyparley card), to be added there; call by voice meanwhile"
    return f"The machine of {name} does not take our key: nothing of ours arrives there. {remedy}"
