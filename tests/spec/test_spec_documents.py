"""The pages of the specification say what the code has: every number, every event and its members, every type, code and limit."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
import pytest
from two_nodes import ROOT

from skyparley.base import limits
from skyparley.domain.events import EVENTS, AlarmRaised, EvidenceKept, HeadsCompared, StatementReceived
from skyparley.domain.messages import codes
from skyparley.domain.messages.arrangement_slots import ClauseText
from skyparley.domain.messages.catalogue import CATALOGUE
from skyparley.domain.messages.envelope import _ABOUT_NOTICE, _DIALOGUE, _Meaning
from skyparley.domain.messages.file_head import FileHead
from skyparley.domain.messages.receipt import CatchUp, Hello, Receipt
from skyparley.domain.messages.slots import Agreement
from skyparley.domain.records import Draft
from skyparley.domain.table import NUMBERS, parse_table, table_hash

SPEC = ROOT / "docs" / "spec"
PROFILES = ("military", "civil-military", "utm")


def page(name: str) -> str:
    return (SPEC / name).read_text(encoding="utf-8")


def rows(text: str, columns: int) -> list[list[str]]:
    """The rows of tables with so many columns, without heads and rules."""
    found = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [row for row in found if len(row) == columns and not set("".join(row)) <= set("-| ")]


def members(kind: type[Any]) -> dict[str, Any]:
    """Names on the wire, with the default or NODEFAULT."""
    return {field.encode_name: field.default for field in msgspec.structs.fields(kind)}


# --- table-v1 ----------------------------------------------------------------------------------------------------


def test_each_number_of_the_table_has_its_unit_defaults_meaning_and_basis() -> None:
    tables = [parse_table((ROOT / f"src/skyparley/domain/tables/{name}.toml").read_text("utf-8")) for name in PROFILES]
    said = {row[0].strip("`"): row for row in rows(page("table-v1.md"), 5) if row[0] != "number"}
    assert list(said) == list(NUMBERS)
    for name, (_, unit, default, meaning, basis) in said.items():
        values = [str(getattr(table, name)) for table in tables]
        assert unit == name.rsplit("_", 1)[1]
        assert default == (values[0] if len(set(values)) == 1 else " / ".join(values))
        assert meaning
        assert basis


@pytest.mark.parametrize("name", PROFILES)
def test_the_hash_of_each_profile(name: str) -> None:
    table = parse_table((ROOT / f"src/skyparley/domain/tables/{name}.toml").read_text("utf-8"))
    assert [f"`{name}`", f"`{table_hash(table)}`"] in [row[:2] for row in rows(page("table-v1.md"), 2)]


# --- journal-v1 --------------------------------------------------------------------------------------------------


def events_section() -> str:
    text = page("journal-v1.md")
    return text[text.index("## 6. Events") : text.index("## 7.")]


def test_each_event_is_there_with_just_its_members_and_defaults() -> None:
    said: dict[str, str] = {}
    for kinds, told, _ in rows(events_section(), 3):
        for kind in re.findall(r"`(\w+)`", kinds):
            said[kind] = told
    assert said.keys() == EVENTS.keys()
    for kind, (cls, schema) in EVENTS.items():
        assert schema == 1, "the page says so of each"
        names = re.findall(r"(?:^|, )`(\w+)`", re.sub(r"\([^)]*\)", "", said[kind]))
        assert names == list(members(cls)), kind
        for name, default in members(cls).items():
            note = re.search(rf"`{name}`(?: \(([^)]*)\))*", said[kind])
            assert note is not None
            if default is not msgspec.NODEFAULT:
                shown = "[]" if default == () else msgspec.json.encode(default).decode()
                assert f"({shown})" in note[0], f"{kind}.{name} is absent when it is {shown}"


@pytest.mark.parametrize(
    ("kind", "member"), [(HeadsCompared, "result"), (StatementReceived, "verdict"), (EvidenceKept, "what")]
)
def test_closed_lists_of_events_are_given(kind: type[Any], member: str) -> None:
    (row,) = [row for row in rows(events_section(), 3) if f"`{kind.__name__}`" in row[0]]
    hints = msgspec.inspect.type_info(kind).fields  # type: ignore[union-attr]
    (told,) = [field.type.values for field in hints if field.name == member]  # type: ignore[union-attr]
    assert set(re.findall(r"`([A-Z_]+)`", row[1])) == set(told)


def test_a_draft_has_the_members_that_are_told() -> None:
    text = events_section()
    told = re.findall(r"`(\w+)`", text[text.index("6.2 A **draft**") : text.index("6.3 ")])
    assert sorted(told) == sorted(members(Draft))
    assert AlarmRaised(code="", about="", text="").peer == ""


# --- line-v1 -----------------------------------------------------------------------------------------------------


def section(number: int) -> str:
    text = page("line-v1.md")
    start = text.index(f"\n## {number}. ")
    end = text.find(f"\n## {number + 1}. ")
    return text[start:end] if end > 0 else text[start:]


def test_the_envelope_has_the_members_that_are_told() -> None:
    told = [name for row in rows(section(3), 3) for name in re.findall(r"`(\w+)`", row[0])]
    wanted = list(members(_Meaning))
    assert [name for name in told if name in wanted] == wanted
    needed = {name for row in rows(section(3), 3) if row[1] == "M" for name in re.findall(r"`(\w+)`", row[0])}
    assert needed == {name for name, default in members(_Meaning).items() if default is msgspec.NODEFAULT}


SAID_IN = {
    "ALL": "all",
    "NOT T": "not T",
    "ODS": "ODSLH",
    "OD": "OD",
    "OD TESTING": "OD, TESTING",
    "PARENT": "as parent",
}


def test_each_type_has_its_row() -> None:
    said = {row[0].split("`")[1]: row for row in rows(section(4), 8) if "`" in row[0]}
    assert list(said) == list(CATALOGUE)
    for name, (_, cls, role, code, version, said_in, asks, slots) in said.items():
        row = CATALOGUE[name]  # type: ignore[index]
        assert row.role == role
        assert cls == (row.cls or ("of the kind" if name in ("NCH", "NCX") else "of the parent"))
        assert bool(version) == (name in _ABOUT_NOTICE | _DIALOGUE)
        assert said_in == SAID_IN[row.allowed]
        assert asks == ", ".join(row.asks)
        if row.code != "*":
            assert code == row.code
        if not slots.startswith("as PRO"):
            assert slots.strip("`").split(", ") == list(members(row.slots)), name


def test_the_second_forms_are_told() -> None:
    (told,) = re.findall(r"and these slots: (.*)$", section(4), re.M)
    for name, row in CATALOGUE.items():
        if row.matter is not None:
            (slots,) = re.findall(rf"{name} (.*?)(?:;|\.$)", told)
            assert set(re.findall(r"\b(hash|volumes|start|end|signature|reason|until)\b", slots)) == set(
                members(row.matter)
            ), name


def test_dialogues() -> None:
    assert "`PRO` to `AGR` carry `dialog_id`" in section(4)
    assert list(CATALOGUE)[list(CATALOGUE).index("PRO") : list(CATALOGUE).index("AGR") + 1] == [
        name for name in CATALOGUE if name in _DIALOGUE
    ]


CODE_LISTS = [
    "NoticeKind",
    "ProposalKind",
    "RejectReason",
    "ReasonCode",
    "QueryField",
    "ErrCode",
    "ChangedField",
    "Post",
    "ActionCode",
    "RefusalReason",
    "LineReason",
    "DeskState",
    "IdentityAnswer",
    "AircraftClass",
    "Precision",
    "RelaySource",
    "ReadBackField",
    "CheckKind",
    "MeetingLevel",
    "MeetingTopic",
    "CrossingForm",
    "SpokenFor",
    "FrequencyUse",
    "CautionDuty",
]


@pytest.mark.parametrize("name", CODE_LISTS)
def test_each_closed_list_is_whole(name: str) -> None:
    text = section(4)
    missing = [code for code in get_args(getattr(codes, name)) if not re.search(rf"[`, ]{re.escape(code)}[`, .]", text)]
    assert missing == []


@pytest.mark.parametrize(
    ("kind", "number"), [(Receipt, 6), (Hello, 7), (CatchUp, 7), (Agreement, 9), (FileHead, 12), (ClauseText, 15)]
)
def test_other_signed_objects_have_the_members_that_are_told(kind: type[Any], number: int) -> None:
    told = [re.findall(r"[a-z_]+(?=[,:}]|$)", block) for block in re.findall(r"`\{([^`]*)\}`", section(number))]
    assert list(members(kind)) in told


def test_limits_that_a_second_implementation_needs_are_told() -> None:
    text = page("line-v1.md")
    for told in (
        f"{limits.PEER_BODY_BYTES // 1024} KiB",
        f"{limits.STATEMENT_BYTES // 1024} KiB",
        f"{limits.CARD_BYTES // 1024} KiB",
        f"nested {limits.JSON_DEPTH} deep",
        f"1 to {limits.STATEMENTS_PER_BATCH} statements",
        f"1 to {limits.VOLUMES_PER_NOTICE} of",
        f"{limits.VERTICES_PER_SHAPE:,} vertices",
        f"{limits.VERTICES_AFTER_SPLIT:,} after splitting",
        f"{limits.HOLES_PER_POLYGON} holes",
        f"of more than {limits.KEY_ENTRIES} the first {limits.KEY_ENTRIES}",
        f"{limits.NOTICES_LIVE_PER_PARTY:,} live notices",
        f"{limits.NOTICE_SPAN_MS // 86_400_000} days",
        f"{limits.REQUEST_AGE_MS // 60_000} minutes",
        f"`limit` (1 to {limits.CATCH_UP_STATEMENTS})",
        f"at most {limits.FILE_BYTES // 1024**2} MiB",
        f"at most {limits.FILE_CONTENT_BYTES // 1024**2} MiB",
        f"at most {limits.FILE_TEXTS:,}; then statements",
    ):
        assert told in text, told


def test_section_numbers_are_in_order() -> None:
    for name in ("line-v1.md", "journal-v1.md"):
        numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", page(name), re.M)]
        assert numbers == list(range(1, len(numbers) + 1))
        for number in numbers:
            parts = [int(part) for part in re.findall(rf"^{number}\.(\d+) ", page(name), re.M)]
            assert parts == list(range(1, len(parts) + 1))
