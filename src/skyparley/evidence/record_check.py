"""Verifies a record by its numbered steps, and the records of both sides of a line against each other."""

from collections.abc import Iterable

from skyparley.evidence.card import Card
from skyparley.evidence.record import Finding, Kept, LineRecord, Number, Record, Said, Verdict, aloud, collect, counted
from skyparley.evidence.record_line import verify_line
from skyparley.evidence.record_terms import told_conflicts, verify_terms


def verify_record(own: Card, cards: Iterable[Card], entries: Iterable[Kept]) -> Record:
    """Everything that one journal proves, by steps 1 to 8.  A record without lines holds."""
    record = collect(own, cards, entries)
    for line in record.lines.values():
        verify_line(record, line)
        verify_terms(record, line)
    return record


def holds(findings: Iterable[Finding]) -> bool:
    """Whether no step failed."""
    return all(finding.verdict != "FAILS" for finding in findings)


def compare_records(one: Record, other: Record) -> list[Finding]:
    """Steps 9 to 11: what two verified records say of the line between them."""
    ours, theirs = one.lines.get(other.own.fingerprint), other.lines.get(one.own.fingerprint)
    if ours is None or theirs is None:
        silent = one if ours is None else other
        return [_found(9, "FAILS", silent.own.name, "holds no line with the other: these two never pinned each other")]
    names = (one.own.name, other.own.name)
    findings = [
        _copies(f"{names[0]} to {names[1]}", ours.sent, theirs.received, ours.acknowledged),
        _copies(f"{names[1]} to {names[0]}", theirs.sent, ours.received, theirs.acknowledged),
    ]
    level = all(
        len(sent) == len(received) for sent, received in ((ours.sent, theirs.received), (theirs.sent, ours.received))
    )
    findings.append(_same_agreements(names, ours, theirs, level))
    findings += _same_conflicts(names, ours, theirs, level)
    return findings


def _copies(about: str, sent: list[Said], received: list[Said], acknowledged: Number) -> Finding:
    """Step 9, one feed: equal under every number that both hold; only the end may be under way."""
    sender = {said.number: said.hash for said in sent}
    receiver = {said.number: said.hash for said in received}
    if differing := sorted(number for number in sender.keys() & receiver.keys() if sender[number] != receiver[number]):
        return _found(
            9, "FAILS", about, f"the copies differ at {_list(differing)}: one of the two was changed, or forked"
        )
    last: Number = max(receiver, default=(0, 0))
    if lost := sorted(receiver.keys() - sender.keys()):
        closed = all(number[0] < max(sender, default=(0, 0))[0] for number in lost)
        text = f"the receiver holds {_list(lost)}, which the sender does not"
        return _found(
            9, "NOTE" if closed else "FAILS", about, text + (": lost, and a new epoch opened" if closed else "")
        )
    missing = sorted(sender.keys() - receiver.keys())
    if any(number < last for number in missing):
        return _found(9, "FAILS", about, f"the receiver's copy lacks {_list(missing)} before its end")
    if missing and missing[0] <= acknowledged:
        text = f"the receiver's copy ends before {_list(missing[:1])}, which the receiver acknowledged: its end was cut off"
        return _found(9, "FAILS", about, text)
    under_way = f", {len(missing)} more under way" if missing else ""
    return _found(
        9, "HOLDS", about, f"both copies hold the same {counted(len(receiver), 'statement', 'statements')}{under_way}"
    )


def _same_agreements(names: tuple[str, str], ours: LineRecord, theirs: LineRecord, level: bool) -> Finding:
    """Step 10."""
    about = f"{names[0]} and {names[1]}"
    if ours.agreements == theirs.agreements:
        ids = _list(sorted(aloud(key) for key in ours.agreements))
        return _found(
            10,
            "HOLDS",
            about,
            f"{counted(len(ours.agreements), 'agreement', 'agreements')}, the same at both{': ' + ids if ids else ''}",
        )
    only = sorted(aloud(key) for key in ours.agreements.keys() ^ theirs.agreements.keys())
    text = f"only one of the two holds {_list(only)}"
    return _found(10, "FAILS" if level else "NOTE", about, text if level else f"{text}; statements are under way")


def _same_conflicts(names: tuple[str, str], ours: LineRecord, theirs: LineRecord, level: bool) -> list[Finding]:
    """Step 11: what is open now, and what each agreement settled."""
    about = f"{names[0]} and {names[1]}"
    both = told_conflicts(ours.sent).keys() & told_conflicts(theirs.sent).keys()
    findings = []
    for agreement, conflict in sorted(ours.agreements.items()):
        told = conflict in both
        text = f"agreement {aloud(agreement)} settles conflict {aloud(conflict)}, "
        text += "found and told by both under that id" if told else "which not both have told under that id"
        findings.append(_found(11, "HOLDS" if told else "FAILS", about, text))
    if ours.open_conflicts == theirs.open_conflicts:
        ids = _list(sorted(aloud(key) for key in ours.open_conflicts.values()))
        text = f"{counted(len(ours.open_conflicts), 'conflict', 'conflicts')} open, the same at both{': ' + ids if ids else ''}"
        return [*findings, _found(11, "HOLDS", about, text)]
    only = sorted(aloud(key) for key in set(ours.open_conflicts.values()) ^ set(theirs.open_conflicts.values()))
    text = f"only one of the two holds open {_list(only)}"
    return [
        *findings,
        _found(11, "FAILS" if level else "NOTE", about, text if level else f"{text}; statements are under way"),
    ]


def _found(step: int, verdict: Verdict, about: str, text: str) -> Finding:
    return Finding(step, verdict, "", f"{about}: {text}")


def _list(items: Iterable[object]) -> str:
    """Up to six things in words; numbers as epoch/seq."""
    shown = [f"{item[0]}/{item[1]}" if isinstance(item, tuple) else str(item) for item in items]
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")
