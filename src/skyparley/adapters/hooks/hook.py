"""What a hook is, whom it rings for, and what it is told: as little as will make a person look."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from skyparley.base.canonical import canonical
from skyparley.base.errors import Fault
from skyparley.domain.rings_kept import Ring

EXERCISE: Final = "EXERCISE"


class HookFault(Fault):
    """A try failed.  The message is short, for the journal, and holds no secret and nothing of what the other side said."""

    code = "HOOK_FAULT"


class Hook(Protocol):
    """One way out of the node."""

    name: str
    on: Sequence[str]
    details: bool

    async def ring(self, told: bytes) -> None:
        """One try with the JSON of a ring.  Returns when it worked, raises HookFault; never takes longer than its limit."""
        ...


def wants(hook: Hook, ring: Ring) -> bool:
    """Whether a hook rings for this: its level or its class is named, or nothing is.

    An exercise rings only where that is named too: a siren does not know one from the other.
    """
    if ring.exercise and EXERCISE not in hook.on:
        return False
    named = set(hook.on) - {EXERCISE}
    return not named or ring.level in named or ring.cls in named


def told(ring: Ring, *, node: str, peer: str, details: bool, test: bool = False) -> bytes:
    """The JSON of a ring.  `ring` is the same in every try, so that a receiver can tell a repeated one.

    Without `details` nothing of what was said goes along: who, how urgent, by which code, when.
    """
    said: dict[str, Any] = {
        "skyparley": "ring/1",
        "ring": ring.position,
        "test": test,
        "node": node,
        "level": ring.level,
        "code": ring.code,
        "at": ring.at,
    }
    more = {"class": ring.cls, "peer": peer, "msg_id": ring.msg_id, "phrase": ring.phrase}
    said |= {name: value for name, value in more.items() if value}
    if ring.exercise:
        said["exercise"] = True
    if details:
        said["text"] = ring.text
    return canonical(said)


def trial_ring(now_ms: int) -> Ring:
    """A ring that asks nobody to do anything, for `skyparley hooks test`."""
    text = "TEST: this is a test of a hook. Nothing has happened."
    return Ring(position=0, at=now_ms, level="TEST", code="TEST", text=text)
