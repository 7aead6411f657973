"""Every requirement, in the order in which it is tried, and what is not tried.

Deferral stands last, since it uses up a share that the others need; what the node said is judged behind what it was asked.
"""

from collections.abc import Sequence
from typing import Final

from skyparley.conform.checks_catch_up import CATCHING_UP, SHARE
from skyparley.conform.checks_conflict import CONFLICTS
from skyparley.conform.checks_feed import FEED, OWN_FEED
from skyparley.conform.checks_hello import HELLOS
from skyparley.conform.checks_line import LINE
from skyparley.conform.checks_meaning import MEANING
from skyparley.conform.checks_suspension import SUSPENSION
from skyparley.conform.checks_texts import TEXTS
from skyparley.conform.requirement import Requirement, Untested

CHAPTERS: Final = (HELLOS, TEXTS, FEED, CATCHING_UP, LINE, MEANING, CONFLICTS, SUSPENSION, OWN_FEED, SHARE)

REQUIREMENTS: Final[Sequence[Requirement]] = tuple(one for chapter in CHAPTERS for one in chapter.requirements)

UNTESTED: Final[Sequence[Untested]] = (
    Untested("2", "a key that is rotated or revoked by a newer card is taken up, and refused from then on", "not yet"),
    Untested("4", "what asks for people is acknowledged, read back, passed on and done in time", "people do that; not yet asked of the desk"),
    Untested("10.4", "suspension and resumption at a later time, by both sides at once, and termination", "not yet"),
    Untested("7.8", "a bearer that falls silent is DEGRADED, then LOST", "it is shown at the tested desk only"),
    Untested("7.9", "LIFE goes by all bearers at once", "the party that tests has one bearer"),
    Untested("12", "files are sealed, opened and answered", "not yet; the vectors in sealed.json try the bytes"),
    Untested("2", "cards are verified step by step, and pinned after people compared the words", "a person pins; the vectors in card.json try the steps"),
    Untested("5.2", "every shape is judged as the page says", "only circles are; the vectors in geometry.json try the others"),
    Untested("5.6", "places and who is asked to move", "it shows only in the suggestions of the node's own desk"),
    Untested("6", "a receipt is sent only when the statement is durable", "it takes a power cut; that it is kept is tested"),
    Untested("7.3", "the oldest nonces may be forgotten only with older requests refused", "it takes thousands of requests"),
    Untested("7.5", "503 NOT_READY", "it takes a node in trouble"),
    Untested("7.7", "restore after a loss of the record", "it takes a node that lost its record"),
    Untested("9.1", "two offers that cross", "it takes two desks that act in the same second"),
    Untested("9.2", "stand-by, withdrawal, rejection and expiry of offers", "not yet"),
    Untested("9.5", "an agreement that is broken is raised", "it is raised to people at the tested desk"),
)  # fmt: skip
"""What a PASS of everything above does not say."""

assert len({one.key for one in REQUIREMENTS}) == len(REQUIREMENTS), "a requirement is named once"
