"""What our people do about a statement that was heard by voice: recorded here and sent to nobody.  Source: LINE-06."""

from typing import Any

from skyparley.domain.commands import Outcome
from skyparley.domain.matter_records import Matter
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.messages.slots import Wire
from skyparley.domain.parties import name_of
from skyparley.domain.view import Decided, Moment, View
from skyparley.domain.voice_events import HeardActed


def act_on_heard(view: View, matter: Matter, kind: Any, slots: Wire, moment: Moment) -> Decided:
    """The act, kept with the matter.  The answer reminds the desk to say it by voice: nothing else carries it."""
    acted = HeardActed(
        peer=matter.peer, statement=matter.hash, type=kind, msg_id=moment.new_id(), slots=to_plain(slots)
    )
    said = f"recorded here and sent to nobody: say it to {name_of(view, matter.peer)} by voice"
    return Decided((acted,), Outcome(refs={"statement": matter.hash, "by_voice": said}))
