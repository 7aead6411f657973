"""What a line remembers of its checks, its changes of state and the desk at its other end.  Source: DOMAIN 11.1, LINE-03, LINE-11."""

from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.codes import CheckKind, LineReason

CHECKS_TO_OPEN: Final = 3
"""Good checks each way on each live bearer before a line opens (LINE-11)."""
CHECKS_TO_RESUME: Final = 1
"""The same after a suspension was lifted (CON-04)."""

Change = Literal["SUSP", "RESM", "TERM"]


class OpenCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check of ours that is not answered yet."""

    bearer: str
    kind: CheckKind
    due: int
    number: tuple[int, int]


@dataclass
class Checks:
    """Of one line.  `ours`: good checks that we began, by bearer, 0 where the last one was missed; `theirs`: those that
    the peer began and we answered."""

    n: int = 0
    open: dict[str, OpenCheck] = field(default_factory=dict)
    ours: dict[str, int] = field(default_factory=dict)
    theirs: dict[str, int] = field(default_factory=dict)
    needed: int = CHECKS_TO_OPEN
    missed: int = 0
    """In a row, ours and awaited ones together."""
    last_good_at: int = 0
    last_theirs_at: int = 0
    peer_opened: bool = False
    """The peer said something that is only said on an open line: it had its good checks."""


class CardAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The first of two persons asked to tell the peers our newer card."""

    card: str
    by: str
    at: int


class LineChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the agreement state that was said and takes effect later."""

    what: Change
    by: Fingerprint
    effective: int
    reason: LineReason


class ChangeAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What the first of two persons asked for, and when."""

    what: str
    reason: LineReason
    effective: int
    by: str
    at: int
