"""Suspend, resume, terminate: by two persons, with a coded reason; only who suspended lifts it; LIFE passes in every state.

Nothing but these statements and the checks that open a line moves the agreement.  Source: DOMAIN 11.1, CON-05, IAM-02;
line-v1 section 10.4.
"""

from typing import Final

from msgspec import UNSET

from skyparley.base.canonical import canonical
from skyparley.base.errors import refuse
from skyparley.base.times import HOUR
from skyparley.domain import commands as c
from skyparley.domain.drafts import draft
from skyparley.domain.events import KeysAsked, KeysConfirmed, LineChangeAsked, LineChangeConfirmed
from skyparley.domain.line_records import Change
from skyparley.domain.lines import named_peer
from skyparley.domain.messages.catalogue import StatementType
from skyparley.domain.messages.codes import ErrCode
from skyparley.domain.messages.envelope import Envelope, to_plain
from skyparley.domain.messages.matter_slots import KeySlots, LineSlots
from skyparley.domain.messages.slots import Wire
from skyparley.domain.records import Line
from skyparley.domain.view import Decided, Moment, Ruling, View
from skyparley.evidence import jws
from skyparley.evidence.card import BadCard, Card, read_card

ASKED_MS: Final = HOUR
"""What a first person asked stands for an hour."""

ChangeCommand = c.SuspendLine | c.ResumeLine | c.TerminateLine
WHAT: Final[dict[type[ChangeCommand], Change]] = {c.SuspendLine: "SUSP", c.ResumeLine: "RESM", c.TerminateLine: "TERM"}


def change_line(view: View, command: ChangeCommand, moment: Moment, by: str) -> Ruling:
    """Asked by one person, it waits; confirmed by a second one in the same words, it is said to the peer."""
    peer = named_peer(view, command.peer)
    if peer is None:
        return refuse("UNKNOWN_PEER", f"no peer is called {command.peer!r}", field="peer")
    line, what = view.lines[peer], WHAT[type(command)]
    wrong = _not_now(view, line, what)
    if wrong:
        return refuse("STATE", wrong, field="peer")
    if command.effective and command.effective < moment.now:
        return refuse("EFFECTIVE", "it takes effect now (0) or later, not before", field="effective")
    asked = line.change_asked
    same = asked is not None and (asked.what, asked.reason, asked.effective) == (
        what,
        command.reason,
        command.effective,
    )
    if asked is None or not same or moment.now - asked.at > ASKED_MS:
        event = LineChangeAsked(peer=peer, what=what, reason=command.reason, effective=command.effective, by=by)
        return Decided((event,), c.Outcome(result="ASKED", refs={"peer": line.name, "what": what}))
    if asked.by == by:
        return refuse("SECOND_PERSON", f"{by} asked; another person must confirm", field="account")
    slots = LineSlots(effective=command.effective or moment.now, reason=command.reason, second="")
    confirmed = LineChangeConfirmed(peer=peer, what=what, by=asked.by, second=by)
    return Decided((confirmed, draft(what, peer, slots, moment)), c.Outcome(refs={"peer": line.name, "what": what}))


def _not_now(view: View, line: Line, what: Change) -> str:
    """Why a change makes no sense in the state that the line is in; empty where it does."""
    if line.state == "NONE":
        return f"the line with {line.name} was never established"
    if line.state == "TERMINATED":
        return f"the line with {line.name} is terminated; a new one begins with new cards"
    if any(owed.type in WHAT.values() for owed in line.owed):
        return f"what we said before of the line with {line.name} waits for it still"
    if what == "SUSP" and view.own in line.suspended_by:
        return "we suspended it before"
    pending = any(change.by == view.own and change.what == "SUSP" for change in line.changes)
    if what == "RESM" and view.own not in line.suspended_by and not pending:
        others = ", ".join(line.name for _ in line.suspended_by) or "nobody"
        return f"we did not suspend it; suspended by {others}, and only the same party lifts it"
    return ""


def announce_keys(view: View, command: c.AnnounceKeys, moment: Moment, by: str) -> Ruling:
    """Asked by one person and confirmed by a second: our newer card goes to every line that was established."""
    try:
        card = read_card(command.card)
    except BadCard as error:
        return refuse(error.code, str(error), field="card")
    if card.fingerprint != view.own:
        return refuse("NOT_OUR_CARD", "this is another party's card", field="card")
    asked = view.keys_asked
    if asked is None or asked.card != command.card or moment.now - asked.at > ASKED_MS:
        return Decided((KeysAsked(card=command.card, by=by),), c.Outcome(result="ASKED"))
    if asked.by == by:
        return refuse("SECOND_PERSON", f"{by} asked; another person must confirm", field="account")
    slots = KeySlots(card=command.card, second="")
    peers = [peer for peer, line in view.lines.items() if line.state not in ("NONE",)]
    drafts = [draft("KEY", peer, slots, moment) for peer in peers]
    confirmed = KeysConfirmed(by=asked.by, second=by)
    return Decided((confirmed, *drafts), c.Outcome(refs={"peers": [view.lines[peer].name for peer in peers]}))


# --- what a peer says ----------------------------------------------------------------------------------------------


def judge_change(envelope: Envelope, line: Line, now: int) -> tuple[ErrCode, str] | None:
    """SUSP, RESM, TERM: signed by two, and in their turn."""
    if not second_holds(envelope, line.card, now):
        return "SIGNATURE", "the second signature is not one of this party's supervisor"
    if line.state == "TERMINATED":
        return "LINE", "the line is terminated"
    if envelope.type == "RESM" and envelope.from_ not in line.suspended_by and not _will_suspend(envelope.from_, line):
        return "STATE", "who did not suspend cannot resume"
    return None


def _will_suspend(party: str, line: Line) -> bool:
    return any(change.what == "SUSP" and change.by == party for change in line.changes)


def judge_key(envelope: Envelope, line: Line, now: int) -> tuple[ErrCode, str] | None:
    """KEY: a newer card of the same party, and the second signature of the supervisor that we know."""
    slots = envelope.slots
    assert isinstance(slots, KeySlots)
    if not second_holds(envelope, line.card, now):
        return "SIGNATURE", "the second signature is not one of this party's supervisor"
    try:
        card = read_card(slots.card)
    except BadCard as error:
        return "SCHEMA", f"card: {error}"[:200]
    if card.fingerprint != envelope.from_:
        return "SCHEMA", "the card is another party's"
    if slots.card == line.card.text:
        return None  # It was given by hand before.
    if card.said.issued_ms <= line.card.said.issued_ms:
        return "STATE", "the card is not newer than the one that is known"
    return None


# --- the second signature ------------------------------------------------------------------------------------------


def second_text(kind: StatementType, msg_id: str, to: str, slots: Wire) -> bytes:
    """What the second of two persons signs: type, id, addressee and slots without the signature.  Source: line-v1 10.5."""
    said = {name: value for name, value in to_plain(slots).items() if name != "second"}
    return canonical({"type": kind, "msg_id": msg_id, "to": to, "slots": said})


def second_holds(envelope: Envelope, card: Card, now: int) -> bool:
    """Whether the supervisor's key of the sender's card signed it, and may, at the time that it names and at its receipt.

    The time that it names is its sender's word: whoever holds a key that was ended could name an earlier one.
    """
    text = second_text(envelope.type, envelope.msg_id, envelope.to, envelope.slots)
    signature = getattr(envelope.slots, "second", UNSET)
    try:
        parsed = jws.read(jws.attach(str(signature), text), typ=jws.SECOND, key_of=card.role_key)
    except jws.BadSignature:
        return False
    entry = card.role(parsed.kid)
    return (
        parsed.kid.role == "supervisor"
        and entry is not None
        and all(entry.valid_at(at) for at in (envelope.created_utc, now))
    )
