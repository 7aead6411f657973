"""What a desk sees: plain structures made from the state, the same for the HTTP door, the page and the command line.

Times are UTC milliseconds, positions and levels as on the wire.  Nothing here is shown as clear: an expired agreement is
EXPIRED whether or not a clock has rung, and a notice of a peer stays a notice of a peer.
"""

from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec import UNSET

from skyparley.base.ids import Fingerprint, short_id
from skyparley.domain.dialogue_states import asked_to_move
from skyparley.domain.duty_records import Brief, OfferedPost, OnPost
from skyparley.domain.line_records import ChangeAsked
from skyparley.domain.line_states import AgreementState, Word
from skyparley.domain.line_tables import least_sizes, readers_of
from skyparley.domain.line_views import word_of
from skyparley.domain.lines import may_seal, negotiation_reasons
from skyparley.domain.link_health import links_of
from skyparley.domain.messages.arrangement_slots import CoverageSlots
from skyparley.domain.messages.codes import (
    ClockKind,
    DeskState,
    HttpBearerKind,
    Language,
    LeadClass,
    NoticeKind,
    Post,
    ProposalKind,
)
from skyparley.domain.messages.matter_slots import ShiftSlots
from skyparley.domain.messages.slots import DueRegard, GapsSlot, TermNotice, VolumeSlot
from skyparley.domain.records import AgreementRecord, Alarm, Conflict, Direction, Line, LinkKey, Notice, Offer
from skyparley.domain.rings import open_rings
from skyparley.domain.rings_kept import Ring
from skyparley.domain.table import Table
from skyparley.domain.volumes import least_size_reasons
from skyparley.state.matter_views import MatterView, matter_views
from skyparley.state.projection import State
from skyparley.state.shown import View, party_name
from skyparley.state.terms_views import RadioCard, TermsView, radio_card, terms_views, unsettled_clauses
from skyparley.state.voice_views import (
    BannerView,
    CallView,
    ContactView,
    HeardView,
    NoticeByVoice,
    VoicePeerView,
    banner_views,
    call_back_to,
    call_views,
    contact_views,
    heard_view,
    notice_by_voice,
    voice_peer_views,
)


class PartyView(View, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    fingerprint: str


class ReceiptView(View, frozen=True, kw_only=True, omit_defaults=True):
    """Whether one peer was told of a notice's current version, and what it answered."""

    peer: str
    told_version: int | None = None
    delivered: bool = False
    received_utc: int | None = None
    lead_class: LeadClass | None = None
    acknowledged_utc: int | None = None
    """When a person there said RECEIVED AND UNDERSTOOD of this version.  It is not agreement."""


class NoticeView(View, frozen=True, kw_only=True, omit_defaults=True):
    party: str
    own: bool
    id: str
    version: int
    ref: str
    state: Literal["NOTIFIED", "COORDINATED", "ACTIVE", "ENDED", "CANCELLED"]
    past: bool = False
    kind: NoticeKind
    volumes: tuple[VolumeSlot, ...]
    due_regard: DueRegard
    start: int
    end: int
    audience: tuple[ReceiptView, ...] = ()
    received_utc: int | None = None
    lead_class: LeadClass | None = None
    by_voice: tuple[NoticeByVoice, ...] = ()
    """Peers with only a telephone that are to hear of it; of ours only."""
    heard: HeardView | None = None
    """It was heard by voice: one-sided, signed by our own desk alone."""
    missing_key: tuple[str, ...] = ()
    """Versions of ours that the peer's key did not name although it had received them."""
    small: bool = False
    """Smaller than the table's least sizes: marked, not refused (DIS-02)."""
    conflicts: tuple[str, ...] = ()
    """Pair ids of open conflicts."""


class TermView(View, frozen=True, kw_only=True, omit_defaults=True):
    party: str
    id: str
    version: int
    volumes: tuple[VolumeSlot, ...] | None = None


class OfferView(View, frozen=True, kw_only=True, omit_defaults=True):
    by: str
    ours: bool
    proposal: str
    turn: int
    kind: ProposalKind
    notices: tuple[TermView, TermView]
    until: int
    reply_by: int
    valid_until: int
    standby_until: int | None = None
    late: bool = False
    """Validity is over and nothing proves yet that no acceptance was sent: PENDING (line-v1 9.4)."""


class ConflictView(View, frozen=True, kw_only=True, omit_defaults=True):
    pair_id: str
    conflict_id: str
    short_id: str
    """What people read to each other: the first 40 bits of the conflict id, without look-alikes."""
    revision: int
    state: str
    live: bool
    local: bool
    """The peer was not told of our notice: no dialogue is possible."""
    heard: bool = False
    """The other notice was heard by voice: it is never proposed on and never becomes an agreement."""
    adopted: bool = False
    peer_same_id: bool = False
    """The peer told the same conflict id."""
    own_notice: str
    own_version: int
    other_party: str
    other_notice: str
    other_version: int
    volumes: tuple[int, int]
    gaps: GapsSlot
    start: int | None = None
    end: int | None = None
    found_at: int
    asked_to_move: tuple[str, ...] = ()
    offer: OfferView | None = None
    accepted_by_us: bool = False
    reject_reason: str = ""
    agreement_id: str = ""
    can: tuple[str, ...] = ()
    """What this desk may do now: propose, counter, accept, reject, stand_by, withdraw."""


class AgreementView(View, frozen=True, kw_only=True, omit_defaults=True):
    agreement_id: str
    short_id: str
    pair_id: str
    status: Literal["PENDING", "IN_FORCE", "EXPIRED", "VOID"]
    why_void: str = ""
    proposer: str
    acceptor: str
    kind: ProposalKind
    notices: tuple[TermView, TermView]
    until: int
    in_force_at: int
    signed_by: tuple[str, ...]
    frozen: bool = False
    """The line is suspended: it stands until its end, and nothing about it is changed meanwhile."""


class LinkView(View, frozen=True, kw_only=True, omit_defaults=True):
    """One bearer in one direction.  OUT: our heartbeats by an address of theirs.  IN: theirs by an address of ours."""

    bearer: HttpBearerKind
    direction: Direction
    state: Literal["UNKNOWN", "UP", "DEGRADED", "LOST"]
    since: int | None = None
    """When the state began; absent while no heartbeat told anything yet."""


class ChangeView(View, frozen=True, kw_only=True, omit_defaults=True):
    what: str
    by: str
    effective: int
    reason: str


class ChecksView(View, frozen=True, kw_only=True, omit_defaults=True):
    """Good checks by bearer that we began, and that the peer began; how many were missed in a row."""

    ours: dict[str, int]
    theirs: dict[str, int]
    needed: int
    missed: int = 0
    last_good_at: int | None = None
    next_at: int | None = None


class LineView(View, frozen=True, kw_only=True, omit_defaults=True):
    peer: str
    fingerprint: str
    state: AgreementState
    table: Literal["EQUAL", "MISMATCH", "UNKNOWN"]
    table_hash: str = ""
    """Of the table that holds on this line."""
    numbers: Table | None = None
    """That table, where it is not the one that this node was started with; by which clause, and since when."""
    table_clause: str = ""
    table_since: int | None = None
    compared: Literal["NO", "EQUAL", "AHEAD", "DIVERGED"]
    ready: bool
    """Statements can be sealed on it."""
    link_up: bool = False
    link_error: str = ""
    link_why: str = ""
    """What people can do about it, where that is known."""
    link_down_since: int | None = None
    """When the last delivery, or what stands for one, failed first: known at once, long before heartbeats are missed."""
    links: tuple[LinkView, ...] = ()
    """Each bearer in each direction, as heartbeats tell.  Kept over a restart."""
    sent: int
    delivered: int
    carried: int = 0
    """The last of those sent that a file was written with: whether it arrived, only `delivered` says."""
    receipts: Literal["EXPECTED", "NOT POSSIBLE"] = "EXPECTED"
    """NOT POSSIBLE: nothing can come back from this peer, so nothing may be shown as received."""
    owed: int
    received: int
    sent_epoch: int
    received_epoch: int
    epoch_asked_by: str = ""
    word: Word
    """The one displayed word; the bearers and both desks stand beside it."""
    suspended_by: tuple[str, ...] = ()
    changes: tuple[ChangeView, ...] = ()
    """Changes of state that were said and take effect later."""
    change_asked: ChangeAsked | None = None
    """What one of two persons asked for; another confirms it."""
    peer_desk: DeskState
    peer_shift: ShiftSlots | None = None
    checks: ChecksView
    radio: RadioCard
    """Frequencies, guard and call signs: beside every warning (LIV-10)."""
    coverage: CoverageSlots | None = None
    """For whom the peer said that it speaks; shown beside each of its answers (LINE-14)."""
    unsettled: tuple[str, ...] = ()
    """Clauses that both have not signed, or not as somebody offered them last; those that nobody offered among them."""
    banners: tuple[BannerView, ...] = ()
    """What was announced of it outside the line.  It stands beside the word and does not change it (LINE-09)."""


class AlarmView(View, frozen=True, kw_only=True, omit_defaults=True):
    code: str
    text: str
    about: str
    peer: str = ""
    at: int
    count: int = 1
    """How often, where one alarm stands for many; `last_at` is when that was last told."""
    last_at: int | None = None
    over_at: int | None = None
    """When what it warns of was over: of NOT_DELIVERED, when the other machine was known to hold the statement."""


class HookView(View, frozen=True, kw_only=True, omit_defaults=True):
    """A way out of the node for what rings.  While it fails, whom it should ring does not hear."""

    name: str
    failing: bool = False
    since: int | None = None
    text: str = ""
    waiting: int = 0
    """Rings of the last hour that it has neither carried nor given up."""


class UnauthenticatedView(View, frozen=True, kw_only=True, omit_defaults=True):
    """A text that nobody is known to have signed, as far as it is kept.  It changed nothing."""

    claimed: str
    hash: str
    text: str
    source: str
    why: str
    at: int
    call_back: tuple[str, ...] = ()
    """By what to ask the party that it claims, by the book: never by what the caller gave."""


class DutyView(View, frozen=True, kw_only=True, omit_defaults=True):
    """A post: who holds it, and whether it is being handed over."""

    post: Post
    account: str = ""
    languages: tuple[Language, ...] = ()
    since: int | None = None
    offered_to: str = ""
    brief: str = ""
    """The hash of the brief that was offered."""
    brief_text: Brief | None = None


class Overview(View, frozen=True, kw_only=True, omit_defaults=True):
    """The whole desk in one answer."""

    position: int
    now: int
    clock: ClockKind
    rate_permille: int = 1000
    own: PartyView
    table_hash: str
    table: Table
    lines: tuple[LineView, ...]
    notices: tuple[NoticeView, ...]
    conflicts: tuple[ConflictView, ...]
    agreements: tuple[AgreementView, ...]
    desk: DeskState
    duty: tuple[DutyView, ...] = ()
    roster: dict[Post, tuple[str, ...]]
    matters: tuple[MatterView, ...] = ()
    """Statements that ask people for something; what is still asked first, by class and age."""
    terms: tuple[TermsView, ...] = ()
    """The arrangement with each peer: clauses, and crossings of standing lines."""
    alarms: tuple[AlarmView, ...]
    hooks: tuple[HookView, ...] = ()
    unauthenticated: tuple[UnauthenticatedView, ...] = ()
    voice_peers: tuple[VoicePeerView, ...] = ()
    """Parties with only a telephone."""
    calls: tuple[CallView, ...] = ()
    """What people say to them: what is still to be done first."""
    contacts: tuple[ContactView, ...] = ()
    """What was said outside the line, the newest first."""
    statement: str = "Not a certified separation service: crews' own duty to avoid remains."


def overview(state: State, now: int) -> Overview:
    """Everything a desk shows, at one moment of the durable state."""
    return Overview(
        position=state.position,
        now=now,
        clock=state.clock,
        rate_permille=state.anchor.rate_permille if state.anchor else 1000,
        own=PartyView(name=state.name, fingerprint=state.own),
        table_hash=state.table_hash,
        table=state.table,
        lines=tuple(line_view(state, line) for line in state.lines.values()),
        notices=tuple(notice_view(state, notice, now) for notice in state.notices.values()),
        conflicts=tuple(conflict_view(state, conflict, now) for conflict in state.conflicts.values()),
        agreements=tuple(agreement_view(state, record, now) for record in state.agreements.values()),
        desk=state.desk,
        duty=duty_views(state),
        roster=state.duty.roster,
        matters=matter_views(state, now),
        terms=terms_views(state, now),
        alarms=tuple(alarm_view(state, alarm) for alarm in state.alarms),
        unauthenticated=unauthenticated_views(state),
        voice_peers=voice_peer_views(state),
        calls=call_views(state, now),
        contacts=contact_views(state),
    )


def duty_views(state: State) -> tuple[DutyView, ...]:
    """Every post that somebody holds or may hold."""
    posts = sorted({*state.duty.on, *state.duty.roster})
    return tuple(_duty_view(post, state.duty.on.get(post), state.duty.offered.get(post)) for post in posts)


def _duty_view(post: Post, held: OnPost | None, offer: OfferedPost | None) -> DutyView:
    return DutyView(
        post=post,
        account=held.account if held else "",
        languages=held.languages if held else (),
        since=held.since if held else None,
        offered_to=offer.to if offer else "",
        brief=offer.brief if offer else "",
        brief_text=msgspec.json.decode(offer.text, type=Brief) if offer else None,
    )


def notice_view(state: State, notice: Notice, now: int) -> NoticeView:
    """A notice with who was told and what they received."""
    open_conflicts = state.conflicts_of(notice.party, notice.id)
    shown = notice.state
    least = least_sizes(state, readers_of(state, notice))
    return NoticeView(
        party=party_name(state, notice.party),
        own=notice.party == state.own,
        id=notice.id,
        version=notice.current.version,
        ref=notice.ref,
        state="COORDINATED" if shown == "NOTIFIED" and coordinated(state, notice) else shown,
        past=notice.past or now >= notice.current.end,
        kind=notice.current.kind,
        volumes=notice.current.volumes,
        due_regard=notice.current.due_regard,
        start=notice.current.start,
        end=notice.current.end,
        audience=tuple(receipt_view(state, notice, peer) for peer in notice.audience),
        received_utc=notice.received_utc,
        lead_class=notice.lead_class,
        by_voice=notice_by_voice(state, notice),
        heard=heard_view(notice.heard),
        missing_key=notice.missing_key,
        small=bool(least_size_reasons(notice.current.kind, notice.current.volumes, least)),
        conflicts=tuple(conflict.pair_id for conflict in open_conflicts),
    )


def coordinated(state: State, notice: Notice) -> bool:
    """Told to and received by the whole audience, its keys complete, no conflict open.  Not a permission.

    One that was only heard never is; one of ours is when each peer with only a telephone was called about it too.
    """
    if notice.heard is not None or any(
        one.told_version != notice.current.version for one in notice_by_voice(state, notice)
    ):
        return False
    if notice.missing_key or state.conflicts_of(notice.party, notice.id):
        return False
    if notice.party != state.own:
        return True
    if not notice.audience or (state.own, notice.id) in state.deficient:
        return False
    return all(receipt_view(state, notice, peer).delivered for peer in notice.audience)


def receipt_view(state: State, notice: Notice, peer: Fingerprint) -> ReceiptView:
    """What is known of one recipient."""
    told = notice.told.get(peer)
    line = state.lines[peer]
    if told is None:
        return ReceiptView(peer=line.name)
    received = line.receipts.get(told.number)
    matter = state.matters.get(told.hash)
    return ReceiptView(
        peer=line.name,
        told_version=told.version,
        delivered=told.version == notice.current.version and line.delivered >= told.number,
        received_utc=received[0] if received else None,
        lead_class=received[1] if received else None,
        acknowledged_utc=matter.acked_at if matter is not None else None,
    )


def conflict_view(state: State, conflict: Conflict, now: int) -> ConflictView:
    """A conflict, its dialogue, and what this desk may do about it."""
    return ConflictView(
        pair_id=conflict.pair_id,
        conflict_id=conflict.conflict_id,
        short_id=short_id(conflict.conflict_id),
        revision=conflict.revision,
        state=conflict.state,
        live=conflict.live,
        local=not conflict.shared,
        heard=conflict.other_party in state.voice.peers,
        adopted=conflict.adopted,
        peer_same_id=conflict.peer_conflict_id == conflict.conflict_id,
        own_notice=conflict.own_id,
        own_version=conflict.own_version,
        other_party=party_name(state, conflict.other_party),
        other_notice=conflict.other_id,
        other_version=conflict.other_version,
        volumes=conflict.volumes,
        gaps=conflict.gaps,
        start=conflict.window[0] if conflict.window else None,
        end=conflict.window[1] if conflict.window else None,
        found_at=conflict.found_at,
        asked_to_move=tuple(party_name(state, party) for party in asked_to_move(state, conflict, now))
        if conflict.live
        else (),
        offer=offer_view(state, conflict, conflict.offer, now) if conflict.offer else None,
        accepted_by_us=conflict.acceptance is not None,
        reject_reason=conflict.reject_reason if conflict.state == "REJECTED" else "",
        agreement_id=conflict.agreement_id,
        can=acts(state, conflict, now),
    )


def acts(state: State, conflict: Conflict, now: int) -> tuple[str, ...]:
    """What a desk may do now; empty where only waiting is left."""
    line = state.lines.get(conflict.other_party)
    if line is None:
        return ()  # It was heard by voice: there is nobody to sign with.
    if not conflict.live or not conflict.shared or conflict.acceptance or negotiation_reasons(state, line):
        return ()
    if conflict.offer is None:
        return ("propose",)
    if conflict.offer.by == state.own:
        return ("withdraw",)
    answers = ("counter", "reject") if conflict.standby_until else ("counter", "reject", "stand_by")
    return ("accept", *answers) if now < conflict.offer.valid_until else ("counter",)


def offer_view(state: State, conflict: Conflict, offer: Offer, now: int) -> OfferView:
    """The open offer."""
    return OfferView(
        by=party_name(state, offer.by),
        ours=offer.by == state.own,
        proposal=offer.proposal,
        turn=offer.turn,
        kind=offer.kind,
        notices=(term_view(state, offer.notices[0]), term_view(state, offer.notices[1])),
        until=offer.until,
        reply_by=offer.reply_by,
        valid_until=offer.valid_until,
        standby_until=conflict.standby_until,
        late=now >= offer.valid_until,
    )


def term_view(state: State, term: TermNotice) -> TermView:
    """One side of terms, the party by name."""
    volumes = None if term.volumes is UNSET else term.volumes
    return TermView(party=party_name(state, term.party), id=term.id, version=term.version, volumes=volumes)


def agreement_view(state: State, record: AgreementRecord, now: int) -> AgreementView:
    """An agreement with who signed it and how it stands now."""
    agreement = record.agreement
    return AgreementView(
        agreement_id=record.agreement_id,
        short_id=short_id(record.agreement_id),
        pair_id=agreement.pair_id,
        status=record.status(now),
        why_void=record.void,
        proposer=party_name(state, agreement.proposer),
        acceptor=party_name(state, agreement.acceptor),
        kind=agreement.kind,
        notices=(term_view(state, agreement.notices[0]), term_view(state, agreement.notices[1])),
        until=agreement.until,
        in_force_at=record.in_force_at,
        signed_by=tuple(party_name(state, party) for party in record.signatures),
        frozen=any(
            party != state.own
            and state.lines[party].state == "SUSPENDED"
            and record.status(now) in ("PENDING", "IN_FORCE")
            for party in record.signatures
        ),
    )


def line_view(state: State, line: Line) -> LineView:
    """A line; the door adds how the link is."""
    table: Literal["EQUAL", "MISMATCH", "UNKNOWN"] = "UNKNOWN"
    if line.peer_table_hash:
        table = "EQUAL" if line.peer_table_hash == state.table_hash_of(line.peer) else "MISMATCH"
    return LineView(
        peer=line.name,
        fingerprint=line.peer,
        state=line.state,
        table=table,
        table_hash=state.table_hash_of(line.peer),
        numbers=None if line.table is None else line.table.table,
        table_clause="" if line.table is None else line.table.clause,
        table_since=None if line.table is None else line.table.since,
        compared=line.compared,
        ready=may_seal(line),
        links=tuple(link_view(line, key) for key in links_of(state.own_card, line)),
        sent=line.sent.head[1],
        sent_epoch=line.sent.head[0],
        delivered=line.delivered[1],
        carried=line.carried[1] if line.carried[0] == line.sent.head[0] else 0,
        owed=len(line.owed),
        received=line.received.head[1],
        received_epoch=line.received.head[0],
        epoch_asked_by=line.epoch_asked[0] if line.epoch_asked else "",
        word=word_of(state, line),
        suspended_by=tuple(party_name(state, party) for party in line.suspended_by),
        changes=tuple(
            ChangeView(what=one.what, by=party_name(state, one.by), effective=one.effective, reason=one.reason)
            for one in line.changes
        ),
        change_asked=line.change_asked,
        peer_desk=line.peer_desk,
        peer_shift=line.peer_shift,
        checks=ChecksView(
            ours=line.checks.ours,
            theirs=line.checks.theirs,
            needed=line.checks.needed,
            missed=line.checks.missed,
            last_good_at=line.checks.last_good_at or None,
            next_at=state.deadlines.due_at("NEXT CHECK", line.peer),
        ),
        banners=banner_views(state, line.peer),
        radio=radio_card(state, line),
        coverage=line.coverage,
        unsettled=unsettled_clauses(line),
    )


def link_view(line: Line, key: LinkKey) -> LinkView:
    """How a bearer is in one direction."""
    health = line.links.get(key)
    if health is None:
        return LinkView(bearer=key[0], direction=key[1], state="UNKNOWN")
    return LinkView(bearer=key[0], direction=key[1], state=health.state, since=health.since)


def alarm_view(state: State, alarm: Alarm) -> AlarmView:
    """An alarm as it was raised."""
    peer = party_name(state, alarm.peer) if alarm.peer else ""
    return AlarmView(
        code=alarm.code,
        text=alarm.text,
        about=alarm.about,
        peer=peer,
        at=alarm.at,
        count=alarm.count,
        last_at=alarm.counted_at or None,
        over_at=alarm.over_at or None,
    )


def hook_view(state: State, name: str, carries: Callable[[Ring], bool], now: int) -> HookView:
    """How a hook is.  `carries`: whether it rings for a ring, which its settings say and not the state."""
    failing = state.rings.failing.get(name)
    return HookView(
        name=name,
        failing=failing is not None,
        since=failing.since if failing else None,
        text=failing.text if failing else "",
        waiting=sum(map(carries, open_rings(state.rings, name, now))),
    )


def unauthenticated_views(state: State) -> tuple[UnauthenticatedView, ...]:
    """What came without a signature that holds, the newest first."""
    return tuple(
        UnauthenticatedView(
            claimed=party_name(state, one.claimed) if one.claimed else "",
            hash=one.hash,
            text=one.text,
            source=one.source,
            why=one.why,
            at=one.at,
            call_back=call_back_to(state, one.claimed),
        )
        for one in state.misuse.unauthenticated
    )
