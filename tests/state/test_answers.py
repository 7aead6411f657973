"""Answers are kept for a retry: a day long, and so many at most; what is let go first is the oldest."""

import pytest
from harness import T0, World

from skyparley.base import limits
from skyparley.domain.events import AlarmRaised, CommandAnswered
from skyparley.state import projection
from skyparley.state.fold import fold


def kept_after(answers: list[tuple[str, int]]) -> list[str]:
    (node,) = World("A").nodes
    state = node.fresh()
    for position, (key, at) in enumerate(answers, 1):
        fold(state, position, at, CommandAnswered(key=key, request="r", answer={}))
    assert state.answers.keys() == state.answered_at.keys()
    return list(state.answers)


def test_for_a_day() -> None:
    day = limits.ANSWERS_KEPT_MS
    assert kept_after([("one", T0), ("two", T0 + 1), ("three", T0 + day - 1)]) == ["one", "two", "three"]
    assert kept_after([("one", T0), ("two", T0 + 1), ("three", T0 + day)]) == ["two", "three"]
    assert kept_after([("one", T0), ("two", T0 + 1), ("three", T0 + 9 * day)]) == ["three"]


def test_so_many_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection.limits, "IDEMPOTENCY_KEYS_KEPT", 3)
    assert kept_after([(f"k{number}", T0) for number in range(5)]) == ["k2", "k3", "k4"]


def test_a_clock_that_went_back_loses_none() -> None:
    assert kept_after([("one", T0), ("two", T0 - limits.ANSWERS_KEPT_MS)]) == ["one", "two"]


def test_of_alarms_only_what_rings_once_is_remembered_by_name() -> None:
    (node,) = World("A").nodes
    state = node.fresh()
    for position, code in enumerate(("FORK", "CONFLICT_UNRESOLVED"), 1):
        fold(state, position, T0, AlarmRaised(code=code, about="it", text="look"))
    assert [state.alarmed("FORK", about) for about in ("it", "another")] == [True, False]
    with pytest.raises(AssertionError):
        state.alarmed("CONFLICT_UNRESOLVED", "it")
    assert len(state.alarms) == 2
