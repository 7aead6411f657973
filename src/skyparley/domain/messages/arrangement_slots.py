"""The slots of what people arrange: clauses of the terms, coverage, meetings, and crossings of a standing line.

A clause is a tagged union by its name; both sign the same canonical text of it.  Source: DOMAIN 9 (LINE-12 to LINE-14,
NOT-10, LIV-10), 10.2; line-v1 sections 4 and 15.
"""

from typing import Annotated, Final, Literal, get_args

from msgspec import UNSET, Meta, UnsetType

from skyparley.base import limits
from skyparley.domain.messages.codes import (
    CautionDuty,
    CrossingForm,
    FrequencyUse,
    Language,
    MeetingLevel,
    MeetingTopic,
    Post,
    ReasonCode,
    RelaySource,
    SpokenFor,
)
from skyparley.domain.messages.slots import (
    DetachedJws,
    FingerprintText,
    LevelSlot,
    Metres,
    NoticeIdText,
    Position,
    ShapeSlot,
    Utc,
    Version,
    Volumes,
    Wire,
)
from skyparley.domain.table import Table

Hertz = Annotated[int, Meta(ge=100_000, le=6_000_000_000, description="hertz")]
CallSign = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9 -]{0,15}$", description="call sign of a post")]
Days = Annotated[int, Meta(ge=1, le=400, description="days")]
OfDay = Annotated[int, Meta(ge=0, lt=86_400_000, description="milliseconds of the UTC day")]
GUARD_HZ: Final = (121_500_000, 243_000_000)
"""The guard frequencies of the world.  Source: DOMAIN LIV-10."""
Areas = Annotated[tuple[ShapeSlot, ...], Meta(max_length=limits.CLAUSE_AREAS)]


# --- the clauses -------------------------------------------------------------------------------------------------


class Body(Wire, frozen=True, kw_only=True, tag_field="clause"):
    """Base of what a clause says."""


class PartySlot(Wire, frozen=True, kw_only=True):
    party: FingerprintText
    name: Annotated[str, Meta(pattern=r"^[A-Z0-9-]{1,16}$")]


class PartiesClause(Body, frozen=True, kw_only=True, tag="PARTIES"):
    """Between whom the terms are, and how the cards name them."""

    parties: tuple[PartySlot, PartySlot]


class BandSlot(Wire, frozen=True, kw_only=True):
    """A shape between two levels, for as long as the clause is in force."""

    shape: ShapeSlot
    lower: LevelSlot
    upper: LevelSlot


class AreaClause(Body, frozen=True, kw_only=True, tag="AREA"):
    """Where the terms hold."""

    areas: Annotated[tuple[BandSlot, ...], Meta(min_length=1, max_length=limits.CLAUSE_AREAS)]


class FrequencySlot(Wire, frozen=True, kw_only=True):
    """One line of the radio card.  GUARD is one of GUARD_HZ."""

    hz: Hertz
    use: FrequencyUse


class FrequenciesClause(Body, frozen=True, kw_only=True, tag="FREQUENCIES"):
    """The radio card: by which frequencies crews and posts reach each other."""

    frequencies: Annotated[tuple[FrequencySlot, ...], Meta(min_length=1, max_length=limits.CLAUSE_ROWS)]


class CallSignSlot(Wire, frozen=True, kw_only=True):
    party: FingerprintText
    post: Post
    call_sign: CallSign


class CallSignsClause(Body, frozen=True, kw_only=True, tag="CALLSIGNS"):
    """By what name each post is called."""

    call_signs: Annotated[tuple[CallSignSlot, ...], Meta(min_length=1, max_length=limits.CLAUSE_ROWS)]


class LanguagesSlot(Wire, frozen=True, kw_only=True):
    party: FingerprintText
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=7)]


class LanguagesClause(Body, frozen=True, kw_only=True, tag="LANGUAGES"):
    """Which language is spoken on the line, and what each side understands."""

    line: Language
    parties: tuple[LanguagesSlot, LanguagesSlot]


class CoverageSlots(Wire, frozen=True, kw_only=True):
    """COV: for which forces and allies a party speaks, over which areas, whether its air defence is informed.

    Coded classes; no unit is named (LINE-14).
    """

    forces: Annotated[tuple[SpokenFor, ...], Meta(max_length=len(get_args(SpokenFor)))]
    allies: Annotated[tuple[SpokenFor, ...], Meta(max_length=len(get_args(SpokenFor)))]
    areas: Areas
    air_defence_informed: bool
    relays: Annotated[tuple[RelaySource, ...], Meta(max_length=len(get_args(RelaySource)))]


class CoverageClause(Body, frozen=True, kw_only=True, tag="COVERAGE"):
    """The coverage of one party, signed by both."""

    party: FingerprintText
    covers: CoverageSlots


class NumbersClause(Body, frozen=True, kw_only=True, tag="NUMBERS"):
    """The table of numbers, whole: in force, it is the table of the line (line-v1 13)."""

    table: Table


class FreeTextClause(Body, frozen=True, kw_only=True, tag="FREE TEXT"):
    """Whether own words may stand beside a code.  Without the clause they may."""

    on: bool


class FilesClearClause(Body, frozen=True, kw_only=True, tag="FILES CLEAR"):
    """Whether files may travel without a seal (line-v1 12).  Without the clause they may not."""

    on: bool


class CalendarClause(Body, frozen=True, kw_only=True, tag="CALENDAR"):
    """Reviews by level, and the test of the radio card, each so many days apart counted from `first`; human line checks.

    `human_checks`: times of the UTC day, in order; each line check of kind HUMAN is begun at one of them.
    """

    first: Utc
    staff_days: Days
    group_days: Days
    principals_days: Days
    radio_days: Days
    human_checks: Annotated[tuple[OfDay, ...], Meta(min_length=1, max_length=limits.HUMAN_CHECKS_A_DAY)]


class LevelsClause(Body, frozen=True, kw_only=True, tag="LEVELS"):
    """Who talks to whom when a level does not settle it: posts, lowest first."""

    posts: Annotated[tuple[Post, ...], Meta(min_length=1, max_length=len(get_args(Post)))]


class _Standing(Body, frozen=True, kw_only=True):
    """Base of standing objects.  `error_m`: how far the drawing may be off.  `withdrawn`: from this version it is no more."""

    id: NoticeIdText
    error_m: Metres
    withdrawn: Literal[True] | UnsetType = UNSET


class LineClause(_Standing, frozen=True, kw_only=True, tag="LINE"):
    """A standing line: walked from its first point to its last, one party is on the left and the other on the right."""

    line: Annotated[tuple[Position, ...], Meta(min_length=2, max_length=limits.VERTICES_PER_SHAPE)]
    buffer_m: Metres
    left: FingerprintText
    right: FingerprintText


class ZoneClause(_Standing, frozen=True, kw_only=True, tag="ZONE"):
    """A standing zone."""

    zone: BandSlot


class CautionClause(_Standing, frozen=True, kw_only=True, tag="CAUTION"):
    """A special caution area, with the communication that is owed there."""

    zone: BandSlot
    duty: CautionDuty


ClauseBody = (
    PartiesClause
    | AreaClause
    | FrequenciesClause
    | CallSignsClause
    | LanguagesClause
    | CoverageClause
    | NumbersClause
    | FreeTextClause
    | FilesClearClause
    | CalendarClause
    | LevelsClause
    | LineClause
    | ZoneClause
    | CautionClause
)
STANDING: Final = (LineClause, ZoneClause, CautionClause)
"""Clauses of which there may be many, each with an id."""


class TermsSlots(Wire, frozen=True, kw_only=True):
    """TBL: one clause, as we sign it.  `signature`: by our supervisor, over the clause's canonical text."""

    body: ClauseBody
    version: Version
    effective: Utc
    signature: DetachedJws


class ClauseText(Wire, frozen=True, kw_only=True):
    """The text that both sign, byte for byte.  `parties`: both fingerprints, sorted.  Source: line-v1 15.2."""

    terms: Annotated[int, Meta(ge=1, le=1)]
    parties: tuple[FingerprintText, FingerprintText]
    body: ClauseBody
    version: Version
    effective: Utc


# --- meetings and crossings --------------------------------------------------------------------------------------


class MeetingSlots(Wire, frozen=True, kw_only=True):
    """MTG: a talk at a level or a review, about one of a closed list of topics, within a window.  No strategy (LINE-13)."""

    level: MeetingLevel
    topic: MeetingTopic
    start: Utc
    end: Utc

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("end comes after start")


class LineRef(Wire, frozen=True, kw_only=True):
    """A standing line in the version that is in force."""

    id: NoticeIdText
    version: Version


class CrossingSlots(Wire, frozen=True, kw_only=True):
    """XNG: a crossing of a standing line, as a box and a period.  The same `id` with the next `version` revises or ends it."""

    id: NoticeIdText
    version: Version
    line: LineRef
    form: CrossingForm
    volumes: Volumes
    reason: ReasonCode
