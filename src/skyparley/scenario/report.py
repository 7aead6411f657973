"""What became of a timeline, as lines for people: each expectation met or missed, with what shows it."""

from collections.abc import Iterator, Sequence
from enum import Enum

import msgspec

from skyparley.scenario.moments import Calendar
from skyparley.scenario.timeline import Act, Fault, Step


class Status(Enum):
    """DONE is said of acts and faults, MET and MISSED of what was expected; an act that was not done is MISSED."""

    DONE = "DONE"
    MET = "MET"
    MISSED = "MISSED"
    NOT_PLAYED = "NOT PLAYED"


class Result(msgspec.Struct, frozen=True):
    """What became of one step."""

    step: Step
    status: Status
    what: str
    evidence: str


def missed(results: Sequence[Result]) -> bool:
    """Whether anything that was expected, or asked, did not come to be."""
    return any(result.status is Status.MISSED for result in results)


def told(results: Sequence[Result], calendar: Calendar) -> Iterator[str]:
    """One or two lines for each step; of acts and faults that were done, one."""
    for result in results:
        step = result.step
        yield f"{result.status.value:<10}  {calendar.shown(step.at_ms):<14}  {step.id}: {result.what}"
        if result.evidence:
            yield f"{'':<10}  {'':<14}  {_seen(result)}: {result.evidence}"
        if step.why and not isinstance(step.what, Act | Fault) and result.status is not Status.MET:
            yield f"{'':<10}  {'':<14}  why: {step.why}"


def _seen(result: Result) -> str:
    return "answered" if isinstance(result.step.what, Act) else "seen"


def summed(results: Sequence[Result], title: str) -> str:
    """The last line."""
    counts = {status: len([one for one in results if one.status is status]) for status in Status}
    words = [f"{counts[Status.MET]} met", f"{counts[Status.MISSED]} missed"]
    if counts[Status.NOT_PLAYED]:
        words.append(f"{counts[Status.NOT_PLAYED]} not played")
    return f"{title}: {', '.join(words)}"
