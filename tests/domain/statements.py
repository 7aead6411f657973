"""Statements at random, of every type, as hypothesis strategies: they fit the catalogue and nothing else is promised."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from msgspec import UNSET

from skyparley.base.ids import digest
from skyparley.domain.messages import slots as s
from skyparley.domain.messages.catalogue import CATALOGUE, StatementType
from skyparley.domain.messages.codes import CHANGED_FIELDS, NOTICE_KINDS
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

SLOTS: Mapping[StatementType, st.SearchStrategy[Any]] = {
    "NTC": st.builds(s.NoticeSlots, **NOTICE),
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
}

DIALOGUE = {"PRO", "CPR", "ACC", "REJ", "SBY", "WDR", "AGR"}
VERSIONED = DIALOGUE | {"NTC", "NCH", "NCX", "NACT", "NEND", "NQR"}


@st.composite
def envelopes(draw: st.DrawFn, kind: StatementType | None = None) -> Envelope:
    """A statement of any type, or of one; its slots are sound in form only."""
    chosen: StatementType = kind or draw(st.sampled_from(sorted(SLOTS)))  # type: ignore[arg-type]
    slots, row = draw(SLOTS[chosen]), CATALOGUE[chosen]
    seq = draw(st.integers(1, 1_000))
    offers = chosen in ("PRO", "CPR")
    return Envelope(
        proto=PROTO,
        epoch=draw(st.integers(1, 5)),
        seq=seq,
        prev=draw(HASHES) if seq > 1 else UNSET,
        seen=draw(st.one_of(st.just(UNSET), st.builds(FeedHead, epoch=st.just(1), seq=st.integers(1, 9), hash=HASHES))),
        from_=draw(HASHES),
        to=draw(HASHES),
        msg_id=draw(UUIDS),
        role=row.role,
        cls=row.cls,
        type=chosen,
        code=phrase_code(chosen, slots) or UNSET,
        dialog_id=draw(HASHES) if chosen in DIALOGUE else UNSET,
        reply_to=draw(st.one_of(st.just(UNSET), UUIDS)),
        version=draw(VERSIONS) if chosen in VERSIONED else UNSET,
        created_utc=draw(TIMES),
        clock_quality=draw(st.sampled_from(["GOOD", "BAD"])),
        valid_until=draw(TIMES) if offers else UNSET,
        reply_by=draw(TIMES) if offers else UNSET,
        table_hash=draw(HASHES),
        slots=slots,
    )
