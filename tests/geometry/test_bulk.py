"""Bulk detection finds what brute force finds, pair for pair, whatever the groups and however many."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.shapes_at_random import HOUR_MS, seeded, some_volumes
from skyparley.geometry.bulk import all_conflicts, conflicts_between
from skyparley.geometry.volumes import Separation, judge

TABLE = Separation(18_520, 2000, 600_000, 1000, 9000)
WIDE = Separation(400_000, 30_000, 40 * 24 * HOUR_MS, 1000, 9000)
NONE = Separation(0, 0, 0, 0, 0)
separations = st.sampled_from([TABLE, NONE, WIDE])


def brute(volumes, sep, groups=None):
    groups = groups or [None] * len(volumes)
    return [
        (i, j, verdict)
        for i, a in enumerate(volumes)
        for j, b in enumerate(volumes)
        if i < j and (groups[i] is None or groups[i] != groups[j]) and (verdict := judge(a, b, sep)).conflict
    ]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), separations)
def test_volumes_of_one_group_are_not_compared(seed, sep):
    rng = seeded(seed)
    volumes = some_volumes(rng, 30)
    groups = [rng.choice(("A", "B", None)) for _ in volumes]
    assert all_conflicts(volumes, sep, groups) == brute(volumes, sep, groups)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), separations)
def test_between_two_sets_no_set_is_compared_with_itself(seed, sep):
    rng = seeded(seed)
    volumes = some_volumes(rng, 30)
    a, b = volumes[:12], volumes[12:]
    expected = [(i, j, v) for i, p in enumerate(a) for j, q in enumerate(b) if (v := judge(p, q, sep)).conflict]
    assert conflicts_between(a, b, sep) == expected


def test_groups_that_do_not_fit_the_volumes_are_refused():
    with pytest.raises(ValueError, match="2 groups for 3 volumes"):
        all_conflicts(some_volumes(seeded(1), 3), TABLE, ["A", "B"])
