"""The slots of every type: the field whitelist (DIS-01).  A member that is not here cannot be stored or sent."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from skyparley.base import limits
from skyparley.domain.messages.codes import (
    ChangedField,
    ErrCode,
    NoticeKind,
    ProposalKind,
    QueryField,
    ReasonCode,
    RejectReason,
)

Hash = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
FingerprintText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$", description="party fingerprint")]
NoticeIdText = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9-]{0,31}$", description="notice id, for example A-0001")]
Version = Annotated[int, Meta(ge=1, le=1_000_000)]
Utc = Annotated[int, Meta(ge=0, le=253_402_300_799_999, description="UTC, milliseconds since 1970")]
Feet = Annotated[int, Meta(ge=-2_000, le=200_000, description="feet")]
Metres = Annotated[int, Meta(ge=0, le=20_100_000, description="whole metres")]
E7 = Annotated[int, Meta(ge=-1_800_000_000, le=1_800_000_000, description="1e-7 degrees")]
Mdeg = Annotated[int, Meta(ge=0, le=360_000, description="true bearing, thousandths of a degree, clockwise from north")]
Position = tuple[E7, E7]
"""Latitude, longitude."""
DetachedJws = Annotated[str, Meta(max_length=600)]


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Base of everything on the wire: frozen, nothing unknown, absent means absent."""


class CircleSlot(Wire, frozen=True, kw_only=True, tag_field="type", tag="circle"):
    centre: Position
    radius_m: Metres


class PolygonSlot(Wire, frozen=True, kw_only=True, tag_field="type", tag="polygon"):
    rings: Annotated[
        tuple[Annotated[tuple[Position, ...], Meta(max_length=limits.VERTICES_PER_SHAPE)], ...],
        Meta(min_length=1, max_length=limits.HOLES_PER_POLYGON + 1),
    ]


class CorridorSlot(Wire, frozen=True, kw_only=True, tag_field="type", tag="corridor"):
    line: Annotated[tuple[Position, ...], Meta(min_length=1, max_length=limits.VERTICES_PER_SHAPE)]
    half_width_m: Metres


class OrbitSlot(Wire, frozen=True, kw_only=True, tag_field="type", tag="orbit"):
    start: Position
    end: Position
    radius_m: Metres
    side: Literal["CENTRE", "LEFT", "RIGHT"]


class LineSlot(Wire, frozen=True, kw_only=True, tag_field="type", tag="line"):
    line: Annotated[tuple[Position, ...], Meta(min_length=1, max_length=limits.VERTICES_PER_SHAPE)]
    buffer_m: Metres


class ArcSlot(Wire, frozen=True, kw_only=True, tag_field="type", tag="arc"):
    centre: Position
    inner_m: Metres
    outer_m: Metres
    from_mdeg: Mdeg
    to_mdeg: Mdeg


ShapeSlot = CircleSlot | PolygonSlot | CorridorSlot | OrbitSlot | LineSlot | ArcSlot


class SfcSlot(Wire, frozen=True, kw_only=True, tag_field="ref", tag="SFC"):
    pass


class UnlSlot(Wire, frozen=True, kw_only=True, tag_field="ref", tag="UNL"):
    pass


class FlSlot(Wire, frozen=True, kw_only=True, tag_field="ref", tag="FL"):
    ft: Feet


class AmslSlot(Wire, frozen=True, kw_only=True, tag_field="ref", tag="AMSL"):
    ft: Feet


class AglSlot(Wire, frozen=True, kw_only=True, tag_field="ref", tag="AGL"):
    ft: Feet


class W84Slot(Wire, frozen=True, kw_only=True, tag_field="ref", tag="W84"):
    ft: Feet


LevelSlot = SfcSlot | UnlSlot | FlSlot | AmslSlot | AglSlot | W84Slot


class VolumeSlot(Wire, frozen=True, kw_only=True):
    shape: ShapeSlot
    lower: LevelSlot
    upper: LevelSlot
    start: Utc
    end: Utc


Volumes = Annotated[tuple[VolumeSlot, ...], Meta(min_length=1, max_length=limits.VOLUMES_PER_NOTICE)]


class DueRegard(Wire, frozen=True, kw_only=True):
    """The due-regard statement (Chicago Convention Art. 3 d): stated, or why not."""

    stated: bool
    reason: ReasonCode | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if self.stated != (self.reason is msgspec.UNSET):
            raise ValueError("due regard is either stated, or not stated with a reason")


class KeyEntry(Wire, frozen=True, kw_only=True):
    id: NoticeIdText
    version: Version
    hash: Hash


Key = Annotated[tuple[KeyEntry, ...], Meta(max_length=limits.KEY_ENTRIES)]


class NoticeSlots(Wire, frozen=True, kw_only=True):
    """NTC."""

    id: NoticeIdText
    kind: NoticeKind
    volumes: Volumes
    due_regard: DueRegard
    key: Key


class ChangeSlots(NoticeSlots, frozen=True, kw_only=True):
    """NCH: the whole new version, and which fields differ."""

    changed: Annotated[tuple[ChangedField, ...], Meta(max_length=5)]


class CancelSlots(Wire, frozen=True, kw_only=True):
    """NCX."""

    id: NoticeIdText
    reason: ReasonCode


class AtSlots(Wire, frozen=True, kw_only=True):
    """NACT, NEND."""

    id: NoticeIdText
    at: Utc


class QuerySlots(Wire, frozen=True, kw_only=True):
    """NQR."""

    id: NoticeIdText
    field: QueryField


class NoticeRef(Wire, frozen=True, kw_only=True):
    party: FingerprintText
    id: NoticeIdText
    version: Version


class GapsSlot(Wire, frozen=True, kw_only=True):
    lateral_m: Metres
    vertical_ft: Annotated[int, Meta(ge=0, le=1_000_000)]
    time_ms: Annotated[int, Meta(ge=0)]


class ConflictSlots(Wire, frozen=True, kw_only=True):
    """CFL."""

    pair_id: Hash
    conflict_id: Hash
    notices: tuple[NoticeRef, NoticeRef]
    volumes: tuple[Annotated[int, Meta(ge=0, lt=64)], Annotated[int, Meta(ge=0, lt=64)]]
    gaps: GapsSlot
    start: Utc | msgspec.UnsetType = msgspec.UNSET
    end: Utc | msgspec.UnsetType = msgspec.UNSET


class TermNotice(Wire, frozen=True, kw_only=True):
    """One side of the terms: the current version, and the volumes of the next one where it changes."""

    party: FingerprintText
    id: NoticeIdText
    version: Version
    volumes: Volumes | msgspec.UnsetType = msgspec.UNSET


class ProposalSlots(Wire, frozen=True, kw_only=True):
    """PRO, CPR."""

    conflict_id: Hash
    kind: ProposalKind
    notices: tuple[TermNotice, TermNotice]
    until: Utc


class AcceptSlots(Wire, frozen=True, kw_only=True):
    """ACC."""

    proposal: Hash
    agreement_id: Hash
    signature: DetachedJws


class RejectSlots(Wire, frozen=True, kw_only=True):
    """REJ."""

    proposal: Hash
    reason: RejectReason


class StandBySlots(Wire, frozen=True, kw_only=True):
    """SBY."""

    proposal: Hash
    until: Utc


class WithdrawSlots(Wire, frozen=True, kw_only=True):
    """WDR."""

    proposal: Hash


class Agreement(Wire, frozen=True, kw_only=True):
    """The text that both sign, byte for byte.  Source: line-v1 9.3."""

    agreement: Annotated[int, Meta(ge=1, le=1)]
    means: Annotated[str, Meta(pattern=r"^NO CONFLICT SEEN UNDER THESE TERMS$")]
    pair_id: Hash
    conflict_id: Hash
    proposer: FingerprintText
    acceptor: FingerprintText
    proposal: Hash
    turn: Annotated[int, Meta(ge=1)]
    kind: ProposalKind
    notices: tuple[TermNotice, TermNotice]
    until: Utc
    table_hash: Hash


class AgreementSignature(Wire, frozen=True, kw_only=True):
    party: FingerprintText
    jws: DetachedJws


class AgreementSlots(Wire, frozen=True, kw_only=True):
    """AGR."""

    agreement_id: Hash
    agreement: Agreement
    signatures: tuple[AgreementSignature, AgreementSignature]


class ErrSlots(Wire, frozen=True, kw_only=True):
    """ERR: which statement of the other feed, and why."""

    epoch: Annotated[int, Meta(ge=1)]
    seq: Annotated[int, Meta(ge=1)]
    hash: Hash
    code: ErrCode
    ids: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=limits.KEY_ENTRIES)] = ()


AGREEMENT_MEANS: Final = "NO CONFLICT SEEN UNDER THESE TERMS"
