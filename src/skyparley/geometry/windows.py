"""Windows: half-open spans of time, [start_ms, end_ms), UTC milliseconds."""

from skyparley.geometry.problem import Problem


def signed_time_gap_ms(a_start_ms: int, a_end_ms: int, b_start_ms: int, b_end_ms: int) -> int:
    """Milliseconds from the end of one to the start of the other; below 0 by how much they overlap; 0 when they touch.

    Two windows conflict under a required gap T exactly when this is less than T.  So windows that overlap always
    conflict, and windows that touch conflict only if T > 0.
    """
    return max(b_start_ms - a_end_ms, a_start_ms - b_end_ms)


def time_gap_ms(a_start_ms: int, a_end_ms: int, b_start_ms: int, b_end_ms: int) -> int:
    """Milliseconds between two windows: 0 when they overlap or touch."""
    return max(0, signed_time_gap_ms(a_start_ms, a_end_ms, b_start_ms, b_end_ms))


def windows_conflict(a: tuple[int, int], b: tuple[int, int], required_ms: int) -> bool:
    """Whether two windows (start_ms, end_ms) overlap or lie less than `required_ms` apart."""
    return signed_time_gap_ms(*a, *b) < required_ms


def window_problems(start_ms: int, end_ms: int) -> tuple[Problem, ...]:
    """WINDOW_EMPTY when the end is not after the start."""
    if end_ms > start_ms:
        return ()
    return (Problem("WINDOW_EMPTY", "the window must end after it starts"),)
