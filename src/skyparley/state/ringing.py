"""Rings in the state: taken up from what rang, changed by what each hook came to, let go of when they are old."""

from skyparley.base import limits
from skyparley.domain.events import AlarmRaised, HookTried, Rang
from skyparley.domain.matter_records import Matter
from skyparley.domain.misuse import LIFE_FLOOD
from skyparley.domain.rings import ALARM_LEVEL, HOOK_FAILED
from skyparley.domain.rings_kept import HookFailure, Ring, Rings, Tried


def ring_alarm(rings: Rings, position: int, at: int, event: AlarmRaised) -> None:
    """An alarm rings.  That a hook fails is told to the other hooks: the one that fails would not carry it."""
    ring = Ring(position, at, ALARM_LEVEL, event.code, event.text, peer=event.peer, about=event.about)
    if event.code == LIFE_FLOOD:
        ring.cls = "LIFE"
    if event.code == HOOK_FAILED:
        ring.tried[event.about] = Tried(done=True)
        if event.about in rings.failing:
            rings.failing[event.about].told = True
    keep_ring(rings, ring)


def ring_matter(rings: Rings, position: int, at: int, event: Rang, matter: Matter) -> None:
    """An officer is rung about a statement."""
    ring = Ring(
        position,
        at,
        event.post,
        event.code or matter.type,
        event.text,
        cls=event.cls,
        peer=event.peer,
        msg_id=matter.msg_id,
        about=event.statement,
        phrase=matter.envelope.code or "",
        exercise=matter.exercise,
    )
    keep_ring(rings, ring)


def keep_ring(rings: Rings, ring: Ring) -> None:
    """Take up a ring, and let go of those that no hook is tried about any more."""
    rings.recent[ring.position] = ring
    for position in list(rings.recent):
        many = len(rings.recent) > limits.RINGS_KEPT
        if not many and ring.at - rings.recent[position].at < limits.HOOK_AGAIN_MS:
            break
        del rings.recent[position]


def tell_hook(rings: Rings, event: HookTried, at: int) -> None:
    """What one try came to.  A ring that was let go of meanwhile needs nothing more."""
    ring = rings.recent.get(event.ring)
    if ring is not None:
        ring.tried[event.hook] = Tried(event.attempt, event.outcome != "FAILED")
    if event.outcome == "OK":
        rings.failing.pop(event.hook, None)
    else:
        failing = rings.failing.setdefault(event.hook, HookFailure(at, event.text))
        failing.text = event.text
