"""What drafts, offers and signatures of clauses do to the terms of a line: the fold, the same at both nodes."""

import msgspec
from msgspec import UNSET

from skyparley.base import limits
from skyparley.domain import events as e
from skyparley.domain.clause_records import ClauseAsked, ClauseBook, ClauseDraft, ClauseOffer, OfferState, SignedClause
from skyparley.domain.clauses import book_of_offer, clause_name, clause_text, text_hash
from skyparley.domain.meetings import REVIEWS, Review, next_review
from skyparley.domain.messages.arrangement_slots import TermsSlots
from skyparley.domain.messages.matter_slots import AcceptedSlots, NotAcceptedSlots
from skyparley.domain.messages.slots import ErrSlots
from skyparley.domain.records import Line
from skyparley.domain.view import Taken
from skyparley.state.lines import set_check_clocks
from skyparley.state.matters import asks_again, gave_way
from skyparley.state.projection import State


def fold_terms(state: State, line: Line, taken: Taken, *, ours: bool) -> None:
    """TBL, and what answers one."""
    slots = taken.envelope.slots
    match slots:
        case TermsSlots():
            _offered(state, line, taken, slots)
        case AcceptedSlots() if slots.signature is not UNSET:
            _signed(state, line, taken, slots)
        case NotAcceptedSlots():
            found = book_of_offer(line, slots.hash)
            if found is not None:
                _set_state(found[1], slots.hash, "REJECTED")
        case ErrSlots() if not ours:
            _refused(state, line, slots.hash, taken.at)


def _offered(state: State, line: Line, taken: Taken, slots: TermsSlots) -> None:
    """The newest offer is the open one; those that were open give way."""
    envelope = taken.envelope
    book = line.terms.setdefault(clause_name(slots.body), ClauseBook())
    if slots.version <= book.signed_version:
        return
    if envelope.reply_to and (book.open is None or book.open.msg_id != envelope.reply_to):
        return  # It waited for the line, and what it counters was replaced meanwhile: the other node refuses it too.
    for held in book.offers:
        if held.state == "OPEN":
            _set_state(book, held.hash, _gives_way(held, taken), ended_by=taken.hash)
            gave_way(state, held.hash, taken, "COUNTERED" if held.by != envelope.from_ else "REPLACED")
    offer = ClauseOffer(
        by=envelope.from_,
        hash=taken.hash,
        msg_id=envelope.msg_id,
        number=envelope.number,
        body=slots.body,
        version=slots.version,
        effective=slots.effective,
        signature=slots.signature,
        at=taken.at,
        answers=envelope.reply_to or "",
    )
    book.offers = [*book.offers, offer][-limits.CLAUSE_OFFERS_KEPT :]
    if envelope.from_ == state.own:
        book.draft = None


def _gives_way(held: ClauseOffer, taken: Taken) -> OfferState:
    if held.by == taken.envelope.from_:
        return "REPLACED"
    return "COUNTERED" if taken.envelope.reply_to or held.number <= taken.envelope.seen_number else "OVERTAKEN"


def _signed(state: State, line: Line, taken: Taken, slots: AcceptedSlots) -> None:
    """Both signatures are here."""
    found = book_of_offer(line, slots.hash)
    if found is None or slots.signature is UNSET:
        return
    _, book = found
    offer = book.offer(slots.hash)
    assert offer is not None, "found by it"
    accepter = taken.envelope.from_
    if accepter == offer.by:
        return
    _set_state(book, slots.hash, "SIGNED")
    text = clause_text(state.own, line.peer, offer.body, version=offer.version, effective=offer.effective)
    signed = SignedClause(
        body=offer.body,
        version=offer.version,
        effective=offer.effective,
        text=text_hash(text),
        signatures={offer.by: offer.signature, accepter: slots.signature},
        offer=offer.hash,
        acceptance=taken.hash,
        at=taken.at,
    )
    if all(one.text != signed.text for one in book.signed):
        book.signed.append(signed)
    set_clause_clock(state, line, taken.at)


def _refused(state: State, line: Line, statement: str, at: int) -> None:
    """The other node could not take an offer of ours, or our acceptance: then it is not so here either."""
    for book in line.terms.values():
        offer = book.offer(statement)
        if offer is not None and offer.by == state.own and offer.state != "SIGNED":
            _set_state(book, statement, "REFUSED")
            _open_again(state, book)
        for one in [one for one in book.signed if one.acceptance == statement]:
            book.signed.remove(one)
            _unsign(book, one.offer)
    set_clause_clock(state, line, at)


def _open_again(state: State, book: ClauseBook) -> None:
    """What only refused offers had ended is open at the other node all the while."""
    refused = {offer.hash for offer in book.offers if offer.state == "REFUSED"}
    last = next((offer for offer in reversed(book.offers) if offer.hash not in refused), None)
    if last is not None and last.state in ("REPLACED", "COUNTERED", "OVERTAKEN") and last.ended_by in refused:
        _set_state(book, last.hash, "OPEN")
        asks_again(state, last.hash)


def _unsign(book: ClauseBook, statement: str) -> None:
    """An acceptance of ours did not hold there: the offer waits as it did."""
    newest = book.offers[-1].hash == statement
    book.offers = [
        msgspec.structs.replace(offer, state="OPEN" if newest else "REPLACED") if offer.hash == statement else offer
        for offer in book.offers
    ]


def _set_state(book: ClauseBook, statement: str, how: OfferState, *, ended_by: str = "") -> None:
    """An offer that both signed stays signed."""
    book.offers = [
        msgspec.structs.replace(offer, state=how, ended_by=ended_by or offer.ended_by)
        if offer.hash == statement and offer.state != "SIGNED"
        else offer
        for offer in book.offers
    ]


def set_clause_clock(state: State, line: Line, at: int) -> None:
    """When the next signed clause comes into force."""
    times = [time for book in line.terms.values() if (time := book.next_time(at)) is not None]
    if times:
        state.deadlines.set("CLAUSE", line.peer, min(times))
    else:
        state.deadlines.clear("CLAUSE", line.peer)


# --- events --------------------------------------------------------------------------------------------------------


def clause_drafted(state: State, event: e.ClauseDrafted, at: int) -> None:
    """Said to nobody."""
    book = state.lines[event.peer].terms.setdefault(event.clause, ClauseBook())
    book.draft = ClauseDraft(body=event.body, effective=event.effective, by=event.by, at=at)
    book.asked = None


def clause_dropped(state: State, event: e.ClauseDropped, at: int) -> None:
    """A book that never held anything else goes with its draft."""
    terms = state.lines[event.peer].terms
    book = terms[event.clause]
    book.draft = book.asked = None
    if not book.offers and not book.signed:
        del terms[event.clause]


def clause_asked(state: State, event: e.ClauseAsked, at: int) -> None:
    """The first of two persons."""
    asked = ClauseAsked(what=event.what, text=event.digest, by=event.by, at=at)
    state.lines[event.peer].terms[event.clause].asked = asked


def clause_confirmed(state: State, event: e.ClauseConfirmed, at: int) -> None:
    """The second; what they said follows."""
    book = state.lines[event.peer].terms[event.clause]
    book.asked = None
    if event.what == "TBL":
        book.draft = None


def clause_in_force(state: State, event: e.ClauseInForce, at: int) -> None:
    """What was in force before stays in sight for a while."""
    line = state.lines[event.peer]
    book = line.terms[event.clause]
    book.in_force, book.in_force_at = event.digest, at
    book.signed = sorted(book.signed, key=lambda one: one.version)[-limits.CLAUSE_SIGNED_KEPT :]
    set_clause_clock(state, line, at)
    if event.clause == "CALENDAR":
        for review in REVIEWS:
            set_review_clock(state, line, review, at)
        set_check_clocks(state, line, at)


def set_review_clock(state: State, line: Line, review: Review, at: int) -> None:
    """When people are told of the next one."""
    time = next_review(line, review, at)
    about = f"{line.peer} {review}"
    if time is None:
        state.deadlines.clear("CALENDAR", about)
    else:
        state.deadlines.set("CALENDAR", about, time)
