"""The closed lists of codes that statements may carry.  Source: DOMAIN 10, line-v1 section 4."""

from typing import Final, Literal, get_args

Class = Literal["LIFE", "SAFETY", "PRIORITY", "COORD", "ADMIN"]
Role = Literal["desk", "machine"]
NoticeKind = Literal[
    "TRANSIT",
    "AREA WORK",
    "AERODROME",
    "REFUEL TRACK",
    "UAS AREA",
    "HAZARD",
    "HUM",
    "MEDEVAC",
    "SAR",
    "CIVIL",
    "TEST",
]
ProposalKind = Literal["VERT", "LAT", "TIME", "MIX"]
RejectReason = Literal["CAPACITY", "SAFETY", "WEATHER", "OTHER", "NOT STATED"]
ReasonCode = Literal[
    "WX", "EM", "MED", "SAR", "HUM", "HUM-ESCORT", "NAV", "LOST LINK", "TRAFFIC", "CAPACITY", "NOT STATED"
]
QueryField = Literal["AREA", "LEVELS", "PERIOD", "KIND", "DUE REGARD"]
ChangedField = Literal["KIND", "AREA", "LEVELS", "PERIOD", "DUE REGARD"]
LeadClass = Literal["PLANNED", "SHORT", "IMMEDIATE", "LATE"]
BearerKind = Literal["http"]
ClockKind = Literal["REAL", "SCALED"]
ClockQuality = Literal["GOOD", "BAD"]
ErrCode = Literal[
    "SCHEMA",
    "NOT_OURS",
    "VERSION",
    "STATE",
    "GEOMETRY",
    "KEY_INCOMPLETE",
    "OVERTAKEN",
    "TERMS",
    "SIGNATURE",
    "TABLE_MISMATCH",
    "LINE",
    "EXERCISE",
]

NOTICE_KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)
CHANGED_FIELDS: Final[tuple[ChangedField, ...]] = get_args(ChangedField)
LIFE_KINDS: Final = frozenset({"SAR"})
PRIORITY_KINDS: Final = frozenset({"HUM", "MEDEVAC", "CIVIL"})
NO_LEAST_SIZE_KINDS: Final = frozenset({"SAR", "HAZARD"})
"""Exempt from the least sizes of DIS-02: life, and hazards, which must be told as they are."""
