"""Small changes as officers say them: the right volume, the right day, and a name for everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.times import DAY, MINUTE, parse_utc
from skyparley.cli.edits import apply_edit, edit_both, read_edit
from skyparley.cli.forms import BadForm
from skyparley.domain.messages.slots import AmslSlot, CircleSlot, FlSlot, VolumeSlot

DAY_1 = parse_utc("2026-11-23T00:00Z")


def volume(start: str = "2026-11-23T08:00Z", end: str = "2026-11-24T01:00Z") -> VolumeSlot:
    circle = CircleSlot(centre=(0, 0), radius_m=10_000)
    return VolumeSlot(
        shape=circle, lower=FlSlot(ft=20000), upper=FlSlot(ft=24000), start=parse_utc(start), end=parse_utc(end)
    )


def edited(text: str, *volumes: VolumeSlot) -> tuple[VolumeSlot, ...]:
    return apply_edit(read_edit(text), volumes or (volume(),), now_ms=DAY_1)


def test_one_volume_changes_and_the_others_stay() -> None:
    one, two, three = edited("A-0001#2 upper=FL230", volume(), volume(), volume())
    assert (one, three) == (volume(), volume())
    assert two.upper == FlSlot(ft=23000)


def test_without_a_number_all_volumes_change() -> None:
    assert [one.lower for one in edited("A-0001 lower=FL210", volume(), volume())] == [FlSlot(ft=21000)] * 2


def test_a_time_of_day_stays_on_the_day_of_what_it_replaces() -> None:
    """The end lies on the next day, and a new end does too."""
    (one,) = edited("A-0001 start=09:30Z end=00:30Z")
    assert one.start == DAY_1 + 570 * MINUTE
    assert one.end == DAY_1 + DAY + 30 * MINUTE


def test_levels_with_spaces_and_several_settings() -> None:
    (one,) = edited("A-0001#1 lower=4500 ft AMSL upper=1829.1 m AMSL end=09:00Z")
    assert one.lower == AmslSlot(ft=4500)
    assert one.upper == AmslSlot(ft=6001)


@given(st.integers(-600, 600).filter(bool))
def test_a_shift_keeps_the_length(minutes: int) -> None:
    (one,) = edited(f"A-0001 shift={minutes:+d}min")
    assert one.start - volume().start == one.end - volume().end == minutes * MINUTE


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no change"),
        ("A-0001", "no change"),
        ("A-0001#0 end=09:30Z", "counted from 1"),
        ("A-0001#2 end=09:30Z", "no volume 2"),
        ("A-0001 ende=09:30Z", "the keys are"),
        ("A-0001 end=", "no change"),
        ("A-0001 end=25:00Z", "time of day"),
        ("A-0001 upper=high", "level"),
        ("A-0001 shift=30min", "span"),
        ("A-0001 radius=5NM", "the keys are"),
        ("A 0001 end=09:30Z", "no change"),
        ("?#1 end=09:30Z", "names no notice"),
    ],
)
def test_what_is_no_edit_is_named(text: str, named: str) -> None:
    with pytest.raises(BadForm, match=named):
        edited(text)


BOTH = {("A", "X-1"): (volume(),), ("B", "X-1"): (volume(),), ("B", "X-2"): (volume(),)}


def test_edits_of_one_notice_follow_one_another() -> None:
    edits = [read_edit("x-2 upper=FL230"), read_edit("X-2#1 lower=FL210")]
    (volumes,) = edit_both(edits, BOTH, now_ms=0).values()
    assert (volumes[0].lower, volumes[0].upper) == (FlSlot(ft=21000), FlSlot(ft=23000))


def test_one_id_at_both_sides_needs_the_party() -> None:
    assert list(edit_both([read_edit("b:X-1 upper=FL230")], BOTH, now_ms=0)) == [("B", "X-1")]
    with pytest.raises(BadForm, match="say whose: A:X-1 and B:X-1"):
        edit_both([read_edit("X-1 upper=FL230")], BOTH, now_ms=0)


@pytest.mark.parametrize("text", ["X-3 upper=FL230", "A:X-2 upper=FL230", "upper=FL230"])
def test_a_notice_that_is_not_one_of_them_is_named(text: str) -> None:
    with pytest.raises(BadForm, match="is not one of the two"):
        edit_both([read_edit(text)], BOTH, now_ms=0)
