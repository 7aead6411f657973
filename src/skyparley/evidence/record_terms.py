"""Judges what two parties settled: each agreement and each conflict id of a line, computed again.  Steps 7 and 8.

Source: docs/spec/line-v1.md 8.1, 9.3.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from skyparley.base.canonical import NotCanonical, canonical
from skyparley.base.ids import digest
from skyparley.evidence import jws
from skyparley.evidence.card import Card
from skyparley.evidence.record import LineRecord, Record, Said, aloud, counted


class _Term(msgspec.Struct, frozen=True):
    party: str
    id: str
    version: int


class AgreementText(msgspec.Struct, frozen=True):
    """The members of an agreement that verification reads; the rest is covered by its hash."""

    pair_id: str
    conflict_id: str
    proposer: str
    acceptor: str
    proposal: str
    turn: int
    kind: str
    notices: tuple[_Term, _Term]
    until: int
    table_hash: str


class _Signature(msgspec.Struct, frozen=True):
    party: str
    jws: str


class _AgreementSlots(msgspec.Struct, frozen=True):
    agreement_id: str
    agreement: dict[str, Any]
    signatures: tuple[_Signature, _Signature]


class _ConflictSlots(msgspec.Struct, frozen=True):
    pair_id: str
    conflict_id: str
    notices: tuple[_Term, _Term]


def verify_terms(record: Record, line: LineRecord) -> None:
    """Steps 7 and 8 of one line, whose statements were read before; fills in the agreements that hold."""
    for said in (*line.sent, *line.received):
        if said.folded and said.type == "AGR":
            _agreement(record, line, said)
    _conflicts(record, line)


def pair_id(notices: tuple[_Term, _Term]) -> str:
    """The key of a dialogue.  Source: line-v1 8.1."""
    sides = sorted([term.party, term.id] for term in notices)
    return digest(canonical(["skyparley-pair/1", *sides]))


def conflict_id(notices: tuple[_Term, _Term], table_hash: str) -> str:
    """The name of a conflict.  Source: line-v1 8.1."""
    first, second = sorted(notices, key=lambda term: (term.party, term.id))
    return digest(
        canonical(["skyparley-conflict/1", pair_id(notices), first.version, second.version, table_hash]),
    )


def _agreement(record: Record, line: LineRecord, said: Said) -> None:
    """Step 7, one agreement."""
    try:
        slots = msgspec.convert(said.statement.fields.get("slots"), _AgreementSlots)
        agreement = msgspec.convert(slots.agreement, AgreementText)
        text = canonical(slots.agreement)
    except (msgspec.ValidationError, NotCanonical) as error:
        record.find(7, False, line.card.name, f"statement {said.number[0]}/{said.number[1]} is no agreement: {error}")
        return
    wrong = _agreement_wrong(record, line, said, slots, agreement, text)
    about = f"agreement {aloud(slots.agreement_id)}"
    for why in wrong:
        record.find(7, False, about, why)
    if not wrong:
        line.agreements[slots.agreement_id] = agreement.conflict_id
        terms = " and ".join(f"{term.id} v{term.version}" for term in agreement.notices)
        signers = f"{record.own.name} and {line.card.name}"
        record.find(7, True, about, f"{terms}: {signers} signed the same {len(text)} bytes")


def _agreement_wrong(
    record: Record, line: LineRecord, said: Said, slots: _AgreementSlots, agreement: AgreementText, text: bytes
) -> list[str]:
    """What is wrong with an agreement, one sentence each."""
    wrong = []
    cards = {str(card.fingerprint): card for card in (record.own, line.card)}
    if digest(text) != slots.agreement_id:
        wrong.append("its id is not the hash of its text")
    if said.statement.fields.get("from") != agreement.proposer:
        wrong.append("it was not told by its proposer")
    if agreement.pair_id != pair_id(agreement.notices):
        wrong.append("its pair id is not that of its notices")
    if agreement.conflict_id != conflict_id(agreement.notices, agreement.table_hash):
        wrong.append("its conflict id is not that of its notices, versions and table")
    if [signature.party for signature in slots.signatures] != [agreement.proposer, agreement.acceptor]:
        wrong.append("it is not signed by proposer and acceptor")
    if {agreement.proposer, agreement.acceptor} != set(cards):
        return [*wrong, "it is not between the two parties of the line"]
    wrong += [
        f"{cards[signature.party].name} did not sign this text"
        for signature in slots.signatures
        if signature.party in cards and not _signed(cards[signature.party], signature.jws, text)
    ]
    ours = agreement.proposer == record.own.fingerprint
    proposed, accepted = (line.sent, line.received) if ours else (line.received, line.sent)
    if not any(_proposes(one, slots, agreement) for one in proposed):
        wrong.append("no proposal on the proposer's feed has these terms")
    if not any(_accepts(one, slots) for one in accepted):
        wrong.append("no acceptance on the acceptor's feed carries this signature")
    return wrong


def _signed(card: Card, signature: str, text: bytes) -> bool:
    try:
        parsed = jws.read(jws.attach(signature, text), typ=jws.AGREEMENT, key_of=card.role_key)
    except jws.BadSignature:
        return False
    return parsed.kid.role == "desk"


def _proposes(said: Said, slots: _AgreementSlots, agreement: AgreementText) -> bool:
    """Whether this is the proposal that the agreement names, with its terms."""
    told = said.statement.fields.get("slots")
    if said.hash != agreement.proposal or said.type not in ("PRO", "CPR") or not isinstance(told, dict):
        return False
    place = (said.statement.fields.get("dialog_id"), said.statement.fields.get("version"))
    terms = all(told.get(name) == slots.agreement.get(name) for name in ("conflict_id", "kind", "notices", "until"))
    return terms and place == (agreement.pair_id, agreement.turn)


def _accepts(said: Said, slots: _AgreementSlots) -> bool:
    told = said.statement.fields.get("slots")
    return (
        said.type == "ACC"
        and isinstance(told, dict)
        and told.get("agreement_id") == slots.agreement_id
        and told.get("signature") == slots.signatures[1].jws
    )


def told_conflicts(feed: Iterable[Said]) -> dict[str, _ConflictSlots]:
    """The conflicts that a feed tells, by conflict id.  What is malformed was told to nobody."""
    found = {}
    for said in feed:
        if said.type != "CFL" or not said.folded:
            continue
        try:
            slots = msgspec.convert(said.statement.fields.get("slots"), _ConflictSlots)
        except msgspec.ValidationError:
            continue
        found[slots.conflict_id] = slots
    return found


def _conflicts(record: Record, line: LineRecord) -> None:
    """Step 8."""
    about = f"{record.own.name} and {line.card.name}"
    count = wrong = 0
    for said in (*line.sent, *line.received):
        if said.type != "CFL" or not said.folded:
            continue
        count += 1
        try:
            slots = msgspec.convert(said.statement.fields.get("slots"), _ConflictSlots)
            table_hash = str(said.statement.fields.get("table_hash"))
            right = (slots.pair_id, slots.conflict_id) == (
                pair_id(slots.notices),
                conflict_id(slots.notices, table_hash),
            )
        except msgspec.ValidationError:
            right = False
        if not right:
            wrong += 1
            record.find(8, False, about, f"statement {said.number[0]}/{said.number[1]} tells an id that is not its own")
    if not wrong:
        record.find(8, True, about, counted(count, "conflict", "conflicts") + " told, each id computed again")
