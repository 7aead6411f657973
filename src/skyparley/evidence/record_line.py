"""Judges what a journal holds of one line: both feeds, who signed when, what was heard, receipts.  Steps 3 to 6.

Source: docs/spec/line-v1.md 3, 6.
"""

import msgspec

from skyparley.evidence import jws
from skyparley.evidence.card import Card
from skyparley.evidence.feed import BadStatement, read_statement, verify_feed
from skyparley.evidence.record import LineRecord, Record, Said, counted


class _Receipt(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    from_: str
    to: str
    epoch: int
    seq: int
    hash: str


def verify_line(record: Record, line: LineRecord) -> None:
    """Steps 3 to 6 of one line; fills in the statements that hold."""
    own, peer = record.own, line.card
    line.sent = _feed(record, own, peer, [(text, 0, True) for text in line.sent_texts])
    line.received = _feed(record, peer, own, line.received_texts)
    for text in line.kept_evidence:
        record.note(3, f"{peer.name} to {own.name}", f"kept as evidence: {text}")
    _keys(record, own, peer, line.sent)
    _keys(record, peer, own, line.received)
    _seen(record, f"{peer.name} of {own.name}", line.received, line.sent)
    _seen(record, f"{own.name} of {peer.name}", line.sent, line.received)
    _receipts(record, line)
    heard = [(said.statement.seen.epoch, said.statement.seen.seq) for said in line.received if said.statement.seen]
    line.acknowledged = max([line.acknowledged, *heard])


def _feed(record: Record, sender: Card, receiver: Card, texts: list[tuple[str, int, bool]]) -> list[Said]:
    """Step 3.  Gives the statements that are the sender's own."""
    about = f"{sender.name} to {receiver.name}"
    report = verify_feed([text for text, _, _ in texts], sender, receiver.fingerprint)
    for problem in report.problems:
        text = f"statement {problem.place + 1}, step {problem.step} of a feed, {problem.code}: {problem.text}"
        record.find(3, False, about, text)
    if report.holds:
        head = f", head {report.head.epoch}/{report.head.seq} {report.head.hash[:11]}" if report.head else ""
        record.find(3, True, about, counted(report.count, "statement", "statements") + head)
    for epoch in report.epochs[1:]:
        record.note(3, about, f"epoch {epoch} was opened: two people of {sender.name} did")
    said = []
    for text, at_ms, folded in texts:
        try:
            said.append(Said(read_statement(text, sender, receiver.fingerprint), at_ms, folded))
        except BadStatement:
            continue  # The report has named it.
    return said


def _keys(record: Record, sender: Card, receiver: Card, feed: list[Said]) -> None:
    """Step 4.  Under a key that had ended at its receipt it holds where what follows on its feed vouches for it."""
    wrong = 0
    vouched = ""
    for said in reversed(feed):
        fields, kid = said.statement.fields, said.statement.kid
        at_ms = said.at_ms or fields.get("created_utc")
        role = sender.role(kid)
        in_time = role is not None and isinstance(at_ms, int) and role.valid_at(at_ms)
        in_time = in_time or (role is not None and said.hash == vouched)
        vouched = said.statement.link.prev if in_time else ""
        if not in_time or (said.folded and fields.get("role") != kid.role):
            wrong += 1
            why = "says another role" if in_time else "was signed outside the time of its key"
            text = f"statement {said.number[0]}/{said.number[1]}, signed by {kid.role}, {why}"
            record.find(4, False, f"{sender.name} to {receiver.name}", text)
    if not wrong:
        record.find(
            4,
            True,
            f"{sender.name} to {receiver.name}",
            counted(len(feed), "signature", "signatures") + " in their time and role",
        )


def _seen(record: Record, about: str, speaker: list[Said], other: list[Said]) -> None:
    """Step 5.  A number in an epoch that was closed is not argued about: two people said that its end was lost."""
    held = {said.number: said.hash for said in other}
    last_epoch = max((number[0] for number in held), default=0)
    wrong = 0
    for said in speaker:
        seen = said.statement.seen
        if seen is None or (seen.epoch < last_epoch and (seen.epoch, seen.seq) not in held):
            continue
        if held.get((seen.epoch, seen.seq)) != seen.hash:
            wrong += 1
            text = f"statement {said.number[0]}/{said.number[1]} names {seen.epoch}/{seen.seq} {seen.hash[:11]}, "
            record.find(5, False, about, text + "which the other feed does not hold")
    if not wrong:
        record.find(5, True, about, "every statement named as heard is there with its hash")


def _receipts(record: Record, line: LineRecord) -> None:
    """Step 6."""
    own, peer = record.own, line.card
    held = {said.number: said.hash for said in line.sent}
    about = f"{peer.name} to {own.name}"
    wrong = 0
    for text in line.receipts:
        try:
            parsed = jws.read(text, typ=jws.RECEIPT, key_of=peer.role_key)
            receipt = msgspec.json.decode(parsed.payload, type=_Receipt)
            sides = (receipt.from_, receipt.to) == (peer.fingerprint, own.fingerprint) and parsed.kid.role == "machine"
            named = held.get((receipt.epoch, receipt.seq)) == receipt.hash
            why = "" if sides and named else "it is not about a statement of this line"
        except (jws.BadSignature, msgspec.DecodeError) as error:
            why = str(error)
        if not why:
            line.acknowledged = max(line.acknowledged, (receipt.epoch, receipt.seq))
        else:
            wrong += 1
            record.find(6, False, about, f"a receipt does not hold: {why}")
    if not wrong:
        record.find(6, True, about, counted(len(line.receipts), "receipt", "receipts"))
