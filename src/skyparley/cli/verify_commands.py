"""The command `verify`: checks the records of one or two nodes from their folders on disk, with no node running."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyparley.cli.endings import NO
from skyparley.cli.options import JsonOption
from skyparley.cli.screen import as_json, say

if TYPE_CHECKING:
    from skyparley.evidence.record import Finding, Kept, Record


def register(app: typer.Typer) -> None:
    """Adds the command to the app."""
    app.command("verify")(verify)


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a node, or a copy of it without keys.")],
    other: Annotated[Path | None, typer.Argument(metavar="[DIR2]", help="The folder of its peer, to compare.")] = None,
    json: JsonOption = False,
) -> None:
    """Check the record in a folder: feeds, receipts, agreements, conflict ids; with two, that both hold the same.

    It reads journal.db, own.card and peers/, writes nothing, and needs no key. A node may be running on the folder.
    """
    from skyparley.evidence.record_check import compare_records, holds

    records = [read_record(one) for one in (folder, other) if one is not None]
    findings = [finding for record in records for finding in record.findings]
    # Records that could not be read to their end are not compared: what they lack would look like a difference.
    compared = len(records) == 2 and not any(finding.step == 1 and finding.verdict == "FAILS" for finding in findings)
    if compared:
        findings += compare_records(*records)
    good = holds(findings)
    if json:
        as_json({"holds": good, "findings": findings})
    else:
        _tell(findings, good, skipped=len(records) == 2 and not compared)
    raise typer.Exit(0 if good else NO)


def read_record(folder: Path) -> "Record":
    """What the journal of a folder proves.  A damaged journal is a finding; raises NodeFault where there is no record."""
    from skyparley.adapters.system.identity import own_card
    from skyparley.adapters.system.node_dir import NodeFault, NodePaths
    from skyparley.adapters.system.peers import old_cards, peers
    from skyparley.base.errors import JournalDamaged
    from skyparley.evidence.record_check import verify_record

    paths = NodePaths(folder)
    if not paths.own_card.exists():
        raise NodeFault("NODE_MISSING", f"{folder} is not the folder of a node: it has no own.card")
    if not paths.journal.exists():
        raise NodeFault("NODE_MISSING", f"{folder} has no journal yet: the node was never started")
    own, pinned = own_card(folder), peers(folder)
    cards = [card for peer in pinned for card in (*old_cards(folder, peer.fingerprint), peer)]
    damage: list[str] = []

    def entries() -> "Iterator[Kept]":
        try:
            yield from _entries(paths.journal)
        except JournalDamaged as fault:
            damage.append(str(fault))

    record = verify_record(own, cards, entries())
    if damage:
        record.findings = [finding for finding in record.findings if finding.step != 1 or finding.verdict != "HOLDS"]
        record.find(1, False, "", f"{damage[0]}. What follows is judged by the entries before the damage")
    record.findings.sort(key=lambda finding: finding.step)
    return record


def _entries(journal: Path) -> "Iterator[Kept]":
    """The entries of a journal, each verified against the one before it as it is read."""
    import msgspec

    from skyparley.adapters.storage.sqlite_journal import scan
    from skyparley.evidence.record import Kept

    for row in scan(journal):
        entry = row.entry
        try:
            content = None if entry.content is None else msgspec.json.decode(entry.content)
        except msgspec.DecodeError:
            content = "not JSON"  # Whoever rewrote the journal hashed it too: the entry is named when it is taken up.
        yield Kept(entry.position, entry.kind, entry.at_ms, content)


def _tell(findings: "list[Finding]", good: bool, *, skipped: bool) -> None:
    from skyparley.evidence.record import STEPS, counted

    for step, meaning in STEPS.items():
        found = [finding for finding in findings if finding.step == step]
        if found:
            say(f"{step:>2}  {meaning}")
        for finding in found:
            whose = f"{finding.record}'s record: " if finding.record else ""
            say(f"    {finding.verdict:<5}  {whose}{finding.text}")
    if skipped:
        say("\nThe two were not compared: a journal could not be read to its end.")
    failed = sum(finding.verdict == "FAILS" for finding in findings)
    noted = sum(finding.verdict == "NOTE" for finding in findings)
    say()
    say("THE RECORD HOLDS." if good else f"THE RECORD DOES NOT HOLD: {counted(failed, 'check', 'checks')} failed.")
    if noted:
        say(f"{counted(noted, 'note', 'notes')}: nothing is wrong with the record, but somebody should look.")
    if good:
        say(
            "It proves which key signed what and what the other key acknowledged: not the truth of it, nor who sat there."
        )
