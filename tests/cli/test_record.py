"""A record is verified from its bytes: what was changed, cut, forged or swapped is found, and by the step that says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import two_parties

from skyparley.adapters.system.identity import Identity, open_identity, own_card
from skyparley.adapters.system.node_dir import NodePaths
from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.evidence import jws
from skyparley.evidence.record import STEPS, Kept, Record
from skyparley.evidence.record_check import compare_records, holds, verify_record

Entries = list[Kept]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return two_parties.make_settled(tmp_path_factory.mktemp("settled"))


def entries_of(folder: Path) -> Entries:
    from skyparley.cli.verify_commands import _entries

    return list(_entries(NodePaths(folder).journal))


def verified(folder: Path, other: Path, change: Callable[[Entries], Entries] = lambda entries: entries) -> Record:
    return verify_record(own_card(folder), [own_card(other)], change(entries_of(folder)))


def keys_of(folder: Path) -> Identity:
    return open_identity(folder, NodePaths(folder).passphrase.read_text().strip())


def failed_steps(record: Record) -> set[int]:
    return {finding.step for finding in record.findings if finding.verdict == "FAILS"}


def fields_of(entry: Kept) -> dict[str, Any]:
    """The envelope of the statement in an entry; {} where there is none."""
    if entry.kind not in ("StatementSealed", "StatementReceived"):
        return {}
    fields: dict[str, Any] = msgspec.json.decode(jws.split(entry.content["jws"]).payload)
    return fields


def places(entries: Entries, kind: str, type_: str = "") -> list[int]:
    return [
        at
        for at, entry in enumerate(entries)
        if entry.kind == kind and (not type_ or fields_of(entry).get("type") == type_)
    ]


def with_content(entry: Kept, **changed: object) -> Kept:
    return msgspec.structs.replace(entry, content={**entry.content, **changed})


def resealed(entry: Kept, identity: Identity, role: str, change: Callable[[dict[str, Any]], None]) -> Kept:
    """The statement of an entry changed and signed again, as only the holder of the keys can."""
    fields = fields_of(entry)
    change(fields)
    key, kid = (identity.desk, identity.desk_kid) if role == "desk" else (identity.machine, identity.machine_kid)
    return with_content(entry, jws=jws.sign(canonical(fields), key, kid, jws.STATEMENT))


def test_two_true_records_hold_and_agree(folders: tuple[Path, Path]) -> None:
    a, b = verified(*folders), verified(*reversed(folders))
    compared = compare_records(a, b)
    assert holds([*a.findings, *b.findings, *compared])
    assert {finding.step for finding in [*a.findings, *compared]} == set(STEPS)
    assert len(next(iter(a.lines.values())).agreements) == 1
    assert len(next(iter(a.lines.values())).open_conflicts) == 1


def test_a_record_without_lines_holds(folders: tuple[Path, Path]) -> None:
    record = verify_record(own_card(folders[0]), [], [])
    assert holds(record.findings)
    assert record.lines == {}


@pytest.mark.parametrize("kind", ["StatementSealed", "StatementReceived"])
def test_a_statement_taken_out_is_a_gap(folders: tuple[Path, Path], kind: str) -> None:
    def change(entries: Entries) -> Entries:
        del entries[places(entries, kind)[2]]
        return entries

    assert 3 in failed_steps(verified(*folders, change))


@pytest.mark.parametrize("kind", ["StatementSealed", "StatementReceived"])
def test_two_statements_swapped_break_the_chain(folders: tuple[Path, Path], kind: str) -> None:
    def change(entries: Entries) -> Entries:
        one, two = places(entries, kind)[1:3]
        entries[one], entries[two] = entries[two], entries[one]
        return entries

    assert 3 in failed_steps(verified(*folders, change))


def test_one_changed_letter_of_a_statement_is_found(folders: tuple[Path, Path]) -> None:
    def change(entries: Entries) -> Entries:
        at = places(entries, "StatementReceived")[1]
        head, body, tail = entries[at].content["jws"].split(".")
        body = body[:40] + ("A" if body[40] != "A" else "B") + body[41:]
        entries[at] = with_content(entries[at], jws=f"{head}.{body}.{tail}")
        return entries

    assert 3 in failed_steps(verified(*folders, change))


def test_a_machine_that_speaks_for_the_desk_is_found(folders: tuple[Path, Path]) -> None:
    """The last statement is signed again, so that the chain holds and only the role is wrong."""

    def change(entries: Entries) -> Entries:
        at = places(entries, "StatementSealed")[-1]
        role = "machine" if fields_of(entries[at])["role"] == "desk" else "desk"
        entries[at] = resealed(entries[at], keys_of(folders[0]), role, lambda fields: None)
        return [entry for entry in entries if entry.kind != "ReceiptKept"]

    assert failed_steps(verified(*folders, change)) == {4}


def test_a_statement_received_after_its_key_ran_out_is_found(folders: tuple[Path, Path]) -> None:
    def change(entries: Entries) -> Entries:
        at = places(entries, "StatementReceived")[-1]  # Nothing behind it vouches for it.
        until = max(role.until_ms for role in own_card(folders[1]).said.roles)
        entries[at] = with_content(entries[at], received_utc=until)
        return entries

    assert failed_steps(verified(*folders, change)) == {4}


def test_a_false_seen_is_found(folders: tuple[Path, Path]) -> None:
    def change(entries: Entries) -> Entries:
        at = places(entries, "StatementSealed")[-1]

        def lie(fields: dict[str, Any]) -> None:
            fields["seen"]["hash"] = digest(b"never said")

        entries[at] = resealed(entries[at], keys_of(folders[0]), fields_of(entries[at])["role"], lie)
        return [entry for entry in entries if entry.kind != "ReceiptKept"]

    assert failed_steps(verified(*folders, change)) == {5}


@pytest.mark.parametrize("key", ["desk", "stranger"])
def test_a_receipt_that_the_peers_machine_did_not_sign_is_found(folders: tuple[Path, Path], key: str) -> None:
    def change(entries: Entries) -> Entries:
        at = places(entries, "ReceiptKept")[0]
        payload = jws.split(entries[at].content["jws"]).payload
        signer = keys_of(folders[1] if key == "desk" else folders[0])
        entries[at] = with_content(entries[at], jws=jws.sign(payload, signer.desk, signer.desk_kid, jws.RECEIPT))
        return entries

    assert failed_steps(verified(*folders, change)) == {6}


def test_a_receipt_for_another_hash_is_found(folders: tuple[Path, Path]) -> None:
    def change(entries: Entries) -> Entries:
        at, b = places(entries, "ReceiptKept")[0], keys_of(folders[1])
        receipt = msgspec.json.decode(jws.split(entries[at].content["jws"]).payload)
        payload = canonical({**receipt, "hash": digest(b"another statement")})
        entries[at] = with_content(entries[at], jws=jws.sign(payload, b.machine, b.machine_kid, jws.RECEIPT))
        return entries

    assert failed_steps(verified(*folders, change)) == {6}


def agreement_changed(folders: tuple[Path, Path], change: Callable[[dict[str, Any], Identity], None]) -> str:
    """B, the proposer, forges its own AGR: what B's record then fails, all of it in step 7."""

    def forge(entries: Entries) -> Entries:
        b, at = keys_of(folders[1]), places(entries, "StatementSealed", "AGR")[0]
        entries[at] = resealed(entries[at], b, "desk", lambda fields: change(fields["slots"], b))
        return entries[: at + 1]

    record = verified(folders[1], folders[0], forge)
    assert failed_steps(record) <= {7}
    return "\n".join(finding.text for finding in record.findings if finding.verdict == "FAILS")


def test_terms_changed_after_the_other_signed_are_found(folders: tuple[Path, Path]) -> None:
    """B changes the terms, computes the id anew and signs them: A's signature is under other words."""

    def change(slots: dict[str, Any], b: Identity) -> None:
        slots["agreement"]["until"] += 3_600_000
        text = canonical(slots["agreement"])
        slots["agreement_id"] = digest(text)
        slots["signatures"][0]["jws"] = jws.sign_detached(text, b.desk, b.desk_kid, jws.AGREEMENT)

    found = agreement_changed(folders, change)
    assert "A did not sign this text" in found
    assert "B did not sign this text" not in found
    assert "no proposal on the proposer's feed has these terms" in found
    assert "no acceptance on the acceptor's feed carries this signature" in found


@pytest.mark.parametrize("text", [digest(b"another text"), "no id", "\u00e9", ""])
def test_an_agreement_under_another_id_is_found(folders: tuple[Path, Path], text: str) -> None:
    def change(slots: dict[str, Any], b: Identity) -> None:
        slots["agreement_id"] = text

    assert "its id is not the hash of its text" in agreement_changed(folders, change)


def test_an_agreement_that_one_party_signed_twice_is_found(folders: tuple[Path, Path]) -> None:
    def change(slots: dict[str, Any], b: Identity) -> None:
        slots["signatures"][1]["jws"] = slots["signatures"][0]["jws"]

    assert "A did not sign this text" in agreement_changed(folders, change)


def test_an_agreement_with_one_signer_is_found(folders: tuple[Path, Path]) -> None:
    def change(slots: dict[str, Any], b: Identity) -> None:
        slots["signatures"][1] = slots["signatures"][0]

    assert "it is not signed by proposer and acceptor" in agreement_changed(folders, change)


def test_an_agreement_with_a_stranger_is_found(folders: tuple[Path, Path]) -> None:
    def change(slots: dict[str, Any], b: Identity) -> None:
        slots["agreement"]["acceptor"] = digest(b"a stranger")

    assert "it is not between the two parties of the line" in agreement_changed(folders, change)


def test_an_agreement_signed_by_a_machine_is_found(folders: tuple[Path, Path]) -> None:
    def change(slots: dict[str, Any], b: Identity) -> None:
        text = canonical(slots["agreement"])
        slots["signatures"][0]["jws"] = jws.sign_detached(text, b.machine, b.machine_kid, jws.AGREEMENT)

    assert agreement_changed(folders, change).endswith("B did not sign this text")


@pytest.mark.parametrize("name", ["pair_id", "conflict_id"])
def test_an_agreement_about_something_else_is_found(folders: tuple[Path, Path], name: str) -> None:
    def change(slots: dict[str, Any], b: Identity) -> None:
        slots["agreement"][name] = digest(b"something else")

    assert f"its {name.replace('_', ' ')} is not that of its notices" in agreement_changed(folders, change)


def test_an_agreement_told_by_the_acceptor_is_found(folders: tuple[Path, Path]) -> None:
    def change(slots: dict[str, Any], b: Identity) -> None:
        both = slots["agreement"]
        both["proposer"], both["acceptor"] = both["acceptor"], both["proposer"]

    assert "it was not told by its proposer" in agreement_changed(folders, change)


def test_an_unchanged_agreement_signed_again_holds(folders: tuple[Path, Path]) -> None:
    """The forging itself is not what the tests above find."""
    assert agreement_changed(folders, lambda slots, b: None) == ""


def test_an_agreement_without_its_acceptance_is_found(folders: tuple[Path, Path]) -> None:
    """B drops what it received after its own offer: the signature is true, and nobody saw it arrive."""

    def change(entries: Entries) -> Entries:
        del entries[places(entries, "StatementReceived", "ACC")[0]]
        return entries

    record = verified(folders[1], folders[0], change)
    assert 7 in failed_steps(record)
    assert any("no acceptance" in finding.text for finding in record.findings)


def test_a_conflict_id_that_is_not_its_own_is_found(folders: tuple[Path, Path]) -> None:
    def change(entries: Entries) -> Entries:
        at = places(entries, "StatementSealed", "CFL")[-1]

        def lie(fields: dict[str, Any]) -> None:
            fields["slots"]["conflict_id"] = digest(b"another")

        entries[at] = resealed(entries[at], keys_of(folders[0]), "machine", lie)
        return [entry for entry in entries[: at + 1] if entry.kind != "ReceiptKept"]

    assert failed_steps(verified(*folders, change)) == {8}


def test_a_forged_card_in_the_journal_is_found(folders: tuple[Path, Path]) -> None:
    def change(entries: Entries) -> Entries:
        at = places(entries, "PeerPinned")[0]
        entries[at] = with_content(entries[at], card=entries[at].content["card"][:-4] + "AAAA")
        return entries

    assert 2 in failed_steps(verified(*folders, change))


@pytest.mark.parametrize("content", ["not JSON", 7, [], {"shared": True}, {"peer": "nobody", "jws": "x", "shared": 1}])
@pytest.mark.parametrize("kind", ["StatementSealed", "StatementReceived", "ReceiptKept", "PeerPinned", "ConflictFound"])
def test_an_entry_of_another_form_is_named(folders: tuple[Path, Path], kind: str, content: object) -> None:
    def change(entries: Entries) -> Entries:
        at = places(entries, kind)[0]
        entries[at] = msgspec.structs.replace(entries[at], content=content)
        return entries

    record = verified(*folders, change)
    assert any(one.step == 1 and one.verdict == "FAILS" and kind in one.text for one in record.findings)


def test_what_was_purged_is_noted_and_is_no_failure_of_its_own(folders: tuple[Path, Path]) -> None:
    def change(entries: Entries) -> Entries:
        at = places(entries, "ReceiptKept")[0]
        entries[at] = msgspec.structs.replace(entries[at], content=None)
        return entries

    record = verified(*folders, change)
    assert holds(record.findings)
    assert any(finding.verdict == "NOTE" and "purged" in finding.text for finding in record.findings)


# --- two records --------------------------------------------------------------------------------------------------


def compared(folders: tuple[Path, Path], change: Callable[[Entries], Entries]) -> tuple[set[int], set[int]]:
    """The steps that fail, and those that are noted, when B's record was changed."""
    found = compare_records(verified(*folders), verified(folders[1], folders[0], change))
    return ({one.step for one in found if one.verdict == "FAILS"}, {one.step for one in found if one.verdict == "NOTE"})


def test_an_end_cut_off_is_found_by_what_the_receiver_acknowledged(folders: tuple[Path, Path]) -> None:
    def change(entries: Entries) -> Entries:
        return entries[: places(entries, "StatementReceived")[-1]]

    assert holds(verified(folders[1], folders[0], change).findings)  # Alone it shows nothing.
    assert 9 in compared(folders, change)[0]


def test_an_end_that_is_under_way_is_not_a_failure(folders: tuple[Path, Path]) -> None:
    """A's side without receipts and without what B said later: then nothing says that B ever had the last statement."""
    b = verified(folders[1], folders[0], lambda entries: entries[: places(entries, "StatementReceived")[-1]])

    def unheard(entries: Entries) -> Entries:
        last = places(entries, "StatementSealed")[-1]
        return [entry for entry in entries[: last + 1] if entry.kind != "ReceiptKept"]

    a = verified(*folders, unheard)
    found = [finding for finding in compare_records(a, b) if finding.step == 9 and finding.text.startswith("A to B")]
    assert [finding.verdict for finding in found] == ["HOLDS"]
    assert "under way" in found[0].text


def test_another_history_with_good_signatures_is_found(folders: tuple[Path, Path]) -> None:
    """B signs its last statement anew and keeps it for itself: its own record holds, the two do not agree."""

    def change(entries: Entries) -> Entries:
        at = places(entries, "StatementSealed")[-1]

        def later(fields: dict[str, Any]) -> None:
            fields["created_utc"] += 1

        entries[at] = resealed(entries[at], keys_of(folders[1]), fields_of(entries[at])["role"], later)
        return [entry for entry in entries[: at + 1] if entry.kind != "ReceiptKept"]

    assert holds(verified(folders[1], folders[0], change).findings)
    assert 9 in compared(folders, change)[0]


def test_a_conflict_that_one_side_dropped_is_found(folders: tuple[Path, Path]) -> None:
    def change(entries: Entries) -> Entries:
        return [entry for at, entry in enumerate(entries) if at != places(entries, "ConflictFound")[-1]]

    assert compared(folders, change)[0] == {11}


def test_an_agreement_that_one_side_marked_refused_is_found(folders: tuple[Path, Path]) -> None:
    def change(entries: Entries) -> Entries:
        at = places(entries, "StatementReceived", "AGR")[0]
        entries[at] = with_content(entries[at], verdict="REFUSED")
        return entries

    a, b = verified(*folders, change), verified(folders[1], folders[0])
    assert {one.step for one in compare_records(b, a) if one.verdict == "FAILS"} == {10}


def test_strangers_are_told_so(folders: tuple[Path, Path], tmp_path: Path) -> None:
    from skyparley.adapters.system.node_dir import NewNode, init_node

    init_node(tmp_path / "c", NewNode(name="C"), luck=two_parties.luck_from("C"), now_ms=two_parties.T0)
    c = verify_record(own_card(tmp_path / "c"), [], [])
    found = compare_records(verified(*folders), c)
    assert not holds(found)
    assert "never pinned" in found[0].text
