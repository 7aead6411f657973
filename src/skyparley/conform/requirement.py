"""One requirement of the line, and what a test of it can come to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from skyparley.conform.probe import Probe

Outcome = Literal["PASS", "FAIL", "SKIPPED", "NOT TESTED"]
Check = Callable[["Probe"], Awaitable[None]]


class Fails(Exception):
    """The node does not do what the page says; the message says what it did."""


class Skips(Exception):
    """This could not be tried here; the message says why, and what would let it be tried."""


class CannotRun(Exception):
    """Nothing can be tested: the node does not answer, or does not know the party that tests it."""


@dataclass(frozen=True)
class Requirement:
    """A sentence of the specification and the test of it.  `document` and `section` say where it stands."""

    document: str
    section: str
    name: str
    says: str
    check: Check

    @property
    def key(self) -> str:
        """What names it, for example `3.3 duplicate`."""
        return f"{self.section} {self.name}"


@dataclass(frozen=True)
class Untested:
    """A sentence of the specification that cannot be tried from outside, or is not yet, and why."""

    section: str
    says: str
    why: str


@dataclass(frozen=True)
class Verdict:
    """What came of one requirement."""

    requirement: Requirement
    outcome: Outcome
    text: str = ""


class Chapter:
    """The requirements of one part of the line, in the order in which they are tried."""

    def __init__(self, document: str = "line-v1") -> None:
        self._document = document
        self.requirements: list[Requirement] = []

    def must(self, section: str, name: str, says: str) -> Callable[[Check], Check]:
        """Registers the function under it as the test of a requirement."""

        def register(check: Check) -> Check:
            self.requirements.append(Requirement(self._document, section, name, says, check))
            return check

        return register


def need(holds: object, text: str) -> None:
    """Fails with the text unless it holds."""
    if not holds:
        raise Fails(text)
