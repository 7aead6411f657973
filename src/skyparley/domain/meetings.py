"""Meetings and coverage: the calendar of reviews that both signed rings by itself; what a party says of itself is looked at.

Source: DOMAIN 9 (LINE-13, LINE-14, LIV-10), 10.2 COV and MTG; line-v1 section 15.
"""

from typing import Final, Literal

from skyparley.base.errors import Reason
from skyparley.base.ids import Fingerprint
from skyparley.base.times import HOUR
from skyparley.domain.clauses import in_force
from skyparley.domain.events import AlarmRaised
from skyparley.domain.messages.arrangement_slots import CalendarClause, CoverageSlots
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.records import Line
from skyparley.domain.view import Item, View
from skyparley.domain.volumes import shape_reasons

DAY: Final = 24 * HOUR
Review = Literal["STAFF", "GROUP", "PRINCIPALS", "RADIO"]
REVIEWS: Final[tuple[Review, ...]] = ("STAFF", "GROUP", "PRINCIPALS", "RADIO")


def next_review(line: Line, review: Review, after: int) -> int | None:
    """When the next one is due by the calendar in force; None where both signed none."""
    calendar = in_force(line, "CALENDAR")
    if not isinstance(calendar, CalendarClause):
        return None
    every = DAY * int(getattr(calendar, f"{review.lower()}_days"))
    if after < calendar.first:
        return calendar.first
    return calendar.first + ((after - calendar.first) // every + 1) * every


def due(view: View, about: str) -> list[Item]:
    """CALENDAR: people are told that a review or the test of the radio card is due."""
    peer, review = about.split(" ")
    line = view.lines[Fingerprint(peer)]
    if review == "RADIO":
        text = f"{line.name}: the test of the radio card is due: call on each of its frequencies"
        return [AlarmRaised(code="RADIO_TEST_DUE", about=about, text=text, peer=line.peer)]
    text = f"{line.name}: the {review.lower()} review is due by the calendar; call it with MTG"
    return [AlarmRaised(code="MTG_DUE", about=about, text=text, peer=line.peer)]


def coverage_flaws(envelope: Envelope) -> list[Reason]:
    """What is wrong with the areas of a coverage statement."""
    slots = envelope.slots
    assert isinstance(slots, CoverageSlots)
    return [reason for shape in slots.areas for reason in shape_reasons(shape)]
