"""What rang of late, and what became of it at each hook, as the state remembers it."""

from dataclasses import dataclass, field
from typing import Final

from skyparley.base.ids import Fingerprint

NOBODY: Final = Fingerprint("")


@dataclass
class Tried:
    """One hook about one ring."""

    attempts: int = 0
    done: bool = False
    """It worked, or was given up."""


@dataclass
class Ring:
    """Something that rang, by the entry of the journal that says so."""

    position: int
    at: int
    level: str
    code: str
    text: str
    cls: str = ""
    peer: Fingerprint = NOBODY
    msg_id: str = ""
    about: str = ""
    phrase: str = ""
    """The code of the phrase that the statement says; empty where it is none."""
    exercise: bool = False
    tried: dict[str, Tried] = field(default_factory=dict)


@dataclass
class HookFailure:
    """A hook that failed at its last try.  `told`: the desk has its alarm."""

    since: int
    text: str
    told: bool = False


@dataclass
class Rings:
    """The rings of the last hour, and the hooks that fail."""

    recent: dict[int, Ring] = field(default_factory=dict)
    """By position, the oldest first."""
    failing: dict[str, HookFailure] = field(default_factory=dict)
