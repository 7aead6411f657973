"""What a desk sees of peers with only a telephone, of calls to them, and of contacts outside the line."""

from typing import Literal

import msgspec

from skyparley.base.ids import Fingerprint
from skyparley.domain.contacts import QUERIES, call_back
from skyparley.domain.heard_records import HeardFrom
from skyparley.domain.matter_records import Rung
from skyparley.domain.messages.catalogue import StatementType
from skyparley.domain.messages.codes import Class, ContactHow, ContactKind, ContactWho, Language, ReadBackField
from skyparley.domain.messages.matter_slots import FreeText, ReadBackValues
from skyparley.domain.phrases import sentences
from skyparley.domain.read_back import values_of
from skyparley.domain.records import Notice
from skyparley.domain.voice_records import BY_VOICE, Call, CallState, Contact
from skyparley.language.spoken import spoken
from skyparley.language.words import seen
from skyparley.state.matter_views import Sentence
from skyparley.state.projection import State
from skyparley.state.shown import View, party_name

IF_REFUSED = (
    "Do not argue and do not repeat it as a demand. Ask for the supervisor of the post. Say that it is for the safety of flight.",
    "Enter REFUSED with how it was refused; your supervisor is told, and the activity counts as not coordinated.",
)
IF_NO_ANSWER = "Enter NO ANSWER and call the next number; you are rung again until somebody is reached."


class HeardView(View, frozen=True, kw_only=True):
    """How our desk heard it: one-sided, signed by our own role alone."""

    post: ContactWho
    how: ContactHow
    at: int


class BannerView(View, frozen=True, kw_only=True):
    """What was announced of a line outside it.  The line's word stays what it is."""

    contact: str
    kind: ContactKind
    how: ContactHow
    who: ContactWho
    at: int
    gist: FreeText


class VoicePeerView(View, frozen=True, kw_only=True, omit_defaults=True):
    """A party with only a telephone."""

    peer: str
    fingerprint: str
    word: Literal["BY VOICE"] = "BY VOICE"
    languages: tuple[Language, ...] = ()
    numbers: tuple[str, ...] = ()
    calls: int
    """Calls to it that are still to be made or finished."""
    banners: tuple[BannerView, ...] = ()


class CallView(View, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a person says to a voice peer."""

    call: str
    peer: str
    type: StatementType
    cls: Class
    code: str = ""
    about: str = ""
    state: CallState
    made_at: int
    due: int
    late: bool
    started_at: int | None = None
    summary_due: int | None = None
    tries: int = 0
    outcome: str = ""
    post: str = ""
    to_read_back: ReadBackValues
    read_back: Literal["", "MATCH", "MISMATCH"] = ""
    read_back_values: ReadBackValues | None = None
    differs: tuple[ReadBackField, ...] = ()
    summary: FreeText | None = None
    closed_at: int | None = None
    rung: tuple[Rung, ...] = ()
    revision: int
    can: tuple[Literal["start", "record"], ...] = ()


class ContactView(View, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody spoke outside the line.  `by`: whose desk recorded it.  Nothing is inferred from it."""

    contact: str
    by: str
    ours: bool
    peer: str = ""
    kind: ContactKind
    how: ContactHow
    who: ContactWho
    at: int
    entered_at: int
    gist: FreeText
    told: tuple[str, ...] = ()
    banner: bool = False
    taken_down_at: int | None = None
    ask: tuple[str, ...] = ()
    """What the desk may ask to have clarified (N6)."""


class NoticeByVoice(View, frozen=True, kw_only=True, omit_defaults=True):
    """What one voice peer heard of a notice of ours; `call` is the one that is still open about it."""

    peer: str
    told_version: int | None = None
    call: str = ""
    state: CallState | Literal["NOT CALLED"] = "NOT CALLED"


class CallSheet(View, frozen=True, kw_only=True, omit_defaults=True):
    """What lies beside the telephone: the phrase in their language large, in ours beneath, and boxes to fill."""

    call: CallView
    now: int
    """The node's time when the sheet was made: the stopwatch counts from it, whatever clock the browser has."""
    numbers: tuple[str, ...] = ()
    theirs: tuple[Sentence, ...] = ()
    aloud: tuple[str, ...] = ()
    """How to say it, where the language has a way in Latin letters."""
    ours: tuple[Sentence, ...] = ()
    own_words: FreeText | None = None
    read_back: ReadBackValues
    summary_within_ms: int
    if_refused: tuple[str, ...] = IF_REFUSED
    if_no_answer: str = IF_NO_ANSWER


def heard_view(heard: HeardFrom | None) -> HeardView | None:
    """How it was heard; None for what came by a line."""
    return None if heard is None else HeardView(post=heard.post, how=heard.how, at=heard.at)


def voice_peer_views(state: State) -> tuple[VoicePeerView, ...]:
    """All of them, by name."""
    return tuple(
        VoicePeerView(
            peer=peer.name,
            fingerprint=peer.peer,
            word=BY_VOICE,
            languages=peer.languages,
            numbers=peer.numbers,
            calls=sum(1 for call in state.voice.calls.values() if call.peer == peer.peer and call.open),
            banners=banner_views(state, peer.peer),
        )
        for peer in sorted(state.voice.peers.values(), key=lambda one: one.name)
    )


def banner_views(state: State, peer: Fingerprint) -> tuple[BannerView, ...]:
    """What was announced of the line to a peer, the newest first."""
    standing = [one for one in state.voice.contacts.values() if one.peer == peer and one.banner]
    return tuple(
        BannerView(contact=one.id, kind=one.kind, how=one.how, who=one.who, at=one.at, gist=_gist(one))
        for one in reversed(standing)
    )


_ORDER: tuple[Class, ...] = ("LIFE", "SAFETY", "PRIORITY", "COORD", "ADMIN")


def call_views(state: State, now: int) -> tuple[CallView, ...]:
    """What is still to be done first, by class and time; then what is over, the newest first."""
    calls = state.voice.calls.values()
    due = sorted((one for one in calls if one.open), key=lambda one: (_ORDER.index(one.cls), one.due, one.id))
    over = sorted((one for one in calls if not one.open), key=lambda one: -(one.closed_at or 0))
    return tuple(call_view(state, one, now) for one in (*due, *over))


def call_view(state: State, call: Call, now: int) -> CallView:
    """A call with what this desk may do about it."""
    said = call.envelope
    can: tuple[Literal["start", "record"], ...] = ()
    if call.open:
        can = ("start",) if call.state == "DUE" else ("record",)
    return CallView(
        call=call.id,
        peer=party_name(state, call.peer),
        type=said.type,
        cls=call.cls,
        code=said.code or "",
        about=call.about,
        state=call.state,
        made_at=call.made_at,
        due=call.due,
        late=call.overdue(now),
        started_at=call.started_at,
        summary_due=call.summary_due,
        tries=call.tries,
        outcome=call.outcome,
        post=call.post,
        to_read_back=values_of(said.slots),
        read_back=call.read_back,
        read_back_values=call.read_back_values,
        differs=call.differs,
        summary=call.summary,
        closed_at=call.closed_at,
        rung=tuple(call.rung),
        revision=call.revision,
        can=can,
    )


def call_sheet(state: State, call: Call, now: int, lang: str = "") -> CallSheet:
    """The sheet of a call, in the first of their languages or the one asked for.  Raises BadPhrase for an unknown one."""
    peer = state.voice.peers[call.peer]
    said = call.envelope
    theirs = lang or (peer.languages[0] if peer.languages else "en")
    in_theirs = sentences(said, theirs)
    aloud = [spoken(one.text, one.lang) for one in in_theirs]
    return CallSheet(
        call=call_view(state, call, now),
        now=now,
        numbers=peer.numbers,
        theirs=tuple(Sentence.of(one) for one in in_theirs),
        aloud=tuple(text for text in aloud if text is not None),
        ours=tuple(Sentence.of(one) for one in sentences(said, "en")),
        own_words=_own_words(said.free_text or getattr(said.slots, "gist", None)),
        read_back=values_of(said.slots),
        summary_within_ms=state.table_of(call.peer).voice_summary_ms,
    )


def _own_words(said: FreeText | None) -> FreeText | None:
    return None if said is None else FreeText(lang=said.lang, text=seen(said.text))


def contact_views(state: State) -> tuple[ContactView, ...]:
    """All in memory, the newest first."""
    return tuple(_contact_view(state, one) for one in reversed(state.voice.contacts.values()))


def _contact_view(state: State, contact: Contact) -> ContactView:
    ours = contact.party == state.own
    return ContactView(
        contact=contact.id,
        by=party_name(state, contact.party),
        ours=ours,
        peer=party_name(state, contact.peer) if contact.peer else "",
        kind=contact.kind,
        how=contact.how,
        who=contact.who,
        at=contact.at,
        entered_at=contact.entered_at,
        gist=_gist(contact),
        told=tuple(party_name(state, peer) for peer in contact.told),
        banner=contact.banner,
        taken_down_at=contact.taken_down_at,
        ask=QUERIES if ours and contact.peer else (),
    )


def _gist(contact: Contact) -> FreeText:
    """What a peer told may hold signs that are not seen: they become one that is."""
    return msgspec.structs.replace(contact.gist, text=seen(contact.gist.text))


def notice_by_voice(state: State, notice: Notice) -> tuple[NoticeByVoice, ...]:
    """How far the voice peers of a notice of ours know it."""
    return tuple(_known(state, notice, peer) for peer in notice.by_voice)


def _known(state: State, notice: Notice, peer: Fingerprint) -> NoticeByVoice:
    told = notice.called.get(peer)
    calls = [one for one in state.voice.calls.values() if one.peer == peer and one.about == notice.id]
    newest = calls[-1] if calls else None
    return NoticeByVoice(
        peer=party_name(state, peer),
        told_version=None if told is None else told.version,
        call=newest.id if newest is not None and newest.open else "",
        state=newest.state if newest is not None else "NOT CALLED",
    )


def call_back_to(state: State, claimed: str) -> tuple[str, ...]:
    """By what to ask the party in whose name somebody spoke."""
    return call_back(state, Fingerprint(claimed)) if claimed else ()
