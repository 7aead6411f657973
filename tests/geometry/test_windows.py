"""Windows: half-open, so what touches is apart when no gap is required."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.geometry.windows import signed_time_gap_ms, time_gap_ms, window_problems, windows_conflict


@pytest.mark.parametrize(
    ("a", "b", "gap"),
    [
        ((0, 10), (20, 30), 10),
        ((0, 10), (10, 20), 0),
        ((0, 10), (5, 20), 0),
        ((0, 100), (40, 50), 0),
        ((5, 6), (5, 6), 0),
    ],
)
def test_gaps(a, b, gap):
    assert time_gap_ms(*a, *b) == time_gap_ms(*b, *a) == gap


def test_touching_windows_conflict_only_if_a_gap_is_required():
    assert not windows_conflict((0, 10), (10, 20), 0)
    assert windows_conflict((0, 10), (10, 20), 1)
    assert windows_conflict((0, 10), (9, 20), 0)
    assert not windows_conflict((0, 10), (15, 20), 5)
    assert windows_conflict((0, 10), (15, 20), 6)


@given(*[st.integers(-50, 50)] * 2, *[st.integers(1, 30)] * 2, st.integers(0, 20))
def test_windows_conflict_exactly_when_some_instants_of_both_are_too_near(a, b, a_length, b_length, required):
    first, second = range(a, a + a_length), range(b, b + b_length)
    # Instants are whole milliseconds that last one: [5, 6) and [8, 9) are 2 apart.
    nearest = min(abs(p - q) for p in first for q in second)
    apart = nearest - 1 if nearest else -1
    assert windows_conflict((a, a + a_length), (b, b + b_length), required) == (apart < required)
    assert time_gap_ms(a, a + a_length, b, b + b_length) == max(0, apart)
    assert signed_time_gap_ms(a, a + a_length, b, b + b_length) < 0 or nearest


def test_a_window_ends_after_it_starts():
    assert [problem.code for problem in window_problems(5, 5)] == ["WINDOW_EMPTY"]
    assert [problem.code for problem in window_problems(5, 4)] == ["WINDOW_EMPTY"]
    assert window_problems(5, 6) == ()
