"""What rings, and what became of it at each hook: a hook is tried until it worked, was given up, or the ring is old.

The settings say which hooks there are; the state says only what was tried, so that a restart goes on where it was.
"""

from typing import Final, get_args

from skyparley.base import limits
from skyparley.domain.commands import NoteHook
from skyparley.domain.events import AlarmRaised, HookTried
from skyparley.domain.messages.codes import Post
from skyparley.domain.rings_kept import Ring, Rings, Tried
from skyparley.domain.view import Decided, Item, View

LEVELS: Final[tuple[str, ...]] = (*get_args(Post), "ALARM")
"""Who is rung, the nearest first; ALARM is what rings without an officer being called."""
ALARM_LEVEL: Final = "ALARM"
HOOK_FAILED: Final = "HOOK_FAILED"


def open_rings(rings: Rings, hook: str, now: int) -> list[Ring]:
    """What a hook has still to be tried about, the oldest first.  What is too old is left: a late pager misleads."""
    return [
        ring
        for ring in rings.recent.values()
        if now - ring.at < limits.HOOK_AGAIN_MS and not ring.tried.get(hook, Tried()).done
    ]


def note_hook(view: View, command: NoteHook) -> Decided:
    """One try of a hook: kept, and told once when it failed more than once, until it works again."""
    tried = HookTried(
        hook=command.hook, ring=command.ring, outcome=command.outcome, attempt=command.attempt, text=command.text
    )
    items: list[Item] = [tried]
    failing = view.rings.failing.get(command.hook)
    again = command.outcome == "GIVEN_UP" or command.attempt > limits.HOOK_ATTEMPTS_UNTOLD
    if command.outcome != "OK" and again and (failing is None or not failing.told):
        text = f"hook {command.hook} does not work: {command.text}. Whom it should ring does not hear it"
        items.append(AlarmRaised(code=HOOK_FAILED, about=command.hook, text=text))
    return Decided(tuple(items))
