"""The table: each number known, whole and not negative; its hash is the same wherever it is computed."""

import pytest
from harness import TABLE, TABLES
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.domain.table import NUMBERS, BadTable, parse_table, table_hash

GIVEN = (TABLES / "military.toml").read_text()


def lines(**changed: object) -> str:
    numbers = {name: getattr(TABLE, name) for name in NUMBERS} | changed
    return "\n".join(f"{name} = {value}" for name, value in numbers.items() if value is not None)


@pytest.mark.parametrize("profile", sorted(TABLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_tables_that_come_with_it_are_usable(profile):
    table = parse_table(profile.read_text())
    assert table.separation.time_ms == table.separation_time_ms


@given(st.sampled_from(NUMBERS), st.sampled_from(["-1", "1.5", "10.0", "true", '"10"', "[1]"]))
def test_a_number_that_is_none_is_refused_by_its_name(name, value):
    with pytest.raises(BadTable, match=f"{name} = .*: a whole number from 0 is right"):
        parse_table(lines(**{name: value}))


@given(st.sampled_from(NUMBERS))
def test_a_missing_number_is_refused_by_its_name(name):
    with pytest.raises(BadTable, match=f"missing number '{name}'"):
        parse_table(lines(**{name: None}))


def test_unknown_numbers_are_refused_and_everything_wrong_is_said_at_once():
    with pytest.raises(BadTable) as caught:
        parse_table(lines(separation_time_s=600, separation_time_ms=-1, heartbeat_ms=None))
    assert str(caught.value) == (
        "unknown number 'separation_time_s'; missing number 'heartbeat_ms'; "
        "separation_time_ms = -1: a whole number from 0 is right"
    )
    with pytest.raises(BadTable, match="not TOML"):
        parse_table("separation_time_ms 5")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"separation_lateral_m": 9_259}, "below separation_lateral_floor_m"),
        ({"lead_short_ms": 86_400_000}, "lead_planned_ms > lead_short_ms"),
        ({"lead_immediate_ms": 3_600_000}, "lead_short_ms > lead_immediate_ms"),
    ],
)
def test_numbers_that_do_not_go_together_are_refused(changed, why):
    with pytest.raises(BadTable, match=why):
        parse_table(lines(**changed))


@given(st.sampled_from(NUMBERS))
def test_every_number_is_part_of_the_hash(name):
    value = getattr(TABLE, name)
    try:
        other = parse_table(lines(**{name: value + 1}))
    except BadTable:
        other = parse_table(lines(**{name: value - 1}))
    assert table_hash(other) != table_hash(TABLE)
    assert parse_table(lines()) == TABLE


def test_the_hash_is_of_the_canonical_numbers():
    text = "{" + ",".join(f'"{name}":{getattr(TABLE, name)}' for name in sorted(NUMBERS)) + "}"
    assert canonical(TABLE).decode() == text
    assert table_hash(TABLE) == digest(text.encode())
    assert parse_table(GIVEN) == TABLE
