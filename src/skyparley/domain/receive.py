"""What a peer says: a statement's place on the feed, the judgement of its meaning, and what is answered at once.

Source: line-v1 section 3; DESIGN "Two layers".
"""

from typing import Literal

import msgspec
from msgspec import UNSET

from skyparley.base.errors import Refusal, refuse
from skyparley.domain.arrangement import judge_acceptance, judge_clause
from skyparley.domain.commands import KeepReceipts, Outcome, ReceiveStatement, RestoreStatement
from skyparley.domain.crossings import judge_crossing
from skyparley.domain.drafts import draft
from skyparley.domain.events import (
    AlarmRaised,
    EvidenceKept,
    HeardEarly,
    OfferLapsed,
    ReceiptKept,
    StatementReceived,
    StatementRestored,
)
from skyparley.domain.hearing import judge_exercise, judge_reply, judge_said, judge_turn
from skyparley.domain.ladder import asks_of
from skyparley.domain.line_changes import judge_change, judge_key
from skyparley.domain.lines import ChainResult, compare_table, place_on_feed, seen_is_true
from skyparley.domain.meetings import coverage_flaws
from skyparley.domain.messages.codes import ErrCode
from skyparley.domain.messages.envelope import Envelope, NotUnderstood, read_meaning, statement_hash
from skyparley.domain.messages.receipt import read_receipt
from skyparley.domain.messages.slots import AcceptSlots, ErrSlots, NoticeSlots
from skyparley.domain.misuse import counted, life_came, may_keep
from skyparley.domain.notices import another_was_filed, file_anew, judge_act, judge_notice, judge_query, missing_in_key
from skyparley.domain.offers import judge_accept, judge_agreement, judge_answer, judge_offer
from skyparley.domain.records import LIVE_STATES, Line
from skyparley.domain.view import Decided, Item, Moment, View


def receive(view: View, command: ReceiveStatement, moment: Moment) -> Decided:
    """The chain first, then the meaning.  A bad payload never stalls a feed: it is kept, counted and answered with ERR."""
    line = view.lines[command.peer]
    statement = statement_hash(command.jws)
    place = place_on_feed(line.received, command.chain, statement)
    if place == "NEXT" or place == "NEW_EPOCH":
        seen = seen_is_true(line, command.chain)
        if (seen == "AHEAD" and line.compared != "EQUAL") or (line.compared == "AHEAD" and not command.refill):
            return _early(
                view, command, moment
            )  # It may answer statements that we lost: they come first (line-v1 7.7).
        return _accept(view, command, line, moment, new_epoch=place == "NEW_EPOCH", seen_false=seen != "TRUE")
    if place == "FORK" or place == "BROKEN":
        kept, heard = _evidence(view, command, line, place, moment), _early(view, command, moment)
        return Decided((*kept.items, *heard.items), kept.outcome)  # What cries for help is heard, whatever its number.
    return _early(view, command, moment) if place == "GAP" else _only(place)


def _early(view: View, command: ReceiveStatement, moment: Moment) -> Decided:
    """Before its turn nothing is taken, but a LIFE statement rings at once, on its signature alone, and has no receipt yet."""
    statement = statement_hash(command.jws)
    known = statement in view.matters or statement in view.forgotten.matters
    if known or not _asks_for_life(command):
        return _only("GAP")
    exercise = _in_exercise(command)
    heard = HeardEarly(peer=command.peer, jws=command.jws, received_utc=moment.now, bearer=command.bearer)
    return Decided((heard, *life_came(view, command.peer, moment.now, exercise=exercise)), Outcome(result="GAP"))


def _asks_for_life(command: ReceiveStatement) -> bool:
    try:
        envelope = read_meaning(command.payload)
    except NotUnderstood:
        return False
    return envelope.cls == "LIFE" and envelope.role == command.kid.split("/")[1] and bool(asks_of(envelope))


def _accept(
    view: View, command: ReceiveStatement, line: Line, moment: Moment, *, new_epoch: bool, seen_false: bool
) -> Decided:
    items: list[Item] = []
    chain = command.chain
    number = f"{chain.epoch}/{chain.seq}"
    if new_epoch:
        text = f"{line.name} opened epoch {chain.epoch}: what it sent before and we do not hold is lost"
        items.append(EvidenceKept(peer=line.peer, what="NEW_EPOCH", jws=command.jws, text=text))
        items.append(AlarmRaised(code="NEW_EPOCH", about=number, text=text, peer=line.peer))
    if seen_false:
        text = f"{line.name} names in {number} a statement of ours that we never sent"
        items.append(EvidenceKept(peer=line.peer, what="SEEN_FALSE", jws=command.jws, text=text))
        items.append(AlarmRaised(code="SEEN_FALSE", about=number, text=text, peer=line.peer))
    judged = judge_meaning(view, command, line, moment.now)
    if isinstance(judged, Envelope):
        items += _table_of(view, line, judged)
        missing = missing_in_key(view, judged) if _has_key(judged) else ()
        items.append(_received(command, moment, "KEY_INCOMPLETE" if missing else "", missing, ""))
        if judged.cls == "LIFE" and asks_of(judged) and statement_hash(command.jws) not in view.matters:
            items += life_came(view, line.peer, moment.now, exercise=judged.exercise is not UNSET)
        err: ErrCode | None = "KEY_INCOMPLETE" if missing else None
    else:
        err, text = judged
        missing = ()
        items.append(_received(command, moment, err, (), text[:200]))
        items += _life_unread(command, line, err)
        if not _in_exercise(command):
            items += _closed_by_refusal(view, command)
            items += _countered(view, command)
    if err is not None and _type_of(command) != "ERR":
        slots = ErrSlots(epoch=chain.epoch, seq=chain.seq, hash=statement_hash(command.jws), code=err, ids=missing)
        items.append(draft("ERR", line.peer, slots, moment, reply_to=chain.msg_id))
    return Decided(tuple(items), Outcome(result="RECEIVED"))


def _table_of(view: View, line: Line, envelope: Envelope) -> list[Item]:
    """The table that a statement says its sender held when it sealed; what was sealed before we last heard is no news.

    Nor is what was created before a table came into effect on this line: then both sides held the one before.
    """
    since = line.table.since if line.table is not None else 0
    if envelope.table_hash is UNSET or envelope.number <= line.peer_table_number or envelope.created_utc < since:
        return []
    return compare_table(view, line, envelope.table_hash, envelope.number)


def _life_unread(command: ReceiveStatement, line: Line, err: ErrCode | None) -> list[Item]:
    """A signed statement that says it is about lives and cannot be taken: people hear of it and call."""
    said = msgspec.json.decode(command.payload)
    if said.get("class") != "LIFE":
        return []
    number = f"{command.chain.epoch}/{command.chain.seq}"
    text = f"{line.name} sent {number} of class LIFE, and it could not be taken ({err}): call by voice, at once"
    return [AlarmRaised(code="LIFE_UNREAD", about=number, text=text, peer=line.peer)]


def _in_exercise(command: ReceiveStatement) -> bool:
    return "exercise" in msgspec.json.decode(command.payload)


def _has_key(envelope: Envelope) -> bool:
    return isinstance(envelope.slots, NoticeSlots) and envelope.exercise is UNSET


def _received(
    command: ReceiveStatement, moment: Moment, err: ErrCode | str, ids: tuple[str, ...], text: str
) -> StatementReceived:
    return StatementReceived(
        peer=command.peer,
        jws=command.jws,
        received_utc=moment.now,
        bearer=command.bearer,
        verdict="FOLDED" if err in ("", "KEY_INCOMPLETE") else "REFUSED",
        err=err,  # type: ignore[arg-type]
        ids=ids,
        text=text,
    )


def judge_meaning(view: View, command: ReceiveStatement, line: Line, now: int) -> Envelope | tuple[ErrCode, str]:
    """The envelope when its meaning is to be folded, else the code and what was wrong.  Reads nothing but the view."""
    try:
        envelope = read_meaning(command.payload)
    except NotUnderstood as error:
        return "SCHEMA", str(error)
    if command.kid.split("/")[1] != envelope.role:
        return "SCHEMA", f"signed by role {command.kid.split('/')[1]}, says role {envelope.role}"
    wrong = judge_turn(view, envelope, line) or _judge(view, envelope, line, now)
    return envelope if wrong is None else wrong


def _judge(view: View, envelope: Envelope, line: Line, now: int) -> tuple[ErrCode, str] | None:
    if envelope.reply_to is not UNSET and envelope.dialog_id is UNSET and envelope.type not in ("ERR", "LCK", "TBL"):
        return judge_reply(view, envelope, line) or judge_acceptance(view, envelope, line, now)
    if envelope.exercise is not UNSET:
        return judge_exercise(envelope)
    match envelope.type:
        case "NTC" | "NCH" | "HAZ" | "HUM" | "SAR":
            return judge_notice(view, envelope, now)
        case "NCX" | "NACT" | "NEND":
            return judge_act(view, envelope)
        case "NQR":
            return judge_query(view, envelope)
        case "CFL" | "ERR":
            return None
        case "REJ" | "SBY" | "WDR":
            return judge_answer(view, envelope)
        case "AGR":
            return judge_agreement(view, envelope, line)
        case "PRO" | "CPR" | "ACC":
            if envelope.table_hash != view.table_hash_of(line.peer):
                return "TABLE_MISMATCH", "our tables differ"
            if envelope.type == "ACC":
                return judge_accept(view, envelope, line, now)
            return judge_offer(view, envelope, now)
        case "SUSP" | "RESM" | "TERM":
            return judge_change(envelope, line, now)
        case "TBL":
            return judge_clause(view, envelope, line, now)
        case "XNG":
            return judge_crossing(view, envelope, line)
        case "COV":
            wrong = coverage_flaws(envelope)
            return ("GEOMETRY", wrong[0].text[:200]) if wrong else None
        case "KEY":
            return judge_key(envelope, line, now)
    return judge_said(envelope)


def _countered(view: View, command: ReceiveStatement) -> list[Item]:
    """Whoever counters does not accept: our offer ends with a CPR to it, even where the CPR itself is refused."""
    try:
        envelope = read_meaning(command.payload)
    except NotUnderstood:
        return []
    conflict = view.conflicts.get(str(envelope.dialog_id)) if envelope.type == "CPR" else None
    if conflict is None or conflict.offer is None or conflict.offer.by != view.own:
        return []
    if conflict.offer.msg_id != envelope.reply_to:
        return []
    return [OfferLapsed(pair_id=conflict.pair_id, proposal=conflict.offer.proposal)]


def _closed_by_refusal(view: View, command: ReceiveStatement) -> list[Item]:
    """An acceptance that we cannot take frees the acceptor of the offer: it is not open here either (line-v1 section 4)."""
    try:
        envelope = read_meaning(command.payload)
    except NotUnderstood:
        return []
    conflict = view.conflicts.get(str(envelope.dialog_id))
    offer = conflict.offer if conflict is not None else None
    if not isinstance(envelope.slots, AcceptSlots) or offer is None or offer.by != view.own:
        return []
    if offer.proposal != envelope.slots.proposal:
        return []
    return [OfferLapsed(pair_id=str(envelope.dialog_id), proposal=offer.proposal)]


def _type_of(command: ReceiveStatement) -> str:
    try:
        return read_meaning(command.payload).type
    except NotUnderstood:
        return ""


def _evidence(view: View, command: ReceiveStatement, line: Line, place: ChainResult, moment: Moment) -> Decided:
    """Two statements with one number, or a broken link: both kept, people told, no receipt.  Kept once each, and not without end."""
    number = f"{command.chain.epoch}/{command.chain.seq}"
    what: Literal["FORK", "BROKEN"] = "FORK" if place == "FORK" else "BROKEN"
    held = view.misuse.evidence.get((line.peer, what, number), ())
    if statement_hash(command.jws) in held or not may_keep(view, line.peer, what, number):
        return _only(place)
    text = (
        f"{line.name} signed two different statements with number {number}"
        if what == "FORK"
        else f"{line.name}'s statement {number} does not follow from the one before it"
    )
    evidence = EvidenceKept(peer=line.peer, what=what, jws=command.jws, text=text)
    alarm = AlarmRaised(code=what, about=line.peer, text=text, peer=line.peer)
    stands = view.alarm(what, line.peer, line.peer)
    told = counted(view, alarm, count=stands.count + 1 if stands else 1, now=moment.now)
    return Decided((evidence, *told), Outcome(result=place))


def _only(result: str) -> Decided:
    return Decided((), Outcome(result=result))


def keep_receipts(view: View, command: KeepReceipts) -> Decided:
    """Receipts beside what they receipt: only for statements that we sent, with their true hash, each once.

    A peer that was restored receipts again what it lost: that receipt counts too, or we would carry for ever.
    """
    line = view.lines[command.peer]
    items: list[Item] = []
    kept: set[tuple[int, int]] = set()
    for text, payload in command.receipts:
        receipt = read_receipt(payload)
        number = (receipt.epoch, receipt.seq)
        known = number in kept or (number in line.receipts and number <= line.delivered)
        if known or line.sent.hash_at(number) != receipt.hash:
            continue
        kept.add(number)
        items.append(ReceiptKept(peer=line.peer, jws=text))
    return Decided(tuple(items))


def restore(view: View, command: RestoreStatement, moment: Moment) -> Decided | Refusal:
    """One statement of our own feed comes back; only the next one, and only while the peer is ahead."""
    line = view.lines[command.peer]
    place = place_on_feed(line.sent, command.chain, statement_hash(command.jws))
    if line.compared != "AHEAD" or place not in ("NEXT", "NEW_EPOCH"):
        return refuse("NOT_NEXT", f"statement {command.chain.number} is not the next lost one ({place})")
    if command.chain.seen is not UNSET and line.received.hash_at(command.chain.seen.number) is None:
        return refuse("SEEN_FIRST", "what it had seen must be received first")
    return Decided((*_moved_away(view, command, moment), StatementRestored(peer=line.peer, jws=command.jws)))


def _moved_away(view: View, command: RestoreStatement, moment: Moment) -> list[Item]:
    """What our desk filed since under the id of a notice that comes back now."""
    envelope = read_meaning(command.payload)
    if not isinstance(envelope.slots, NoticeSlots) or envelope.exercise is not UNSET:
        return []
    notice = view.notices.get((view.own, envelope.slots.id))
    if notice is None or not another_was_filed(notice, envelope) or notice.state not in LIVE_STATES:
        return []
    return file_anew(view, notice, moment)
