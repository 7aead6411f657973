"""The terms of a line, clause by clause: drafted alone, proposed and accepted by two persons each, signed by both sides.

A clause is in force when both signatures are held and its time has come.  What both signed is never taken back, it is only
replaced by a newer version: so whatever crossed, both nodes come to the same.
Source: DOMAIN 9 (NOT-10, LINE-14, IAM-02), 10.2 TBL; line-v1 section 15.
"""

from collections.abc import Sequence

from msgspec import UNSET

from skyparley.base import limits
from skyparley.base.errors import Reason, Refusal, refuse
from skyparley.base.ids import digest
from skyparley.domain import commands as c
from skyparley.domain.clause_records import ClauseBook, ClauseOffer
from skyparley.domain.clauses import book_of_offer, clause_flaws, clause_name, clause_text, signature_holds, stands
from skyparley.domain.drafts import draft
from skyparley.domain.events import (
    ClauseAsked,
    ClauseConfirmed,
    ClauseDrafted,
    ClauseDropped,
    ClauseInForce,
    LineTableSet,
)
from skyparley.domain.line_changes import ASKED_MS
from skyparley.domain.line_views import saying_reasons
from skyparley.domain.lines import named_peer
from skyparley.domain.messages import matter_slots as m
from skyparley.domain.messages.arrangement_slots import ClauseText, NumbersClause, TermsSlots
from skyparley.domain.messages.codes import ErrCode
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.records import Draft, Line
from skyparley.domain.table import table_hash
from skyparley.domain.view import Decided, Item, Moment, Ruling, View

# --- what a desk does ----------------------------------------------------------------------------------------------


def draft_clause(view: View, command: c.DraftClause, moment: Moment, by: str) -> Ruling:
    """Kept here and said to nobody; the peer need not be reached."""
    peer = named_peer(view, command.peer)
    if peer is None:
        return refuse("UNKNOWN_PEER", f"no peer is called {command.peer!r}", field="peer")
    reasons = clause_flaws(command.body, view.own, peer)
    if command.effective and command.effective < moment.now:
        reasons.append(
            Reason("EFFECTIVE", "it takes effect when both have signed (0) or later, not before now", "effective")
        )
    name, terms = clause_name(command.body), view.lines[peer].terms
    if name not in terms and len(terms) >= limits.CLAUSES_PER_LINE:
        reasons.append(Reason("TOO_MANY", f"a line holds {limits.CLAUSES_PER_LINE} clauses at most", "body"))
    if reasons:
        return Refusal(tuple(reasons))
    event = ClauseDrafted(peer=peer, clause=name, body=command.body, effective=command.effective, by=by)
    return Decided((event,), c.Outcome(refs={"peer": view.lines[peer].name, "clause": name}))


def drop_clause(view: View, command: c.DropClause, by: str) -> Ruling:
    """Only what was said to nobody can be thrown away; an offer is replaced by a newer one."""
    peer = named_peer(view, command.peer)
    if peer is None:
        return refuse("UNKNOWN_PEER", f"no peer is called {command.peer!r}", field="peer")
    book = view.lines[peer].terms.get(command.clause)
    if book is None or book.draft is None:
        return refuse("NO_DRAFT", f"no clause {command.clause[:64]!r} is drafted with this peer", field="clause")
    return Decided((ClauseDropped(peer=peer, clause=command.clause, by=by),))


def propose_clause(view: View, command: c.ProposeClause, moment: Moment, by: str) -> Ruling:
    """TBL: asked by one person, confirmed by a second while the draft is the same; a counter where theirs is open."""
    peer = named_peer(view, command.peer)
    if peer is None:
        return refuse("UNKNOWN_PEER", f"no peer is called {command.peer!r}", field="peer")
    line = view.lines[peer]
    book = line.terms.get(command.clause)
    if book is None or book.draft is None:
        return refuse("NO_DRAFT", f"draft the clause first; no {command.clause[:64]!r} is drafted", field="clause")
    drafted = book.draft
    if drafted.effective and drafted.effective < moment.now:
        return refuse("EFFECTIVE", "its time of effect is over; draft it with a later one", field="clause")
    reasons = saying_reasons(view, line, "TBL", "ADMIN")
    if reasons:
        return Refusal(tuple(reasons))
    countered = book.open if book.open is not None and book.open.by == peer else None
    version = countered.version if countered is not None else book.said_version + 1
    text = clause_text(view.own, peer, drafted.body, version=version, effective=drafted.effective)
    asked = ClauseAsked(peer=peer, clause=command.clause, what="TBL", digest=digest(text), by=by)
    waits = _first_of_two(line, asked, moment.now)
    if waits is not None:
        return waits
    slots = TermsSlots(body=drafted.body, version=version, effective=drafted.effective or moment.now, signature="")
    item = draft("TBL", peer, slots, moment, reply_to=countered.msg_id if countered is not None else "")
    return _confirmed(line, asked, item, msg_id=item.msg_id, version=version)


def accept_clause(view: View, command: c.AcceptClause, moment: Moment, by: str) -> Ruling:
    """ACC of a TBL: by two persons, over the text that the other side signed."""
    matter = view.matters.get(command.statement)
    line = view.lines.get(matter.peer) if matter is not None else None
    found = book_of_offer(line, command.statement) if line is not None else None
    if matter is None or line is None or found is None:
        return refuse("UNKNOWN_STATEMENT", "no offered clause has this hash", field="statement")
    name, book = found
    offer = book.offer(command.statement)
    assert offer is not None, "found by it"
    if offer.by == view.own:
        return refuse("OWN_STATEMENT", "this is our own offer; the other side accepts it", field="statement")
    if offer.state == "SIGNED":
        return Decided((), c.Outcome(result="ALREADY", refs={"statement": offer.hash, "was": "accepted"}))
    if offer.state != "OPEN":
        return refuse("STATE", f"this offer is {offer.state}; only the open one is accepted", field="statement")
    reasons = saying_reasons(view, line, "ACC", "ADMIN", parent="TBL")
    if reasons:
        return Refusal(tuple(reasons))
    text = clause_text(view.own, line.peer, offer.body, version=offer.version, effective=offer.effective)
    asked = ClauseAsked(peer=line.peer, clause=name, what="ACC", digest=digest(text), by=by)
    waits = _first_of_two(line, asked, moment.now)
    if waits is not None:
        return waits
    item = draft(
        "ACC",
        line.peer,
        m.AcceptedSlots(hash=offer.hash),
        moment,
        sign=_text_of(view, line, offer),
        reply_to=offer.msg_id,
        cls="ADMIN",
    )
    return _confirmed(line, asked, item, statement=offer.hash, version=offer.version)


def _text_of(view: View, line: Line, offer: ClauseOffer) -> ClauseText:
    first, second = sorted((view.own, line.peer))
    return ClauseText(
        terms=1, parties=(first, second), body=offer.body, version=offer.version, effective=offer.effective
    )


def _first_of_two(line: Line, event: ClauseAsked, now: int) -> Ruling | None:
    """The answer to the first of two persons, or why this is no second one; None where the second confirms."""
    asked = line.terms[event.clause].asked
    same = asked is not None and (asked.what, asked.text) == (event.what, event.digest) and now - asked.at <= ASKED_MS
    if asked is None or not same:
        refs = {"peer": line.name, "clause": event.clause, "what": event.what}
        return Decided((event,), c.Outcome(result="ASKED", refs=refs))
    if asked.by == event.by:
        return refuse("SECOND_PERSON", f"{event.by} asked; another person must confirm", field="account")
    return None


def _confirmed(line: Line, event: ClauseAsked, item: Draft, **refs: object) -> Decided:
    """Both persons said it: it goes out."""
    asked = line.terms[event.clause].asked
    assert asked is not None, "the first of two asked"
    said = ClauseConfirmed(peer=line.peer, clause=event.clause, what=event.what, by=asked.by, second=event.by)
    return Decided((said, item), c.Outcome(refs={"peer": line.name, "clause": event.clause, **refs}))


# --- what a peer says ----------------------------------------------------------------------------------------------


def judge_clause(view: View, envelope: Envelope, line: Line, now: int) -> tuple[ErrCode, str] | None:
    """TBL: signed by their supervisor, sound, newer than what both signed; and which of two that crossed stands."""
    slots = envelope.slots
    assert isinstance(slots, TermsSlots)
    text = clause_text(view.own, line.peer, slots.body, version=slots.version, effective=slots.effective)
    if not signature_holds(slots.signature, text, line.card, envelope.created_utc, now):
        return "SIGNATURE", "the clause is not signed by this party's supervisor"
    flaws = clause_flaws(slots.body, view.own, line.peer)
    if flaws:
        return ("SCHEMA" if flaws[0].code in _NO_PLACE else "GEOMETRY"), flaws[0].text[:200]
    name = clause_name(slots.body)
    book = line.terms.get(name)
    if book is None:
        full = len(line.terms) >= limits.CLAUSES_PER_LINE
        return ("STATE", f"{limits.CLAUSES_PER_LINE} clauses are the most of a line") if full else None
    if slots.version <= book.signed_version:
        return "VERSION", f"version {book.signed_version} of {name} is signed by both"
    return _judge_turn(view, envelope, line, book)


_NO_PLACE = frozenset({"PARTIES", "TABLE", "TOO_LARGE", "GUARD", "HUMAN_CHECKS"})
"""Flaws that no other place on the map would mend."""


def _judge_turn(view: View, envelope: Envelope, line: Line, book: ClauseBook) -> tuple[ErrCode, str] | None:
    """A counter answers the open offer in its version; what crossed gives way or stands, at both ends alike."""
    slots, mine = envelope.slots, book.open
    assert isinstance(slots, TermsSlots)
    if envelope.reply_to is not UNSET:
        fits = mine is not None and mine.by == view.own and mine.msg_id == envelope.reply_to
        if not fits or mine is None or mine.version != slots.version:
            return "OVERTAKEN", "the offer that it counters is not open any more, or has another version"
        return None
    if mine is None or mine.by != view.own or mine.number <= envelope.seen_number:
        return None
    if stands(view.own, mine.version, line.peer, slots.version):
        return "OVERTAKEN", "it crossed an offer of ours, which stands"
    return None


def judge_acceptance(view: View, envelope: Envelope, line: Line, now: int) -> tuple[ErrCode, str] | None:
    """ACC of a TBL of ours: of an offer that was not answered otherwise, with their supervisor's signature over its text."""
    slots = envelope.slots
    if not isinstance(slots, m.AcceptedSlots):
        return None
    found = book_of_offer(line, slots.hash)
    if found is None and slots.signature is UNSET:
        return None  # Of something else: nothing is signed.
    offer = found[1].offer(slots.hash) if found is not None else None
    if offer is None or offer.by != view.own or envelope.reply_to != offer.msg_id:
        return "NOT_OURS", "no offer of ours that is remembered has this hash"
    if offer.state not in ("OPEN", "REPLACED"):
        return "STATE", f"this offer is {offer.state}"
    text = clause_text(view.own, line.peer, offer.body, version=offer.version, effective=offer.effective)
    if slots.signature is UNSET or not signature_holds(slots.signature, text, line.card, envelope.created_utc, now):
        return "SIGNATURE", "the clause is not signed by this party's supervisor"
    return None


# --- what follows --------------------------------------------------------------------------------------------------


def terms_now(view: View, line: Line, now: int) -> Sequence[Item]:
    """What comes into force by now: the clauses, and with NUMBERS the table of the line."""
    items: list[Item] = []
    for name, book in line.terms.items():
        one = book.in_force_by(now)
        text = one.text if one is not None else ""
        if text == book.in_force:
            continue
        items.append(ClauseInForce(peer=line.peer, clause=name, version=one.version if one else 0, digest=text))
        if name == "NUMBERS":
            table = one.body.table if one is not None and isinstance(one.body, NumbersClause) else view.table
            items.append(LineTableSet(peer=line.peer, table=table, table_hash=table_hash(table), clause=text))
    return items
