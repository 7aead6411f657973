"""What a desk sees of the terms of a line: each clause, how far it is settled, and what would change; and the radio card.

Nothing that only one side signed is shown as agreed: it is UNSETTLED, with its difference.  Source: DOMAIN LIV-10, NOT-10.
"""

from typing import Literal

from skyparley.base.ids import short_id
from skyparley.domain.clause_records import ClauseBook, ClauseOffer, Crossing, CrossingState, OfferState, SignedClause
from skyparley.domain.clauses import NAMED, Difference, clause_diff, in_force
from skyparley.domain.messages import arrangement_slots as a
from skyparley.domain.messages.codes import CrossingForm, FrequencyUse, Post, ReasonCode
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.records import Line
from skyparley.state.projection import State
from skyparley.state.shown import View, party_name

ClauseState = Literal["DRAFT", "PROPOSED BY US", "PROPOSED BY THEM", "UNSETTLED", "SIGNED", "IN FORCE"]
ClauseAct = Literal["draft", "drop", "propose", "counter", "accept", "reject"]


class SignedView(View, frozen=True, kw_only=True):
    """A version that both signed."""

    version: int
    effective: int
    signed_at: int
    signed_by: tuple[str, ...]
    digest: str
    short_id: str
    """What people read to each other of the text that was signed."""
    body: a.ClauseBody


class OfferedView(View, frozen=True, kw_only=True):
    """What one side signed and offered."""

    statement: str
    by: str
    ours: bool
    version: int
    effective: int
    at: int
    state: OfferState
    counters: str = ""
    """The statement that it counters."""
    body: a.ClauseBody


class DraftView(View, frozen=True, kw_only=True):
    """What was drafted here and said to nobody."""

    effective: int
    by: str
    at: int
    body: a.ClauseBody


class ClauseView(View, frozen=True, kw_only=True, omit_defaults=True):
    """One clause.  `diff`: what the offer, else the draft, would change of what is in force."""

    clause: str
    title: str
    state: ClauseState
    in_force: SignedView | None = None
    in_force_since: int | None = None
    later: tuple[SignedView, ...] = ()
    offer: OfferedView | None = None
    """The newest one that is not signed."""
    draft: DraftView | None = None
    diff: tuple[Difference, ...] = ()
    counter_diff: tuple[Difference, ...] = ()
    """What a counter would change of the offer that it answers."""
    asked_by: str = ""
    """Who of two persons asked; another confirms it."""
    asked: Literal["", "TBL", "ACC"] = ""
    can: tuple[ClauseAct, ...] = ()


class FrequencyView(View, frozen=True, kw_only=True):
    hz: int
    use: FrequencyUse
    text: str


class CallSignView(View, frozen=True, kw_only=True):
    party: str
    post: Post
    call_sign: str


class RadioCard(View, frozen=True, kw_only=True):
    """The frequencies and call signs in force; guard is of the whole world and always there."""

    frequencies: tuple[FrequencyView, ...]
    call_signs: tuple[CallSignView, ...] = ()
    settled: bool
    """Both signed the frequencies."""


class CrossingView(View, frozen=True, kw_only=True, omit_defaults=True):
    """A crossing of a standing line.  It is agreed only while `agreed` says so."""

    id: str
    by: str
    ours: bool
    version: int
    statement: str
    line: str
    line_version: int
    form: CrossingForm
    reason: ReasonCode
    volumes: tuple[VolumeSlot, ...]
    counter: tuple[VolumeSlot, ...] = ()
    start: int
    end: int
    state: CrossingState
    agreed: bool = False
    missed: bool = False
    """Not answered in time: treated as NOT agreed."""


class TermsView(View, frozen=True, kw_only=True):
    """The arrangement with one peer."""

    peer: str
    clauses: tuple[ClauseView, ...]
    radio: RadioCard
    coverage: a.CoverageSlots | None = None
    """For whom the peer said that it speaks."""
    crossings: tuple[CrossingView, ...] = ()


def terms_views(state: State, now: int) -> tuple[TermsView, ...]:
    """The arrangement with every peer."""
    return tuple(terms_view(state, line, now) for line in state.lines.values())


def terms_view(state: State, line: Line, now: int) -> TermsView:
    """Every named clause, said or not, then what is there of coverage and standing objects."""
    names = [*NAMED, *sorted(name for name in line.terms if name not in NAMED)]
    return TermsView(
        peer=line.name,
        clauses=tuple(_clause(state, line, name, line.terms.get(name, ClauseBook()), now) for name in names),
        radio=radio_card(state, line),
        coverage=line.coverage,
        crossings=tuple(_crossing(state, line, one, now) for one in line.crossings.values()),
    )


def radio_card(state: State, line: Line) -> RadioCard:
    """What stands beside every warning.  Without a signed clause only guard is shown, and that it is not settled."""
    body, names = in_force(line, "FREQUENCIES"), in_force(line, "CALLSIGNS")
    rows = body.frequencies if isinstance(body, a.FrequenciesClause) else ()
    said = {one.hz for one in rows}
    guard = tuple(a.FrequencySlot(hz=hz, use="GUARD") for hz in a.GUARD_HZ if hz not in said)
    signs = names.call_signs if isinstance(names, a.CallSignsClause) else ()
    return RadioCard(
        frequencies=tuple(
            FrequencyView(hz=one.hz, use=one.use, text=frequency_text(one.hz)) for one in (*rows, *guard)
        ),
        call_signs=tuple(
            CallSignView(party=party_name(state, one.party), post=one.post, call_sign=one.call_sign) for one in signs
        ),
        settled=bool(rows),
    )


def frequency_text(hz: int) -> str:
    """As people say it: megahertz from 30 MHz up, kilohertz below."""
    unit, name, least = (1_000_000, "MHz", 1) if hz >= 30_000_000 else (1_000, "kHz", 0)
    whole, rest = divmod(hz, unit)
    part = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0").ljust(least, "0")
    return f"{whole}.{part} {name}" if part else f"{whole} {name}"


def _clause(state: State, line: Line, name: str, book: ClauseBook, now: int) -> ClauseView:
    standing = book.standing
    offer = _newest_unsigned(book)
    would_be = offer.body if offer is not None else book.draft.body if book.draft is not None else None
    answered = next((one for one in book.offers if offer is not None and one.msg_id == offer.answers), None)
    version = standing.version if standing is not None else 0
    later = tuple(_signed(state, one) for one in book.signed if one.version > version)
    return ClauseView(
        clause=name,
        title=_title(state, name),
        state=_state(state, line, book, offer, bool(later), now),
        in_force=_signed(state, standing) if standing is not None else None,
        in_force_since=book.in_force_at if standing is not None else None,
        later=later,
        offer=_offer(state, book, offer) if offer is not None else None,
        draft=None
        if book.draft is None
        else DraftView(effective=book.draft.effective, by=book.draft.by, at=book.draft.at, body=book.draft.body),
        diff=clause_diff(standing.body if standing is not None else None, would_be) if would_be is not None else (),
        counter_diff=clause_diff(answered.body, offer.body) if offer is not None and answered is not None else (),
        asked_by=book.asked.by if book.asked is not None else "",
        asked=book.asked.what if book.asked is not None else "",
        can=_can(state, book),
    )


def _title(state: State, name: str) -> str:
    """A coverage clause by the name of the party, as people know it."""
    kind, _, rest = name.partition(" ")
    return f"COVERAGE {party_name(state, rest)}" if kind == "COVERAGE" and rest else name


def unsettled_clauses(line: Line) -> tuple[str, ...]:
    """The clauses that both have not signed, said or not, and those of which a newer version is not signed by both."""
    books = {**dict.fromkeys(NAMED, ClauseBook()), **line.terms}
    return tuple(name for name, book in books.items() if book.unsettled or not book.signed)


def _newest_unsigned(book: ClauseBook) -> ClauseOffer | None:
    """The newest offer, while both have not signed it or a newer version."""
    return book.offers[-1] if book.unsettled else None


def _state(state: State, line: Line, book: ClauseBook, offer: ClauseOffer | None, later: bool, now: int) -> ClauseState:
    """The one word: an offer that was not answered in time, or not taken, leaves the clause UNSETTLED."""
    if offer is not None:
        late = now >= offer.at + state.table_of(line.peer).arrangement_ms
        if offer.state != "OPEN" or late:
            return "UNSETTLED"
        return "PROPOSED BY US" if offer.by == state.own else "PROPOSED BY THEM"
    if later:
        return "SIGNED"
    if book.draft is not None:
        return "DRAFT"
    return "IN FORCE" if book.standing is not None else "UNSETTLED"


def _can(state: State, book: ClauseBook) -> tuple[ClauseAct, ...]:
    """What this desk may do now."""
    acts: list[ClauseAct] = ["draft"]
    theirs = book.open is not None and book.open.by != state.own
    if book.draft is not None:
        acts += ["drop", "counter" if theirs else "propose"]
    if theirs:
        acts += ["accept", "reject"]
    return tuple(acts)


def _signed(state: State, one: SignedClause) -> SignedView:
    return SignedView(
        version=one.version,
        effective=one.effective,
        signed_at=one.at,
        signed_by=tuple(party_name(state, party) for party in one.signatures),
        digest=one.text,
        short_id=short_id(one.text),
        body=one.body,
    )


def _offer(state: State, book: ClauseBook, one: ClauseOffer) -> OfferedView:
    answered = next((held.hash for held in book.offers if held.msg_id == one.answers), "")
    return OfferedView(
        statement=one.hash,
        by=party_name(state, one.by),
        ours=one.by == state.own,
        version=one.version,
        effective=one.effective,
        at=one.at,
        state=one.state,
        counters=answered,
        body=one.body,
    )


def _crossing(state: State, line: Line, one: Crossing, now: int) -> CrossingView:
    matter = state.matters.get(one.hash)
    over = now >= one.end and one.state not in ("CANCELLED", "EXPIRED")
    return CrossingView(
        id=one.id,
        by=party_name(state, one.by),
        ours=one.by == state.own,
        version=one.version,
        statement=one.hash,
        line=one.line.id,
        line_version=one.line.version,
        form=one.form,
        reason=one.reason,
        volumes=one.volumes,
        counter=one.counter,
        start=one.start,
        end=one.end,
        state="EXPIRED" if over else one.state,
        agreed=one.state == "ACCEPTED" and now < one.end,
        missed=matter is not None and matter.overdue(now),
    )
