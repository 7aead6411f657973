"""The bytes of a row are those of docs/spec/journal-v1.md, and whatever differs from them is named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal_support import batch

from skyparley.adapters.storage.journal_row import EMPTY, Chain, Row, content_hash, make_rows, salts_from_seed
from skyparley.adapters.storage.sqlite_file import APPLICATION_ID, SCHEMA
from skyparley.base.canonical import canonical
from skyparley.base.errors import JournalDamaged
from skyparley.base.ids import digest
from skyparley.engine.journal_port import KIND, Entry, check_batch

SPEC = (Path(__file__).parents[2] / "docs/spec/journal-v1.md").read_text()


def fenced(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", SPEC, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_specifications_vector_is_what_is_written_and_verifies() -> None:
    vector = json.loads(fenced("json"))
    salts = iter([bytes.fromhex(row["salt"]) for row in vector])
    entries = [
        Entry("NoticeFiled", 1, 1_795_338_000_000, bytes.fromhex(vector[0]["content"])),
        Entry("NoticeEnded", 2, 1_795_338_060_000, bytes.fromhex(vector[1]["content"])),
    ]
    rows, head = make_rows(EMPTY, entries, lambda: next(salts))
    assert [row.header.decode() for row in rows] == [row["header"] for row in vector]
    assert head.header_hash == vector[1]["header_hash"]
    assert [stored.header_hash for stored in Chain("vector").take_all(rows)] == [row["header_hash"] for row in vector]


def test_the_specifications_schema_and_application_id_are_those_of_the_file() -> None:
    assert fenced("sql").strip().splitlines() == list(SCHEMA)
    assert f"0x{APPLICATION_ID:08X}" in SPEC


@given(
    kind=st.from_regex(KIND, fullmatch=True),
    schema=st.integers(1, 2**53 - 1),
    at_ms=st.integers(0, 2**53 - 1),
    content=st.binary(min_size=1, max_size=50),
    after=st.integers(0, 3),
)
def test_the_header_is_canonical_json_of_exactly_its_members(
    kind: str, schema: int, at_ms: int, content: bytes, after: int
) -> None:
    before, head = make_rows(EMPTY, batch(0, after), salts_from_seed(1))
    entry = Entry(kind, schema, at_ms, content)
    check_batch(after, [entry])
    (row,), _ = make_rows(head, [entry], salts_from_seed(2))
    members = {"v": 1, "pos": after + 1, "kind": kind, "schema": schema, "at": at_ms}
    members["content"] = content_hash(salts_from_seed(2)(), content)
    if before:
        members["prev"] = digest(before[-1].header)
    assert row.header == canonical(members)


def changed(row: Row, **parts: object) -> Row:
    return Row(**{**msgspec.structs.asdict(row), **parts})


def with_member(row: Row, **members: object) -> Row:
    return changed(row, header=json.dumps({**json.loads(row.header), **members}, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda row: changed(row, position=4), "next row is 4"),
        (lambda row: changed(row, header=None), "not bytes"),
        (lambda row: changed(row, header=b"{"), "cannot be parsed"),
        (lambda row: changed(row, header=b"\xff" + row.header), "cannot be parsed"),
        (lambda row: changed(row, header=row.header + b" "), "canonical"),
        (lambda row: changed(row, header=row.header.replace(b'"at":', b'"at":1,"at":')), "canonical"),
        (lambda row: with_member(row, extra=1), "cannot be parsed"),
        (lambda row: with_member(row, v=2), "version 2"),
        (lambda row: with_member(row, pos=3), "position 3"),
        (lambda row: with_member(row, schema=0), "out of range"),
        (lambda row: with_member(row, at=-1), "out of range"),
        (lambda row: with_member(row, kind="a b"), "kind"),
        (lambda row: with_member(row, prev=digest(b"other")), "chain"),
        (lambda row: changed(row, salt=None), "not both"),
        (lambda row: changed(row, content=None), "not both"),
        (lambda row: changed(row, salt=row.salt + b"x"), "not both"),
        (lambda row: changed(row, content="text"), "not both"),
        (lambda row: changed(row, salt=bytes(16)), "hash differs"),
        (lambda row: changed(row, content=row.content + b" "), "hash differs"),
    ],
)
def test_every_change_of_a_row_is_named(change, complaint: str) -> None:  # type: ignore[no-untyped-def]
    rows, _ = make_rows(EMPTY, batch(0, 3), salts_from_seed(1))
    chain = Chain("a.db")
    chain.take(rows[0])
    with pytest.raises(JournalDamaged, match=rf"a\.db: position 2: .*{complaint}"):
        chain.take(change(rows[1]))


def test_a_changed_header_that_is_well_formed_breaks_the_chain_at_the_next() -> None:
    rows, _ = make_rows(EMPTY, batch(0, 3), salts_from_seed(1))
    chain = Chain("a.db")
    chain.take(rows[0])
    chain.take(with_member(rows[1], at=5))
    with pytest.raises(JournalDamaged, match="position 3: the chain is broken"):
        chain.take(rows[2])


def test_salts_differ_and_keep_equal_contents_apart() -> None:
    rows, _ = make_rows(EMPTY, [Entry("Kind", 1, 0, b"{}")] * 2, salts_from_seed(1))
    assert rows[0].salt != rows[1].salt
    assert json.loads(rows[0].header)["content"] != json.loads(rows[1].header)["content"]
