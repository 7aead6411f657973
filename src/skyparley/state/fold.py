"""The fold: one event changes the state.  No decision is taken here; what a fold needs, the event or statement says."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from skyparley.base.ids import Fingerprint
from skyparley.domain import events as e
from skyparley.domain.checks import RETRY_MS
from skyparley.domain.commands import Outcome
from skyparley.domain.dialogue_states import next_state
from skyparley.domain.duty_records import OfferedPost, OnPost
from skyparley.domain.feed_lists import HashList, PlaceList, TakenList
from skyparley.domain.ladder import asks_of
from skyparley.domain.line_records import CardAsked
from skyparley.domain.lines import is_life
from skyparley.domain.link_health import changes_in_the_hour
from skyparley.domain.messages.envelope import Envelope, chain_again, meaning_again, statement_hash
from skyparley.domain.messages.receipt import receipt_again
from skyparley.domain.messages.slots import NoticeSlots
from skyparley.domain.records import (
    Conflict,
    Feed,
    Line,
    LineTable,
    LinkHealth,
    Notice,
    NoticeVersion,
    Number,
)
from skyparley.evidence import jws
from skyparley.evidence.card import read_card
from skyparley.state import crossings, pasts, terms
from skyparley.state.forgetting import forget
from skyparley.state.lines import (
    acted_here,
    change_asked,
    check_due,
    check_missed,
    desk_changed,
    opened,
    set_check_clocks,
    take_effect,
)
from skyparley.state.matters import expire, forget_matter, heard_early, held_there, rang, ring_passed
from skyparley.state.projection import State
from skyparley.state.ringing import ring_alarm, ring_matter, tell_hook
from skyparley.state.statements import Statement, fold_statement, set_content, settle
from skyparley.state.voice import VOICE_FOLDS, call_rang, forget_call


def fold(state: State, position: int, at: int, event: e.Event) -> Envelope | None:
    """Fold one event that stands at `position` and was decided at `at`.  Returns the statement in it, where it took effect."""
    assert position == state.position + 1, f"event {position} does not follow {state.position}"
    state.position = position
    match event:
        case e.StatementSealed() | e.StatementRestored():
            return _sent(state, event, at)
        case e.StatementReceived():
            return _received(state, event, at)
    _FOLDS[type(event)](state, event, at)
    return None


# --- feeds -----------------------------------------------------------------------------------------------------


def _sent(state: State, event: e.StatementSealed | e.StatementRestored, at: int) -> Envelope | None:
    line = state.lines[event.peer]
    envelope = meaning_again(jws.payload_again(event.jws))
    statement = statement_hash(event.jws)
    _grow(line.sent, envelope.number, statement, state.position)
    if envelope.cls == "LIFE" and isinstance(event, e.StatementSealed):  # What came back, the peer has.
        line.urgent.append(envelope.number)
    if isinstance(event, e.StatementRestored) or event.owed:
        # One that waited in the backup may have been sealed since, and come back: it is not said twice.
        _no_longer_owed(line, envelope.msg_id)
    fold_statement(state, line, Statement(envelope, statement, at, restored=isinstance(event, e.StatementRestored)))
    return envelope


def _received(state: State, event: e.StatementReceived, at: int) -> Envelope | None:
    line = state.lines[event.peer]
    payload = jws.payload_again(event.jws)
    statement = statement_hash(event.jws)
    envelope = meaning_again(payload) if event.verdict == "FOLDED" else None
    chain = chain_again(payload) if envelope is None else envelope
    _grow(line.received, chain.number, statement, state.position)
    if chain.seen is not msgspec.UNSET and line.sent.hash_at(chain.seen.number) == chain.seen.hash:
        _delivered(state, line, chain.seen.number, at)
    lead = None
    if envelope is not None:
        if envelope.cls == "LIFE" and asks_of(envelope) and not _heard_before(state, statement):
            state.count_life(event.peer, at, statement, exercise=envelope.exercise is not msgspec.UNSET)
        fold_statement(state, line, Statement(envelope, statement, at, event.ids, event.received_utc))
        if isinstance(envelope.slots, NoticeSlots) and envelope.exercise is msgspec.UNSET:
            lead = state.notices[(event.peer, envelope.slots.id)].lead_class
    line.received.receipts.setdefault(chain.epoch, TakenList()).append((event.received_utc, event.bearer, lead))
    return envelope


def _heard_before(state: State, statement: str) -> bool:
    matter = state.matters.get(statement)
    return matter is not None and matter.early


def _grow(feed: Feed, number: Number, statement: str, position: int) -> None:
    epoch, seq = number
    hashes = feed.hashes.setdefault(epoch, HashList())
    assert len(hashes) == seq - 1, f"statement {epoch}/{seq} on a feed of {len(hashes)}"
    hashes.append(statement)
    feed.places.setdefault(epoch, PlaceList()).append(position)
    feed.head, feed.head_hash = (epoch, seq), statement


def _delivered(state: State, line: Line, number: tuple[int, int], at: int) -> None:
    """The peer proved that it holds our feed up to a number: by a receipt, a HELLO or a `seen`."""
    line.peer_holds = max(line.peer_holds, number)
    if number <= line.delivered:
        return
    line.delivered = number
    for life in line.urgent:
        if life <= number:
            state.end_alarm("NOT_DELIVERED", line.sent.hash_at(life) or "", at)
    line.urgent = [life for life in line.urgent if life > number]
    held_there(state, line, at)
    for agreement_id in sorted(state.pending):
        record = state.agreements[agreement_id]
        if line.peer in record.signatures and record.sealed <= number:
            record.peer_holds = True
            state.pending.discard(agreement_id)


def _receipt(state: State, event: e.ReceiptKept, at: int) -> None:
    line = state.lines[event.peer]
    receipt = receipt_again(jws.payload_again(event.jws))
    number = (receipt.epoch, receipt.seq)
    line.receipts[number] = (receipt.received_utc, receipt.lead_class or None)
    _delivered(state, line, number, at)


# --- lines -----------------------------------------------------------------------------------------------------


def _started(state: State, event: e.NodeStarted, at: int) -> None:
    for line in state.lines.values():
        line.compared = "NO"
        line.epoch_asked = None


def _table_set(state: State, event: e.TableSet, at: int) -> None:
    state.judged_by = event.table_hash


def _line_table_set(state: State, event: e.LineTableSet, at: int) -> None:
    """Another table holds on a line.  Where both signed it, the peer holds it too, until it says otherwise."""
    line = state.lines[event.peer]
    line.table = LineTable(table=event.table, hash=event.table_hash, since=at, clause=event.clause)
    if event.clause:
        line.peer_table_hash = event.table_hash
    pasts.line_changed(state, event.peer, at)


def _pinned(state: State, event: e.PeerPinned, at: int) -> None:
    card = read_card(event.card)
    held = state.lines.get(card.fingerprint)
    if held is None:
        state.lines[card.fingerprint] = Line(peer=card.fingerprint, card=card)
    else:
        held.card = card


def _established(state: State, event: e.LineEstablished, at: int) -> None:
    line = state.lines[event.peer]
    line.state = "TESTING"
    state.deadlines.set("NEXT CHECK", line.peer, at + RETRY_MS)


def _opened(state: State, event: e.LineOpened, at: int) -> None:
    opened(state, state.lines[event.peer], at)


def _change_asked(state: State, event: e.LineChangeAsked, at: int) -> None:
    change_asked(state, event, at)


def _change_confirmed(state: State, event: e.LineChangeConfirmed, at: int) -> None:
    state.lines[event.peer].change_asked = None


def _keys_asked(state: State, event: e.KeysAsked, at: int) -> None:
    state.keys_asked = CardAsked(card=event.card, by=event.by, at=at)


def _keys_confirmed(state: State, event: e.KeysConfirmed, at: int) -> None:
    state.keys_asked = None


def _check_missed(state: State, event: e.CheckMissed, at: int) -> None:
    check_missed(state, event, at)


def _desk_changed(state: State, event: e.DeskChanged, at: int) -> None:
    desk_changed(state, event, at)


def _roster_set(state: State, event: e.RosterSet, at: int) -> None:
    state.duty.roster = dict(event.posts)


def _handover_offered(state: State, event: e.HandoverOffered, at: int) -> None:
    offer = OfferedPost(by=event.by, to=event.to, brief=event.brief, text=event.text, at=at)
    state.duty.offered[event.post] = offer


def _duty_taken(state: State, event: e.DutyTaken, at: int) -> None:
    state.duty.offered.pop(event.post, None)
    if event.account:
        state.duty.on[event.post] = OnPost(account=event.account, languages=event.languages, since=at)
    else:
        state.duty.on.pop(event.post, None)


def _peer_silent(state: State, event: e.PeerSilent, at: int) -> None:
    state.lines[event.peer].peer_desk = "SILENT"


def _table(state: State, event: e.TableCompared, at: int) -> None:
    line = state.lines[event.peer]
    line.peer_table_hash = event.table_hash
    line.peer_table_number = (event.epoch, event.seq)


def _compared(state: State, event: e.HeadsCompared, at: int) -> None:
    line = state.lines[event.peer]
    line.compared = event.result
    held = (event.held_epoch, event.held_seq)
    line.peer_holds = max(line.peer_holds, held)
    if event.result == "EQUAL":
        line.delivered = min(line.delivered, held)  # A peer restored from a backup needs what it lost.
        _delivered(state, line, held, at)


def _carried(state: State, event: e.StatementsCarried, at: int) -> None:
    line = state.lines[event.peer]
    line.carried = max(line.carried, (event.epoch, event.seq))


def _link(state: State, event: e.LinkChanged, at: int) -> None:
    links = state.lines[event.peer].links
    held = links.get((event.bearer, event.direction))
    changed = (*(changes_in_the_hour(held, event.since) if held is not None else ()), event.since)
    links[(event.bearer, event.direction)] = LinkHealth(state=event.state, since=event.since, changed=changed)


def _epoch_asked(state: State, event: e.EpochAsked, at: int) -> None:
    state.lines[event.peer].epoch_asked = (event.by, at)


def _epoch_opened(state: State, event: e.EpochOpened, at: int) -> None:
    line = state.lines[event.peer]
    line.sent.head, line.sent.head_hash = (event.epoch, 0), ""
    line.compared = "EQUAL"
    line.epoch_asked = None
    line.delivered = (event.epoch, 0)


def _owed(state: State, event: e.StatementOwed, at: int) -> None:
    line = state.lines[event.draft.peer]
    # What saves lives goes before whatever else waits.
    place = sum(1 for owed in line.owed if is_life(owed)) if is_life(event.draft) else len(line.owed)
    line.owed.insert(place, event.draft)


def _owed_dropped(state: State, event: e.OwedDropped, at: int) -> None:
    _no_longer_owed(state.lines[event.peer], event.msg_id)


def _no_longer_owed(line: Line, msg_id: str) -> None:
    line.owed = [owed for owed in line.owed if owed.msg_id != msg_id]


# --- our notices -----------------------------------------------------------------------------------------------


def _filed(state: State, event: e.NoticeFiled, at: int) -> None:
    version = NoticeVersion(version=1, kind=event.kind, volumes=event.volumes, due_regard=event.due_regard)
    notice = Notice(party=state.own, id=event.id, current=version, audience=event.audience, filed_at=at, decided_at=at)
    notice.by_voice = event.by_voice
    settle(state, notice, at)


def _changed(state: State, event: e.NoticeChanged, at: int) -> None:
    notice = state.notices[(state.own, event.id)]
    content = NoticeVersion(version=event.version, kind=event.kind, volumes=event.volumes, due_regard=event.due_regard)
    set_content(state, notice, content, at)
    notice.decided_at = at
    notice.audience, notice.by_voice = event.audience, event.by_voice
    settle(state, notice, at)


def _cancelled(state: State, event: e.NoticeCancelled, at: int) -> None:
    notice = state.notices[(state.own, event.id)]
    notice.state = "CANCELLED"
    notice.ended_at = at
    settle(state, notice, at)


def _activated(state: State, event: e.NoticeActivated, at: int) -> None:
    notice = state.notices[(state.own, event.id)]
    notice.state = "ACTIVE"
    notice.active_at = event.at


def _ended(state: State, event: e.NoticeEnded, at: int) -> None:
    notice = state.notices[(state.own, event.id)]
    notice.state = "ENDED"
    notice.ended_at = event.at
    settle(state, notice, at)


def _past(state: State, event: e.NoticePast, at: int) -> None:
    notice = state.notices[(event.party, event.id)]
    if event.peer:
        notice.past_for = (*notice.past_for, event.peer)
        return
    notice.past, notice.past_for = True, ()
    settle(state, notice, at)


def _forgotten(state: State, event: e.NoticeForgotten, at: int) -> None:
    forget(state, (event.party, event.id))


# --- conflicts and agreements ----------------------------------------------------------------------------------


def _found(state: State, event: e.ConflictFound, at: int) -> None:
    before = state.conflicts.get(event.pair_id)
    turn = state.forgotten.pairs.pop(event.pair_id, 0)
    conflict = Conflict(
        pair_id=event.pair_id,
        conflict_id=event.conflict_id,
        own_id=event.own_id,
        own_version=event.own_version,
        other_party=event.other_party,
        other_id=event.other_id,
        other_version=event.other_version,
        volumes=event.volumes,
        gaps=event.gaps,
        window=(event.start, event.end) if event.end else None,
        found_at=at,
        shared=event.shared,
        adopted=event.adopted,
        turn=turn,
    )
    if before is not None:
        conflict.turn, conflict.revision = before.turn, before.revision + 1
        conflict.last_offer = before.offer or before.last_offer
        conflict.state = next_state(before.state, "FOUND")
        if before.peer_conflict_id == event.conflict_id:
            conflict.peer_conflict_id = event.conflict_id
    state.keep_conflict(conflict)
    state.offers_of.get(event.other_party, set()).discard(event.pair_id)
    for what in ("REPLY", "COUNTERSIGN"):
        state.deadlines.clear(what, event.pair_id)
    _set_conflict_clocks(state, conflict, at)


def _set_conflict_clocks(state: State, conflict: Conflict, at: int) -> None:
    own = state.notices[(state.own, conflict.own_id)]
    other = state.notices[(conflict.other_party, conflict.other_id)]
    start = max(own.current.start, other.current.start)
    # One found after its start is UNRESOLVED at once: nobody waits for a start that has been (RES-05).
    state.deadlines.set("START", conflict.pair_id, max(start, at))
    if start > at:
        state.deadlines.set("HALF", conflict.pair_id, at + (start - at) // 2)
    else:
        state.deadlines.clear("HALF", conflict.pair_id)


def _gone(state: State, event: e.ConflictGone, at: int) -> None:
    conflict = state.conflicts[event.pair_id]
    conflict.live = False
    conflict.state = next_state(conflict.state, "GONE")
    conflict.offer = None
    conflict.acceptance = None
    conflict.revision += 1
    state.offers_of.get(conflict.other_party, set()).discard(event.pair_id)
    for what in ("HALF", "START", "REPLY", "COUNTERSIGN"):
        state.deadlines.clear(what, event.pair_id)


def _unresolved(state: State, event: e.ConflictUnresolved, at: int) -> None:
    conflict = state.conflicts[event.pair_id]
    conflict.state = next_state(conflict.state, "START")
    conflict.revision += 1


def _lapsed(state: State, event: e.OfferLapsed, at: int) -> None:
    conflict = state.conflicts[event.pair_id]
    if conflict.offer is not None and conflict.offer.proposal == event.proposal:
        conflict.state = next_state(conflict.state, "LAPSED")
        conflict.offer = None
        conflict.standby_until = None
        conflict.revision += 1
        state.offers_of.get(conflict.other_party, set()).discard(event.pair_id)
        state.deadlines.clear("REPLY", event.pair_id)


def _agreement_expired(state: State, event: e.AgreementExpired, at: int) -> None:
    state.agreements[event.agreement_id].expired = True
    state.end_agreement(event.agreement_id)


def _agreement_void(state: State, event: e.AgreementVoid, at: int) -> None:
    state.agreements[event.agreement_id].void = event.cause
    state.end_agreement(event.agreement_id)
    for what in ("EXPIRING", "EXPIRES"):
        state.deadlines.clear(what, event.agreement_id)


# --- the rest --------------------------------------------------------------------------------------------------


def _alarm(state: State, event: e.AlarmRaised, at: int) -> None:
    state.raise_alarm(event, at)
    ring_alarm(state.rings, state.position, at, event)


def _alarm_counted(state: State, event: e.AlarmCounted, at: int) -> None:
    state.grow_alarm(event, at)


def _unauthenticated(state: State, event: e.UnauthenticatedHeard, at: int) -> None:
    state.keep_unauthenticated(event, at)


def _peer_clock(state: State, event: e.PeerClockNoted, at: int) -> None:
    if event.skew_ms:
        state.misuse.clock_off_ms[event.peer] = event.skew_ms
    else:
        state.misuse.clock_off_ms.pop(event.peer, None)


def _evidence(state: State, event: e.EvidenceKept, at: int) -> None:
    """Its bytes are for people and courts.  How many there are is remembered, since more are not kept."""
    if event.what in ("FORK", "BROKEN"):
        epoch, seq = chain_again(jws.payload_again(event.jws)).number
        kept = state.misuse.evidence.setdefault((event.peer, event.what, f"{epoch}/{seq}"), [])
        kept.append(statement_hash(event.jws))


def _hook_tried(state: State, event: e.HookTried, at: int) -> None:
    tell_hook(state.rings, event, at)


def _rang(state: State, event: e.Rang, at: int) -> None:
    rang(state, event, at)
    ring_matter(state.rings, state.position, at, event, state.matters[event.statement])


def _heard_early(state: State, event: e.HeardEarly, at: int) -> None:
    envelope = meaning_again(jws.payload_again(event.jws))
    state.count_life(event.peer, at, statement_hash(event.jws), exercise=envelope.exercise is not msgspec.UNSET)
    heard_early(state, event, envelope, at)


def _matter_expired(state: State, event: e.MatterExpired, at: int) -> None:
    expire(state, event.statement, at)


def _matter_forgotten(state: State, event: e.MatterForgotten | e.MatterPutAway, at: int) -> None:
    forget_matter(state, event, at)


def _deadline(state: State, event: e.DeadlinePassed, at: int) -> None:
    state.deadlines.clear(event.what, event.about)
    if event.what == "RING":
        ring_passed(state, event.about, at)
    elif event.what == "NEXT CHECK":
        check_due(state, state.lines[Fingerprint(event.about)], event.due, at)
    elif event.what == "HUMAN CHECK":
        set_check_clocks(state, state.lines[Fingerprint(event.about)], at)
    elif event.what == "CALENDAR":
        peer, review = event.about.split(" ")
        terms.set_review_clock(state, state.lines[Fingerprint(peer)], review, max(at, event.due))  # type: ignore[arg-type]
    elif event.what == "LINE CHANGE":
        take_effect(state, state.lines[Fingerprint(event.about)], at)
    elif event.what == "CALL":
        call_rang(state, event.about, at)
    elif event.what == "FORGET CALL":
        forget_call(state, event.about)
    if event.what == "FORGET":
        state.deadlines.set("FORGET", event.about, at + state.keep_ms)  # It still mattered: looked at again later.


def _answered(state: State, event: e.CommandAnswered, at: int) -> None:
    state.keep_answer(event, msgspec.convert(event.answer, Outcome), at)
    if event.person:
        acted_here(state, at)


def _anchored(state: State, event: e.ClockAnchored, at: int) -> None:
    state.anchor = event


def _nothing(state: State, event: e.Event, at: int) -> None:
    """Evidence is kept for people and courts; it changes nothing."""


_FOLDS: Final[Mapping[type[e.Event], Callable[[State, Any, int], None]]] = {
    e.NodeStarted: _started,
    e.TableSet: _table_set,
    e.LineTableSet: _line_table_set,
    e.ClockAnchored: _anchored,
    e.PeerPinned: _pinned,
    e.LineEstablished: _established,
    e.LineOpened: _opened,
    e.LineChangeAsked: _change_asked,
    e.LineChangeConfirmed: _change_confirmed,
    e.KeysAsked: _keys_asked,
    e.KeysConfirmed: _keys_confirmed,
    e.ClauseDrafted: terms.clause_drafted,
    e.ClauseDropped: terms.clause_dropped,
    e.ClauseAsked: terms.clause_asked,
    e.ClauseConfirmed: terms.clause_confirmed,
    e.ClauseInForce: terms.clause_in_force,
    e.CrossingExpired: crossings.crossing_expired,
    e.CheckMissed: _check_missed,
    e.DeskChanged: _desk_changed,
    e.RosterSet: _roster_set,
    e.HandoverOffered: _handover_offered,
    e.DutyTaken: _duty_taken,
    e.PeerSilent: _peer_silent,
    e.TableCompared: _table,
    e.HeadsCompared: _compared,
    e.StatementsCarried: _carried,
    e.LinkChanged: _link,
    e.StatementOwed: _owed,
    e.OwedDropped: _owed_dropped,
    e.ReceiptKept: _receipt,
    e.EvidenceKept: _evidence,
    e.NoticeFiled: _filed,
    e.NoticeChanged: _changed,
    e.NoticeCancelled: _cancelled,
    e.NoticeActivated: _activated,
    e.NoticeEnded: _ended,
    e.NoticePast: _past,
    e.NoticeForgotten: _forgotten,
    e.ConflictFound: _found,
    e.ConflictGone: _gone,
    e.ConflictUnresolved: _unresolved,
    e.AgreementExpired: _agreement_expired,
    e.AgreementVoid: _agreement_void,
    e.OfferLapsed: _lapsed,
    e.AlarmRaised: _alarm,
    e.AlarmCounted: _alarm_counted,
    e.UnauthenticatedHeard: _unauthenticated,
    e.PeerClockNoted: _peer_clock,
    e.HookTried: _hook_tried,
    e.Rang: _rang,
    e.HeardEarly: _heard_early,
    e.MatterExpired: _matter_expired,
    e.MatterPutAway: _matter_forgotten,
    e.MatterForgotten: _matter_forgotten,
    e.DeadlinePassed: _deadline,
    e.EpochAsked: _epoch_asked,
    e.EpochOpened: _epoch_opened,
    e.CommandAnswered: _answered,
    **VOICE_FOLDS,
}
