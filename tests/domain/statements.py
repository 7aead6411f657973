"""Statements at random, of every type, as hypothesis strategies: they fit the catalogue and nothing else is promised."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from msgspec import UNSET

from skyparley.base.ids import digest
from skyparley.domain.messages import arrangement_slots as a
from skyparley.domain.messages import matter_slots as m
from skyparley.domain.messages import slots as s
from skyparley.domain.messages.catalogue import CATALOGUE, StatementType, class_of, told_by
from skyparley.domain.messages.codes import CHANGED_FIELDS, NOTICE_KINDS, READ_BACK_FIELDS
from skyparley.domain.messages.envelope import PROTO, Envelope, FeedHead, phrase_code

HASHES = st.binary(min_size=1, max_size=8).map(digest)
IDS = st.from_regex(r"[A-Z][A-Z0-9-]{0,31}", fullmatch=True)
TIMES = st.integers(0, 253_402_300_799_999)
VERSIONS = st.integers(1, 1_000_000)
UUIDS = st.uuids(version=4).map(str)
POSITIONS = st.tuples(st.integers(-900_000_000, 900_000_000), st.integers(-1_800_000_000, 1_800_000_000))
METRES = st.integers(0, 20_100_000)
FEET = st.integers(-2_000, 200_000)
LEVELS = st.one_of(
    st.just(s.SfcSlot()),
    st.just(s.UnlSlot()),
    *(st.builds(cls, ft=FEET) for cls in (s.FlSlot, s.AmslSlot, s.AglSlot, s.W84Slot)),
)
SHAPES = st.one_of(
    st.builds(s.CircleSlot, centre=POSITIONS, radius_m=METRES),
    st.builds(
        s.PolygonSlot,
        rings=st.lists(st.lists(POSITIONS, min_size=3, max_size=5).map(tuple), min_size=1, max_size=2).map(tuple),
    ),
    st.builds(s.CorridorSlot, line=st.lists(POSITIONS, min_size=1, max_size=4).map(tuple), half_width_m=METRES),
)
VOLUMES = st.lists(
    st.builds(s.VolumeSlot, shape=SHAPES, lower=LEVELS, upper=LEVELS, start=TIMES, end=TIMES), min_size=1, max_size=3
).map(tuple)
DUE_REGARDS = st.one_of(
    st.just(s.DueRegard(stated=True)),
    st.builds(s.DueRegard, stated=st.just(False), reason=st.sampled_from(["WX", "EM"])),
)
KEYS = st.lists(st.builds(s.KeyEntry, id=IDS, version=VERSIONS, hash=HASHES), max_size=2).map(tuple)
NOTICE = {"id": IDS, "kind": st.sampled_from(NOTICE_KINDS), "volumes": VOLUMES, "due_regard": DUE_REGARDS, "key": KEYS}
POSTS = st.sampled_from(["DESK", "ALTERNATE", "LINGUIST", "SUPERVISOR", "LEVEL2", "LEVEL3"])
ACTIONS = st.sampled_from(["TURNING LEFT", "STOPPING", "NO ACTION POSSIBLE"])
MAYBE_LEVELS = st.one_of(st.just(UNSET), LEVELS)
TERMS = st.builds(s.TermNotice, party=HASHES, id=IDS, version=VERSIONS, volumes=st.one_of(st.just(UNSET), VOLUMES))
TERM_PAIRS = st.tuples(TERMS, TERMS)
KINDS = st.sampled_from(["VERT", "LAT", "TIME", "MIX"])
SIGNATURES = st.text("abcXYZ019-_.", max_size=600)
AGREEMENTS = st.builds(
    s.Agreement,
    agreement=st.just(1),
    means=st.just(s.AGREEMENT_MEANS),
    pair_id=HASHES,
    conflict_id=HASHES,
    proposer=HASHES,
    acceptor=HASHES,
    proposal=HASHES,
    turn=st.integers(1, 64),
    kind=KINDS,
    notices=TERM_PAIRS,
    until=TIMES,
    table_hash=HASHES,
)
REFS = st.builds(s.NoticeRef, party=HASHES, id=IDS, version=VERSIONS)
GAPS = st.builds(s.GapsSlot, lateral_m=METRES, vertical_ft=st.integers(0, 1_000_000), time_ms=st.integers(0, 10**12))
PLACES = st.integers(0, 63)
MAYBE_TIMES = st.one_of(st.just(UNSET), TIMES)
PROPOSALS = st.builds(s.ProposalSlots, conflict_id=HASHES, kind=KINDS, notices=TERM_PAIRS, until=TIMES)
AT = st.builds(s.AtSlots, id=IDS, at=TIMES)
STOPS = st.builds(m.StopSlots, area=SHAPES, at=TIMES, reopens=st.one_of(st.just(UNSET), HASHES))
_DISTRESS = {
    "aircraft": st.sampled_from(["FIXED WING", "UAS"]),
    "id": st.one_of(st.just(UNSET), IDS),
    "at": TIMES,
    "pob": st.one_of(st.just(UNSET), st.integers(0, 2_000)),
}
DISTRESSES = st.one_of(
    st.builds(m.DistressSlots, position=POSITIONS, precision=st.sampled_from(["EXACT", "ROUNDED"]), **_DISTRESS),
    st.builds(m.DistressSlots, area=SHAPES, **_DISTRESS),
)
_RELAY = {"source": st.sampled_from(["CIVIL ATS", "SHIP"]), "heard_at": TIMES}
INTERFERENCE = st.one_of(
    st.builds(m.InterferenceSlots, position=POSITIONS, level=MAYBE_LEVELS, since=TIMES),
    st.builds(m.InterferenceSlots, area=SHAPES, level=MAYBE_LEVELS, since=TIMES),
)
READ_BACKS = st.builds(
    m.ReadBackValues,
    position=st.one_of(st.just(UNSET), POSITIONS),
    lower=MAYBE_LEVELS,
    upper=MAYBE_LEVELS,
    start=MAYBE_TIMES,
    end=MAYBE_TIMES,
)
ON_DUTY = st.builds(
    m.OnDuty, post=POSTS, languages=st.lists(st.sampled_from(["en", "ru", "ar"]), max_size=3, unique=True).map(tuple)
)
LINE = st.builds(m.LineSlots, effective=TIMES, reason=st.sampled_from(["POLITICAL", "NOT STATED"]), second=SIGNATURES)


def told(*types: StatementType) -> st.SearchStrategy[Any]:
    """The slots of notices whose kind is told first by one of these types."""
    kinds = [kind for kind in NOTICE_KINDS if told_by(kind) in types]
    return st.builds(s.NoticeSlots, **{**NOTICE, "kind": st.sampled_from(kinds)})


FREE_TEXTS = st.builds(
    m.FreeText,
    lang=st.sampled_from(["en", "ru", "ar"]),
    text=st.text("abc \u0434\u0645", min_size=1, max_size=200),
)

COVERS = st.builds(
    a.CoverageSlots,
    forces=st.just(("UAS", "CIVIL")),
    allies=st.just(()),
    areas=st.lists(SHAPES, max_size=2).map(tuple),
    air_defence_informed=st.booleans(),
    relays=st.just(("UN",)),
)
BANDS = st.builds(a.BandSlot, shape=SHAPES, lower=LEVELS, upper=LEVELS)
LINES = st.lists(POSITIONS, min_size=2, max_size=4).map(tuple)
_STANDING = {"id": IDS, "error_m": METRES, "withdrawn": st.one_of(st.just(UNSET), st.just(True))}
CLAUSES = st.one_of(
    st.builds(a.AreaClause, areas=st.lists(BANDS, min_size=1, max_size=2).map(tuple)),
    st.builds(a.FrequenciesClause, frequencies=st.just((a.FrequencySlot(hz=121_500_000, use="GUARD"),))),
    st.builds(a.CoverageClause, party=HASHES, covers=COVERS),
    st.builds(a.FreeTextClause, on=st.booleans()),
    st.builds(a.LineClause, **_STANDING, line=LINES, buffer_m=METRES, left=HASHES, right=HASHES),
    st.builds(a.CautionClause, **_STANDING, zone=BANDS, duty=st.just("LISTEN ON GUARD")),
)


SLOTS: Mapping[StatementType, st.SearchStrategy[Any]] = {
    "NTC": told("NTC"),
    "NCH": st.builds(s.ChangeSlots, **NOTICE, changed=st.lists(st.sampled_from(CHANGED_FIELDS), max_size=5).map(tuple)),
    "NCX": st.builds(s.CancelSlots, id=IDS, reason=st.sampled_from(["WX", "NOT STATED"])),
    "NACT": AT,
    "NEND": AT,
    "NQR": st.builds(s.QuerySlots, id=IDS, field=st.sampled_from(CHANGED_FIELDS)),
    "CFL": st.builds(
        s.ConflictSlots,
        pair_id=HASHES,
        conflict_id=HASHES,
        notices=st.tuples(REFS, REFS),
        volumes=st.tuples(PLACES, PLACES),
        gaps=GAPS,
        start=MAYBE_TIMES,
        end=MAYBE_TIMES,
    ),
    "PRO": PROPOSALS,
    "CPR": PROPOSALS,
    "ACC": st.builds(s.AcceptSlots, proposal=HASHES, agreement_id=HASHES, signature=SIGNATURES),
    "REJ": st.builds(s.RejectSlots, proposal=HASHES, reason=st.sampled_from(["CAPACITY", "NOT STATED"])),
    "SBY": st.builds(s.StandBySlots, proposal=HASHES, until=TIMES),
    "WDR": st.builds(s.WithdrawSlots, proposal=HASHES),
    "AGR": st.builds(
        s.AgreementSlots,
        agreement_id=HASHES,
        agreement=AGREEMENTS,
        signatures=st.tuples(*[st.builds(s.AgreementSignature, party=HASHES, jws=SIGNATURES)] * 2),
    ),
    "ERR": st.builds(
        s.ErrSlots,
        epoch=st.integers(1, 9),
        seq=st.integers(1, 99),
        hash=HASHES,
        code=st.sampled_from(["SCHEMA", "OVERTAKEN"]),
        ids=st.lists(st.text("A0- v", max_size=64), max_size=2).map(tuple),
    ),
    "HAZ": told("HAZ"),
    "HUM": told("HUM"),
    "SAR": told("SAR"),
    "STP": STOPS,
    "DIS": DISTRESSES,
    "RLY": st.one_of(
        st.builds(m.RelaySlots, stop=STOPS, **_RELAY), st.builds(m.RelaySlots, distress=DISTRESSES, **_RELAY)
    ),
    "IDQ": st.builds(m.IdentitySlots, position=POSITIONS, level=LEVELS, at=TIMES, error_m=METRES),
    "IDA": st.one_of(
        st.builds(m.IdentityAnswerSlots, hash=HASHES, answer=st.sampled_from(["OURS", "NOT OURS"])),
        st.builds(m.IdentityAnswerSlots, hash=HASHES, answer=st.just("CHECKING"), until=TIMES),
    ),
    "LAS": INTERFERENCE,
    "GNI": INTERFERENCE,
    "ACK": st.builds(m.AckSlots, hash=HASHES, post=POSTS),
    "RDB": st.builds(
        m.ReadBackSlots,
        hash=HASHES,
        values=READ_BACKS,
        differs=st.lists(st.sampled_from(READ_BACK_FIELDS), max_size=5, unique=True).map(tuple),
    ),
    "PAS": st.builds(
        m.PassedSlots, hash=HASHES, at=TIMES, action=st.one_of(st.just(UNSET), ACTIONS), level=MAYBE_LEVELS
    ),
    "DON": st.builds(m.DoneSlots, hash=HASHES, action=ACTIONS, level=MAYBE_LEVELS),
    "RFS": st.builds(m.RefusedSlots, hash=HASHES, reason=st.sampled_from(["WX", "NOT OURS"])),
    "LCK": st.builds(
        m.CheckSlots,
        n=st.integers(1, 10**9),
        kind=st.sampled_from(["MACHINE", "HUMAN"]),
        bearer=st.from_regex(r"(http|file|voice)[0-9]{0,2}", fullmatch=True),
    ),
    "SHIFT": st.builds(
        m.ShiftSlots,
        on=st.lists(ON_DUTY, min_size=1, max_size=6).map(tuple),
        alternates=st.integers(0, 100),
        since=TIMES,
    ),
    "STAT": st.builds(m.StatusSlots, desk=st.sampled_from(["STAFFED", "UNSTAFFED", "DECLINED"])),
    "SUSP": LINE,
    "RESM": LINE,
    "TERM": LINE,
    "KEY": st.builds(m.KeySlots, card=SIGNATURES, second=SIGNATURES),
    "TBL": st.builds(a.TermsSlots, body=CLAUSES, version=VERSIONS, effective=TIMES, signature=SIGNATURES),
    "COV": COVERS,
    "MTG": st.builds(
        lambda level, topic, start: a.MeetingSlots(level=level, topic=topic, start=start, end=start + 1),
        st.sampled_from(["2", "3", "REVIEW"]),
        st.sampled_from(["INCIDENT", "RADIO"]),
        st.integers(0, 10**12),
    ),
    "XNG": st.builds(
        a.CrossingSlots,
        id=IDS,
        version=VERSIONS,
        line=st.builds(a.LineRef, id=IDS, version=VERSIONS),
        form=st.sampled_from(["NOTIFIED", "REQUESTED", "CANCELLED", "ENDED"]),
        volumes=VOLUMES,
        reason=st.sampled_from(["WX", "HUM-ESCORT"]),
    ),
    "OOB": st.builds(
        m.ContactSlots,
        id=IDS,
        how=st.sampled_from(["PHONE", "BROADCAST", "IN PERSON"]),
        who=st.sampled_from(["DESK", "PRESS", "UNKNOWN"]),
        at=TIMES,
        gist=st.builds(
            m.FreeText, lang=st.sampled_from(["en", "ar"]), text=st.text("abc \u0627", min_size=1, max_size=200)
        ),
    ),
}

ANSWERS: Mapping[StatementType, st.SearchStrategy[Any]] = {
    "ACC": st.builds(m.AcceptedSlots, hash=HASHES, signature=st.one_of(st.just(UNSET), SIGNATURES)),
    "REJ": st.builds(m.NotAcceptedSlots, hash=HASHES, reason=st.sampled_from(["CAPACITY", "NOT STATED"])),
    "CPR": st.one_of(
        st.builds(m.CounteredSlots, hash=HASHES, volumes=VOLUMES),
        st.builds(m.CounteredSlots, hash=HASHES, start=TIMES, end=TIMES),
    ),
    "SBY": st.builds(m.LaterSlots, hash=HASHES, until=TIMES),
}
"""The types with a second form: in answer to a statement that is no conflict."""

DIALOGUE = {"PRO", "CPR", "ACC", "REJ", "SBY", "WDR", "AGR"}
ABOUT_NOTICE = {"NTC", "HAZ", "HUM", "SAR", "NCH", "NCX", "NACT", "NEND", "NQR"}
REPLIES = {"ACK", "RDB", "PAS", "DON", "RFS", "IDA"}
CLASSES = ["LIFE", "SAFETY", "PRIORITY", "COORD", "ADMIN"]


@st.composite
def envelopes(draw: st.DrawFn, kind: StatementType | None = None, *, matter: bool | None = None) -> Envelope:
    """A statement of any type, or of one; its slots are sound in form only.  `matter`: in the second form of its type."""
    chosen: StatementType = kind or draw(st.sampled_from(sorted(SLOTS)))  # type: ignore[arg-type]
    answers = chosen in ANSWERS and (draw(st.booleans()) if matter is None else matter)
    slots = draw((ANSWERS if answers else SLOTS)[chosen])
    row, seq = CATALOGUE[chosen], draw(st.integers(1, 1_000))
    in_dialogue = chosen in DIALOGUE and not answers
    offers = chosen in ("PRO", "CPR") and not answers
    exercise = draw(st.booleans())
    must_answer = answers or chosen in REPLIES
    reply_to = draw(UUIDS if must_answer else st.one_of(st.just(UNSET), UUIDS))
    cls = draw(_classes(chosen, slots, answers))
    table = HASHES if cls != "LIFE" else st.one_of(st.just(UNSET), HASHES)
    return Envelope(
        proto=PROTO,
        epoch=draw(st.integers(1, 5)),
        seq=seq,
        prev=draw(HASHES) if seq > 1 else UNSET,
        seen=draw(st.one_of(st.just(UNSET), st.builds(FeedHead, epoch=st.just(1), seq=st.integers(1, 9), hash=HASHES))),
        from_=draw(HASHES),
        to=draw(HASHES),
        msg_id=draw(UUIDS),
        role="exercise" if exercise else row.role,
        cls=cls,
        type=chosen,
        code=phrase_code(chosen, slots, answers=reply_to is not UNSET) or UNSET,
        dialog_id=draw(HASHES) if in_dialogue else UNSET,
        reply_to=reply_to,
        version=draw(VERSIONS) if in_dialogue or chosen in ABOUT_NOTICE else UNSET,
        created_utc=draw(TIMES),
        clock_quality=draw(st.sampled_from([UNSET, "GOOD", "BAD"])),
        valid_until=draw(TIMES) if offers else UNSET,
        reply_by=draw(TIMES) if offers else UNSET,
        exercise=True if exercise else UNSET,
        table_hash=draw(table),
        free_text=draw(st.one_of(st.just(UNSET), FREE_TEXTS)),
        slots=slots,
    )


def _classes(chosen: StatementType, slots: Any, answers: bool) -> st.SearchStrategy[Any]:
    """The classes that a statement may have: one, but for what has that of its parent."""
    if isinstance(slots, s.ChangeSlots):
        return st.just(class_of(slots.kind))
    cls = CATALOGUE[chosen].cls
    return st.sampled_from(CLASSES) if answers or cls is None else st.just(cls)


def forms() -> list[tuple[StatementType, bool]]:
    """Every form that a statement can have: its type, and whether it is the second form."""
    return [(kind, False) for kind in sorted(SLOTS)] + [(kind, True) for kind in sorted(ANSWERS)]
