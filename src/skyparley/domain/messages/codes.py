"""The closed lists of codes that statements may carry.  Source: DOMAIN 10, line-v1 section 4."""

from typing import Final, Literal, get_args

Class = Literal["LIFE", "SAFETY", "PRIORITY", "COORD", "ADMIN"]
Role = Literal["desk", "machine", "exercise"]
"""Who signs a statement.  `exercise` signs every exercise statement and no other (LINE-10)."""
Post = Literal["DESK", "ALTERNATE", "LINGUIST", "SUPERVISOR", "LEVEL2", "LEVEL3"]
"""Whom a ring is for and who acts: a role, never a name (LINE-07, IAM-04)."""
Language = Literal["en", "ru", "fr", "ar", "tr", "he", "zh"]
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
ActionCode = Literal[
    "TURNING LEFT",
    "TURNING RIGHT",
    "CLIMBING",
    "DESCENDING",
    "MAINTAINING",
    "STOPPING",
    "HOLDING",
    "NO ACTION POSSIBLE",
    "NOT OURS",
    "REFUSED",
]
"""What the controlling unit does about a statement (V9).  Source: DOMAIN 10.4."""
RefusalReason = Literal[
    "WX", "EM", "TRAFFIC", "CAPACITY", "SAFETY", "NO ACTION POSSIBLE", "NOT OURS", "OTHER", "NOT STATED"
]
"""Why something that was asked is not done (RFS)."""
LineReason = Literal["POLITICAL", "SAFETY", "TECHNICAL", "REVIEW", "OTHER", "NOT STATED"]
"""Why a party suspends, resumes or terminates the line (CON-05)."""
DeskState = Literal["STAFFED", "UNSTAFFED", "SILENT", "DECLINED"]
"""How a desk is, by itself (STAT) or as the other side finds it.  Source: DOMAIN 11.1."""
IdentityAnswer = Literal["OURS", "NOT OURS", "CHECKING"]
AircraftClass = Literal["FIXED WING", "ROTARY WING", "UAS", "GLIDER", "BALLOON", "OTHER"]
Precision = Literal["EXACT", "ROUNDED"]
RelaySource = Literal["CIVIL ATS", "SHIP", "UN", "RESCUE CENTRE", "NEIGHBOUR", "OTHER"]
ReadBackField = Literal["POSITION", "LOWER", "UPPER", "START", "END"]
"""What of a statement is read back, in this order (NOT-08)."""
CheckKind = Literal["MACHINE", "HUMAN", "OPENING"]
"""OPENING: by a side whose line is not open yet; the other side begins one in turn, whatever it holds."""
SpokenFor = Literal[
    "FIXED WING", "ROTARY WING", "UAS", "TRANSPORT", "NAVAL AVIATION", "GROUND FORCES", "CIVIL", "HUMANITARIAN"
]
"""For what kinds of activity a party or its allies are spoken for: classes, never units (LINE-14)."""
FrequencyUse = Literal["GUARD", "WORKING", "ALTERNATE", "GROUND", "RESCUE"]
CautionDuty = Literal[
    "CALL BEFORE ENTRY", "REPORT ENTRY AND EXIT", "LISTEN ON GUARD", "LISTEN ON WORKING", "ANSWERED CALL BEFORE ENTRY"
]
"""The communication that is owed in a special caution area (NOT-10)."""
MeetingLevel = Literal["2", "3", "REVIEW"]
MeetingTopic = Literal[
    "CONFLICT",
    "INCIDENT",
    "CROSSING",
    "NUMBERS",
    "AREA",
    "RADIO",
    "LANGUAGE",
    "COVERAGE",
    "KEYS",
    "LINE STATE",
    "REVIEW",
]
"""What a meeting may be about: the safety of flight and this line; strategy has another channel (LINE-13)."""
CrossingForm = Literal["NOTIFIED", "REQUESTED", "CANCELLED", "ENDED"]
QueryField = Literal["AREA", "LEVELS", "PERIOD", "KIND", "DUE REGARD"]
ChangedField = Literal["KIND", "AREA", "LEVELS", "PERIOD", "DUE REGARD"]
LeadClass = Literal["PLANNED", "SHORT", "IMMEDIATE", "LATE"]
HttpBearerKind = Literal["http", "http2", "http3", "http4", "http5", "http6", "http7", "http8"]
BearerKind = Literal[HttpBearerKind, "file", "voice"]
"""How a statement came: `http`, `http2`... by the first, second... HTTP address on the receiver's card (line-v1 2)."""
ContactHow = Literal["PHONE", "RADIO", "IN PERSON", "BROADCAST", "MAIL", "EMBASSY", "ATTACHE"]
"""By what somebody spoke outside the line (LINE-09)."""
ContactWho = Literal[
    "DESK",
    "CREW",
    "CONTROL UNIT",
    "SUPERVISOR",
    "LEVEL2",
    "LEVEL3",
    "ATTACHE",
    "AMBASSADOR",
    "OFFICIAL",
    "PRESS",
    "UNKNOWN",
]
"""Who spoke there: a role, never a name (IAM-04)."""
ContactKind = Literal["CONTACT", "SUSPENSION ANNOUNCED", "RESUMPTION ANNOUNCED", "TERMINATION ANNOUNCED"]
"""What a contact was; what was announced of a line stands beside its word and changes nothing."""
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

READ_BACK_FIELDS: Final[tuple[ReadBackField, ...]] = get_args(ReadBackField)
HTTP_BEARERS: Final[tuple[HttpBearerKind, ...]] = get_args(HttpBearerKind)
BEARERS: Final[tuple[BearerKind, ...]] = (*HTTP_BEARERS, "file", "voice")
CONTACT_HOWS: Final[tuple[ContactHow, ...]] = get_args(ContactHow)
NOTICE_KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)
CHANGED_FIELDS: Final[tuple[ChangedField, ...]] = get_args(ChangedField)
LIFE_KINDS: Final = frozenset({"SAR"})
PRIORITY_KINDS: Final = frozenset({"HUM", "MEDEVAC", "CIVIL"})
NO_LEAST_SIZE_KINDS: Final = frozenset({"SAR", "HAZARD"})
"""Exempt from the least sizes of DIS-02: life, and hazards, which must be told as they are."""
