"""The independent verifier agrees with whole nodes about their folders, and finds everything that was tampered with."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import independent
import pytest
from independent import b64, canonical, digest
from story import Story
from two_nodes import ROOT, TwoNodes, card_and_keys

from skyparley.adapters.storage.journal_row import salts_from_seed
from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.domain import commands as c

Json = dict[str, Any]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of A and B after the story, played over journals in files."""
    places = new_folders(tmp_path_factory.mktemp("nodes"))

    async def played() -> None:
        pair = two_nodes(places)
        await Story(pair).play_notices()
        await pair.stop()

    asyncio.run(played())
    return places


def two_nodes(places: dict[str, Path], run: int = 0) -> TwoNodes:
    """Two nodes over journals in files, as they stand there."""
    return TwoNodes(
        lambda name: SqliteJournal(places[name] / "journal.db", salt=salts_from_seed(ord(name) + 256 * run)),
        run=run,
        moving_ms=1_000,
    )


def new_folders(root: Path) -> dict[str, Path]:
    """Empty folders with the cards of A and B."""
    places = {name: root / name for name in "AB"}
    for name, place in places.items():
        place.mkdir()
        (place / "own.card").write_text(card_and_keys(name)[0].text + "\n", encoding="ascii")
    return places


@pytest.fixture
def copies(folders: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """The same folders, to be tampered with."""
    return {name: shutil.copytree(place, tmp_path / name) for name, place in folders.items()}


def test_it_imports_nothing_of_what_it_judges() -> None:
    tree = ast.parse((Path(__file__).parent / "independent.py").read_text(encoding="utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in named} <= {*sys.stdlib_module_names, "cryptography"}


def test_its_schema_is_that_of_the_page() -> None:
    page = (ROOT / "docs/spec/journal-v1.md").read_text(encoding="utf-8")
    block = re.search(r"```sql\n(.*?)```", page, re.DOTALL)
    assert block is not None
    assert list(independent.FORM) == block[1].strip().split("\n")


def test_both_folders_hold_alone_and_together(folders: dict[str, Path]) -> None:
    a, b = (independent.verify_folder(folders[name]) for name in "AB")
    assert a.problems == []
    assert b.problems == []
    assert independent.compare(a, b) == []
    line, back = a.lines[b.card.fingerprint], b.lines[a.card.fingerprint]
    assert list(line.agreements) == list(back.agreements)
    assert len(line.agreements) == 1
    # What was fetched has no receipt: a heartbeat may come before the push is answered.
    assert len(line.ours.held) == len(back.theirs.held) >= len(line.receipted) > 10
    said = {one.said["type"] for feed in (line.ours, line.theirs) for one in feed.held.values()}
    assert said == {*STATEMENT_TYPES, "LCK", "STAT"}
    assert len(a.found) == 1, "the crossed pair is still open, so the comparison compared something"


STATEMENT_TYPES = [
    "NTC",
    "NCH",
    "NCX",
    "NACT",
    "NEND",
    "NQR",
    "CFL",
    "PRO",
    "CPR",
    "ACC",
    "REJ",
    "SBY",
    "WDR",
    "AGR",
    "ERR",
]


def test_as_a_command(folders: dict[str, Path], copies: dict[str, Path]) -> None:
    script = str(Path(__file__).parent / "independent.py")
    said = subprocess.run(
        [sys.executable, "-I", script, str(folders["A"]), str(folders["B"])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert "both signatures hold" in said.stdout
    flip(copies["A"] / "journal.db", b'"NoticeFiled"')
    said = subprocess.run([sys.executable, "-I", script, str(copies["A"])], capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "WRONG" in said.stdout


def both(places: dict[str, Path]) -> tuple[independent.Folder, independent.Folder]:
    a, b = (independent.verify_folder(places[name]) for name in "AB")
    assert a.problems == b.problems == []
    assert independent.compare(a, b) == []
    return a, b


@pytest.mark.parametrize("act", [c.ActivateNotice, c.EndNotice])
def test_an_act_that_crosses_the_countersignature_holds(tmp_path: Path, act: type[Any]) -> None:
    """A accepts and acts on version 1 before B's AGR, which sets version 2, can reach it."""
    places = new_folders(tmp_path)

    async def played() -> None:
        pair = two_nodes(places)
        story = Story(pair)
        await pair.start()
        await story.cross_the_countersignature(act(id="A-0001", expected_version=1))
        await pair.stop()

    asyncio.run(played())
    a, b = both(places)
    assert a.lines[b.card.fingerprint].agreements
    acts = [one.said for one in a.lines[b.card.fingerprint].ours.held.values() if one.said["type"] in ("NACT", "NEND")]
    assert [one["version"] for one in acts] == [1]


def test_a_node_that_was_restored_from_a_backup_holds(tmp_path: Path) -> None:
    """A loses what it had sealed since the backup, and has it back from B."""
    places = new_folders(tmp_path)
    backup = tmp_path / "backup.db"

    async def played(run: int, notice: str) -> None:
        pair = two_nodes(places, run)
        await pair.start()
        await Story(pair).file_far_away("A", notice)
        await pair.stop()

    asyncio.run(played(0, "A-0001"))
    shutil.copy(places["A"] / "journal.db", backup)
    asyncio.run(played(1, "A-0002"))
    shutil.copy(backup, places["A"] / "journal.db")
    lost, _ = (independent.verify_folder(places[name]) for name in "AB")
    assert lost.problems == []
    asyncio.run(played(2, "A-0003"))
    a, b = both(places)
    assert [entry.kind for entry in a.entries].count("StatementRestored") == 1
    held = b.lines[a.card.fingerprint].theirs.held.values()
    assert [one.said["type"] for one in held].count("NTC") == 3


# --- who can write the file, and does not know how ---------------------------------------------------------------


def flip(path: Path, behind: bytes) -> None:
    """One bit of the byte before the first place where some bytes stand."""
    data = bytearray(path.read_bytes())
    data[data.index(behind) - 5] ^= 1
    path.write_bytes(data)


def raw(path: Path, *statements: tuple[str, tuple[Any, ...]]) -> None:
    """Statements past the triggers, which are put back: they guard against slips, not against who may write the file."""
    with sqlite3.connect(path) as db:
        triggers = list(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for sql, values in statements:
            db.execute(sql, values)
        for _, sql in triggers:
            db.execute(sql)
    db.close()


def refused(folder: Path) -> str:
    with pytest.raises(independent.Wrong) as found:
        independent.verify_folder(folder)
    return str(found.value)


@pytest.mark.parametrize("behind", [b'"NoticeFiled"', b'"pair_id":"', b'"received_utc":'])
def test_a_flipped_byte_is_found(copies: dict[str, Path], behind: bytes) -> None:
    flip(copies["A"] / "journal.db", behind)
    assert refused(copies["A"])


def test_a_dropped_entry_is_found(copies: dict[str, Path]) -> None:
    raw(copies["A"] / "journal.db", ("DELETE FROM entry WHERE position = 9", ()))
    assert "position 10 where 9 is due" in refused(copies["A"])


def test_a_journal_cut_off_with_its_mark_is_found_by_the_other_folder(copies: dict[str, Path]) -> None:
    path = copies["A"] / "journal.db"
    entries, _ = independent.read_journal(path)
    sealed = [entry.position for entry in entries if entry.kind == "StatementSealed"]
    raw(path, ("DELETE FROM entry WHERE position >= ?", (sealed[-1],)))
    assert "head mark" in refused(copies["A"])
    with sqlite3.connect(path) as db:
        (header,) = db.execute("SELECT header FROM entry ORDER BY position DESC LIMIT 1").fetchone()
    db.close()
    raw(path, ("UPDATE meta SET value = ? WHERE key = 'head'", (f"{sealed[-1] - 1} {digest(header)}",)))
    a, b = (independent.verify_folder(copies[name]) for name in "AB")
    assert a.problems == []
    assert any("is not among what was sent" in problem for problem in independent.compare(a, b))


def test_two_swapped_entries_are_found(copies: dict[str, Path]) -> None:
    raw(
        copies["A"] / "journal.db",
        ("UPDATE entry SET position = -1 WHERE position = 7", ()),
        ("UPDATE entry SET position = 7 WHERE position = 8", ()),
        ("UPDATE entry SET position = 8 WHERE position = -1", ()),
    )
    assert "position 7" in refused(copies["A"])


def test_a_trigger_taken_away_is_found(copies: dict[str, Path]) -> None:
    with sqlite3.connect(copies["A"] / "journal.db") as db:
        db.execute("DROP TRIGGER entry_never_deleted")
    db.close()
    assert "schema" in refused(copies["A"])


# --- who knows how: the journal made anew, with a whole chain ----------------------------------------------------

Events = list[tuple[str, int, Json]]
Rewrite = Callable[[Events], Events]


def rewritten(folder: Path, rewrite: Rewrite) -> None:
    """The journal with other contents, and headers, hashes and mark that fit them."""
    path = folder / "journal.db"
    entries, _ = independent.read_journal(path)
    rows: list[tuple[str, tuple[Any, ...]]] = [("DELETE FROM entry", ())]
    before = ""
    events = rewrite([(entry.kind, entry.at, entry.content or {}) for entry in entries])
    for position, (kind, at, content) in enumerate(events, 1):
        salt, data = bytes(16), canonical(content)
        header = {"v": 1, "pos": position, "kind": kind, "schema": 1, "at": at, "content": digest(salt + data)}
        said = canonical(header | ({"prev": before} if before else {}))
        rows.append(("INSERT INTO entry VALUES (?, ?, ?, ?)", (position, said, salt, data)))
        before = digest(said)
    raw(path, *rows, ("UPDATE meta SET value = ? WHERE key = 'head'", (f"{len(events)} {before}",)))


def problems(copies: dict[str, Path], rewrite: Rewrite) -> list[str]:
    """What is found when A's journal is made anew: in it alone, then beside B's."""
    rewritten(copies["A"], rewrite)
    a, b = (independent.verify_folder(copies[name]) for name in "AB")
    return [*a.problems, *independent.compare(a, b)]


def nth(events: Events, kind: str, number: int) -> int:
    """The place of the n-th event of a kind, from 0."""
    return [place for place, event in enumerate(events) if event[0] == kind][number]


def payload_of(text: str) -> Json:
    return dict(json.loads(independent.from_b64(text.split(".")[1])))


def place_of(events: Events, kinds: tuple[str, ...], statement: str) -> int:
    """The place of the first statement of a type among events of some kinds."""
    return next(
        place
        for place, (named, _, content) in enumerate(events)
        if named in kinds and payload_of(content["jws"])["type"] == statement
    )


def signed(header: str, said: Json, party: str, role: str) -> str:
    """A text under a header that is kept, signed with the party's own key."""
    text = f"{header}.{b64(canonical(said))}"
    return f"{text}.{b64(card_and_keys(party)[1][role].sign(text.encode()))}"


def swapped(value: Any, new: dict[str, str]) -> Any:
    """The same with every text that is in `new` put in place of the old."""
    match value:
        case dict():
            return {name: swapped(inner, new) for name, inner in value.items()}
        case list():
            return [swapped(inner, new) for inner in value]
        case str():
            return new.get(value, value)
    return value


def name_of(fingerprint: str) -> str:
    return next(name for name in "AB" if card_and_keys(name)[0].fingerprint == fingerprint)


def said_otherwise(events: Events, place: int, change: Callable[[Json], None]) -> Events:
    """One statement changed, and everything behind it sealed again by whoever had sealed it, so that just one rule is broken.

    Nobody could do this alone: it takes the keys of both parties.
    """
    new: dict[str, str] = {}
    made: Events = []
    for number, (kind, at, content) in enumerate(events):
        if "jws" not in content:
            made.append((kind, at, swapped(content, new)))
            continue
        said = payload_of(content["jws"])
        if said.get("type") == "ACC":
            new |= _agreed_again(events, new, said["slots"]["agreement_id"])
        said = swapped(said, new)
        if number == place:
            change(said)
        text = signed(content["jws"].split(".")[0], said, name_of(said["from"]), said.get("role", "machine"))
        new[digest(content["jws"].encode())] = digest(text.encode())
        made.append((kind, at, {**content, "jws": text}))
    return made


def _agreed_again(events: Events, new: dict[str, str], agreement_id: str) -> dict[str, str]:
    """An agreement whose proposal has another hash now: old id and signatures to new ones."""
    place = place_of(events, ("StatementSealed", "StatementReceived"), "AGR")
    slots = payload_of(events[place][2]["jws"])["slots"]
    assert slots["agreement_id"] == agreement_id, "the story has one agreement"
    text = swapped(slots["agreement"], new)
    again = {agreement_id: digest(canonical(text))}
    for one in slots["signatures"]:
        head, _, tail = signed(one["jws"].split(".")[0], text, name_of(one["party"]), "desk").split(".")
        again[one["jws"]] = f"{head}..{tail}"
    return again


def test_made_anew_without_a_change_it_holds(copies: dict[str, Path]) -> None:
    assert problems(copies, lambda events: events) == []


@pytest.mark.parametrize(
    ("kind", "found"),
    [("StatementSealed", "OUR_FEED: GAP"), ("StatementReceived", "THEIR_FEED: GAP"), ("PeerPinned", "FORM")],
)
def test_a_statement_left_out_of_a_journal_made_anew_is_found(copies: dict[str, Path], kind: str, found: str) -> None:
    def leave_out(events: Events) -> Events:
        del events[nth(events, kind, 0 if kind == "PeerPinned" else 3)]
        return events

    assert any(found in problem for problem in problems(copies, leave_out))


def test_two_statements_swapped_in_a_journal_made_anew_are_found(copies: dict[str, Path]) -> None:
    def swap(events: Events) -> Events:
        one, two = nth(events, "StatementReceived", 2), nth(events, "StatementReceived", 3)
        events[one], events[two] = events[two], events[one]
        return events

    assert any("OUT_OF_ORDER" in problem for problem in problems(copies, swap))


def test_a_party_that_rewrites_its_last_statement_has_forked(copies: dict[str, Path]) -> None:
    """B seals its last statement again and hides the receipt: its own folder fits, and only the other one shows it."""

    def rewrite(events: Events) -> Events:
        last, receipt = nth(events, "StatementSealed", -1), nth(events, "ReceiptKept", -1)
        content = events[last][2]
        said = payload_of(content["jws"])
        assert receipt > last
        said["created_utc"] += 1
        content["jws"] = signed(content["jws"].split(".")[0], said, "B", "desk")
        return [event for place, event in enumerate(events) if place != receipt]

    rewritten(copies["B"], rewrite)
    a, b = (independent.verify_folder(copies[name]) for name in "AB")
    assert a.problems == b.problems == []
    last = list(b.lines[a.card.fingerprint].ours.held)[-1]
    assert independent.compare(a, b) == [f"the feed of B to A: FORK at {last}"]


def set_slot(**slots: Any) -> Callable[[Json], None]:
    return lambda said: said["slots"].update(slots)


@pytest.mark.parametrize(
    ("kind", "statement", "change", "found"),
    [
        ("StatementSealed", "CFL", set_slot(conflict_id="A" * 43), "IDS: of CFL"),
        ("StatementSealed", "CFL", lambda said: said["slots"]["notices"].reverse(), "IDS: the two notices"),
        ("StatementReceived", "CFL", set_slot(pair_id="A" * 43), "IDS: of CFL"),
        ("StatementSealed", "PRO", set_slot(conflict_id="A" * 43), "IDS: of PRO"),
        ("StatementSealed", "ACC", set_slot(signature="A..A"), "AGREEMENT: no ACC"),
        ("StatementReceived", "CPR", set_slot(until=1), "AGREEMENT: not the terms"),
        ("StatementReceived", "AGR", set_slot(agreement_id="A" * 43), "AGREEMENT: agreement_id"),
        ("StatementReceived", "AGR", lambda said: said["slots"]["signatures"].reverse(), "AGREEMENT: order"),
        ("StatementReceived", "AGR", lambda said: _swap_signatures(said), "UNKNOWN_KEY"),
        (
            "StatementReceived",
            "NTC",
            lambda said: said["slots"]["key"][0].update(hash="A" * 43),
            "KEY: A-0001 v1 was set",
        ),
        (
            "StatementReceived",
            "NTC",
            lambda said: said["slots"]["key"][0].update(version=2),
            "KEY: A-0001 v2 is not held",
        ),
        ("StatementReceived", "NTC", lambda said: said["seen"].update(hash="A" * 43), "SEEN: it has seen"),
        ("StatementReceived", "NTC", lambda said: said.pop("seen"), "THEIR_FEED: SEEN_BACK"),
        ("StatementSealed", "NQR", lambda said: said["seen"].update(hash="A" * 43), "SEEN: seen is not the head"),
        ("StatementReceived", "ERR", set_slot(hash="A" * 43), "ERR: about"),
        (
            "StatementReceived",
            "ERR",
            lambda said: said.update(reply_to="00000000" + said["reply_to"][8:]),
            "ERR: reply_to",
        ),
        ("StatementSealed", "NCH", lambda said: said.update(version=3), "VERSION: A-0003 is at 1"),
        ("StatementReceived", "NACT", lambda said: said.update(version=1), "VERSION: B-0001 is at 2"),
        ("StatementSealed", "CFL", lambda said: said.update(prev="A" * 43), "OUR_FEED: BROKEN"),
        ("StatementReceived", "CFL", lambda said: said.update(to="A" * 43), "THEIR_FEED: WRONG_LINE"),
        ("ReceiptKept", None, lambda said: said.update(hash="A" * 43), "RECEIPT: for another text"),
        ("ReceiptKept", None, lambda said: said.update(lead_class="SOON"), "RECEIPT: lead_class"),
    ],
)
def test_each_rule_is_reached(
    copies: dict[str, Path], kind: str, statement: str | None, change: Callable[[Json], None], found: str
) -> None:
    def rewrite(events: Events) -> Events:
        place = nth(events, kind, 0) if statement is None else place_of(events, (kind,), statement)
        return said_otherwise(events, place, change)

    rewritten(copies["A"], rewrite)
    told = independent.verify_folder(copies["A"]).problems
    assert any(found in problem for problem in told), told


def _swap_signatures(said: Json) -> None:
    one, two = said["slots"]["signatures"]
    one["jws"], two["jws"] = two["jws"], one["jws"]


def test_sealed_again_without_a_change_it_holds(copies: dict[str, Path]) -> None:
    """What the tests of rules rest on: without the change there is nothing to find."""
    rewritten(copies["A"], lambda events: said_otherwise(events, nth(events, "StatementSealed", 0), lambda said: None))
    assert independent.verify_folder(copies["A"]).problems == []
    rewritten(
        copies["A"],
        lambda events: said_otherwise(
            events, nth(events, "StatementSealed", 0), lambda said: said.update(clock_quality="BAD")
        ),
    )
    assert independent.verify_folder(copies["A"]).problems == []


def test_a_receipt_before_its_statement_is_found(copies: dict[str, Path]) -> None:
    def rewrite(events: Events) -> Events:
        receipt, sealed = nth(events, "ReceiptKept", 0), nth(events, "StatementSealed", 0)
        assert sealed < receipt
        events.insert(sealed, events.pop(receipt))
        return events

    assert any("RECEIPT: for (1, 1), which was not sent" in problem for problem in problems(copies, rewrite))


def test_a_conflict_hidden_at_one_side_is_found(copies: dict[str, Path]) -> None:
    def rewrite(events: Events) -> Events:
        return [event for event in events if event[0] != "ConflictFound"]

    assert any("open at one of the two only" in problem for problem in problems(copies, rewrite))


def test_agreements_are_compared(folders: dict[str, Path]) -> None:
    a, b = (independent.verify_folder(folders[name]) for name in "AB")
    a.lines[b.card.fingerprint].agreements.clear()
    assert independent.compare(a, b) == ["they hold different agreements"]
