"""What is remembered of misuse by peers and strangers, bounded in every part."""

from dataclasses import dataclass, field

import msgspec

from skyparley.base.ids import Fingerprint


class Unauthenticated(msgspec.Struct, frozen=True):
    """A text that nobody is known to have signed, as far as it is kept.  It changed nothing."""

    claimed: str
    hash: str
    text: str
    source: str
    why: str
    at: int


@dataclass
class LifeWindow:
    """The life-safety statements of one peer since `began`."""

    began: int
    count: int = 0
    first: list[str] = field(default_factory=list)
    """Hashes of the first, each of which rings by itself."""


@dataclass
class Misuse:
    """What is remembered of misuse, bounded in every part."""

    evidence: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    """Hashes of the texts that are kept as evidence, by party, kind and number on the feed."""
    unauthenticated: list[Unauthenticated] = field(default_factory=list)
    """The newest first."""
    clock_off_ms: dict[Fingerprint, int] = field(default_factory=dict)
    """By how much the clock of a peer is off, where it is."""
    life: dict[Fingerprint, LifeWindow] = field(default_factory=dict)
    """The life-safety statements of each peer that ask for something, counted."""
    exercise_life: dict[Fingerprint, LifeWindow] = field(default_factory=dict)
    """Those of exercises, apart: an exercise never makes the real ones a flood."""

    def life_window(self, peer: Fingerprint, *, exercise: bool) -> LifeWindow | None:
        """What is counted of a peer, real or of exercises."""
        return (self.exercise_life if exercise else self.life).get(peer)
