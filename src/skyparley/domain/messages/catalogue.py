"""The catalogue of statement types, as one table a duty officer could check.  Source: DOMAIN 10.2, line-v1 section 4."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from skyparley.domain.messages import arrangement_slots as arranged
from skyparley.domain.messages import matter_slots as m
from skyparley.domain.messages import slots
from skyparley.domain.messages.codes import Class, NoticeKind, Role
from skyparley.domain.messages.slots import Wire

StatementType = Literal[
    "NTC", "NCH", "NCX", "NACT", "NEND", "NQR", "CFL", "PRO", "CPR", "ACC", "REJ", "SBY", "WDR", "AGR", "ERR",
    "HAZ", "HUM", "SAR", "STP", "DIS", "RLY", "IDQ", "IDA", "LAS", "GNI",
    "ACK", "RDB", "PAS", "DON", "RFS",
    "LCK", "SHIFT", "STAT", "SUSP", "RESM", "TERM", "KEY",
    "TBL", "COV", "MTG", "XNG", "OOB",
]  # fmt: skip

Ask = Literal["ACK", "PAS", "DON", "ANSWER"]
"""What a statement asks of the people who receive it: to acknowledge, to pass on, to do or refuse, to answer."""
AllowedIn = Literal["ALL", "NOT T", "ODS", "OD", "OD TESTING", "PARENT"]
"""In which displayed states a desk may say it; line_states.py spells the words out.  PARENT: as what it answers."""


class TypeRow(msgspec.Struct, frozen=True):
    """One line of the catalogue.

    `cls` None: the class of what it answers or is about.  `negotiates`: part of a dialogue, so it needs an equal table and
    a compared line.  `asks`: what it asks of people there.  `matter`: its slots where it answers a statement that is not a
    conflict: then it has `reply_to` and no `dialog_id`.
    """

    slots: type[Wire]
    cls: Class | None
    role: Role
    code: str
    negotiates: bool
    allowed: AllowedIn
    asks: tuple[Ask, ...]
    purpose: str
    matter: type[Wire] | None = None


CATALOGUE: Final[Mapping[StatementType, TypeRow]] = {
    "NTC": TypeRow(slots.NoticeSlots, "COORD", "desk", "N1", False, "ODS", ("ACK",), "notice of activity"),
    "NCH": TypeRow(slots.ChangeSlots, None, "desk", "N2", False, "PARENT", ("ACK",), "change of a notice"),
    "NCX": TypeRow(slots.CancelSlots, None, "desk", "N3", False, "PARENT", ("ACK",), "cancellation of a notice"),
    "NACT": TypeRow(slots.AtSlots, "COORD", "desk", "N4", False, "ODS", (), "notice active"),
    "NEND": TypeRow(slots.AtSlots, "COORD", "desk", "N5", False, "ODS", (), "notice ended, area left"),
    "NQR": TypeRow(slots.QuerySlots, "COORD", "desk", "N6", False, "ODS", ("ACK",), "ask to clarify a notice"),
    "CFL": TypeRow(slots.ConflictSlots, "COORD", "machine", "C1", False, "OD", (), "conflict, computed"),
    "PRO": TypeRow(slots.ProposalSlots, "COORD", "desk", "*", True, "OD", (), "proposal"),
    "CPR": TypeRow(
        slots.ProposalSlots, "COORD", "desk", "*", True, "OD", (), "counter-proposal", matter=m.CounteredSlots
    ),
    "ACC": TypeRow(
        slots.AcceptSlots,
        "COORD",
        "desk",
        "C5",
        True,
        "OD",
        (),
        "accepted: no conflict seen under these terms",
        matter=m.AcceptedSlots,
    ),
    "REJ": TypeRow(
        slots.RejectSlots,
        "COORD",
        "desk",
        "C6",
        True,
        "OD",
        (),
        "not accepted, with a coded reason",
        matter=m.NotAcceptedSlots,
    ),
    "SBY": TypeRow(
        slots.StandBySlots,
        "COORD",
        "desk",
        "L5",
        True,
        "OD",
        (),
        "stand by, answer by a time",
        matter=m.LaterSlots,
    ),
    "WDR": TypeRow(slots.WithdrawSlots, "COORD", "desk", "", True, "OD", (), "withdrawn"),
    "AGR": TypeRow(slots.AgreementSlots, "COORD", "desk", "", True, "OD", (), "agreement with both signatures"),
    "ERR": TypeRow(slots.ErrSlots, "ADMIN", "machine", "", False, "ALL", (), "cannot process"),
    "HAZ": TypeRow(slots.NoticeSlots, "SAFETY", "desk", "N8", False, "ALL", ("ACK",), "hazard area"),
    "HUM": TypeRow(
        slots.NoticeSlots, "PRIORITY", "desk", "N7", False, "ALL", ("ACK",), "humanitarian, medical or civil flight"
    ),
    "SAR": TypeRow(
        slots.NoticeSlots, "LIFE", "desk", "D2", False, "ALL", ("ACK", "ANSWER"), "box for search and rescue"
    ),
    "STP": TypeRow(m.StopSlots, "LIFE", "desk", "V8", False, "ALL", ("ACK", "PAS", "DON"), "stop request"),
    "DIS": TypeRow(m.DistressSlots, "LIFE", "desk", "D1", False, "ALL", ("ACK", "PAS"), "distress"),
    "RLY": TypeRow(m.RelaySlots, "LIFE", "desk", "", False, "ALL", ("ACK", "PAS"), "relayed for a third party"),
    "IDQ": TypeRow(m.IdentitySlots, "SAFETY", "desk", "V4", False, "ALL", ("ANSWER",), "is this aircraft yours"),
    "IDA": TypeRow(m.IdentityAnswerSlots, "SAFETY", "desk", "*", False, "ALL", (), "ours, not ours, or checking"),
    "LAS": TypeRow(m.InterferenceSlots, "SAFETY", "desk", "", False, "ALL", ("ACK",), "laser or light"),
    "GNI": TypeRow(
        m.InterferenceSlots, "SAFETY", "desk", "", False, "ALL", ("ACK",), "interference with satellite navigation"
    ),
    "ACK": TypeRow(m.AckSlots, None, "desk", "L3", False, "PARENT", (), "received and understood; not agreement"),
    "RDB": TypeRow(m.ReadBackSlots, None, "desk", "L7", False, "PARENT", (), "read-back of data"),
    "PAS": TypeRow(m.PassedSlots, None, "desk", "V9", False, "PARENT", (), "passed to the controlling unit"),
    "DON": TypeRow(m.DoneSlots, None, "desk", "", False, "PARENT", (), "done"),
    "RFS": TypeRow(m.RefusedSlots, None, "desk", "", False, "PARENT", (), "not done, with a coded reason"),
    "LCK": TypeRow(m.CheckSlots, "ADMIN", "machine", "*", False, "NOT T", (), "line check, and its answer"),
    "SHIFT": TypeRow(m.ShiftSlots, "ADMIN", "desk", "", False, "ODS", (), "hand-over of the desk"),
    "STAT": TypeRow(m.StatusSlots, "ADMIN", "machine", "", False, "ALL", (), "how our desk is"),
    "SUSP": TypeRow(m.LineSlots, "ADMIN", "desk", "L9", False, "ALL", ("ACK",), "the line is suspended by us"),
    "RESM": TypeRow(m.LineSlots, "ADMIN", "desk", "L9", False, "ALL", ("ACK",), "our suspension is lifted"),
    "TERM": TypeRow(m.LineSlots, "ADMIN", "desk", "L9", False, "ALL", ("ACK",), "the line is terminated"),
    "KEY": TypeRow(m.KeySlots, "ADMIN", "desk", "", False, "ALL", ("ACK",), "a newer card: keys rotated or revoked"),
    "TBL": TypeRow(
        arranged.TermsSlots,
        "ADMIN",
        "desk",
        "",
        False,
        "OD TESTING",
        ("ANSWER",),
        "a clause of the terms, signed by us",
    ),
    "COV": TypeRow(arranged.CoverageSlots, "ADMIN", "desk", "", False, "ODS", ("ACK",), "for whom we speak, and where"),
    "MTG": TypeRow(
        arranged.MeetingSlots, "ADMIN", "desk", "", False, "ALL", ("ANSWER",), "a talk at a level, a review"
    ),
    "XNG": TypeRow(
        arranged.CrossingSlots, "COORD", "desk", "*", False, "OD", ("ANSWER",), "a crossing of a standing line"
    ),
    "OOB": TypeRow(m.ContactSlots, "ADMIN", "desk", "", False, "ALL", (), "somebody spoke outside the line"),
}

PHRASE_OF_KIND: Final[Mapping[str, str]] = {"VERT": "C2", "LAT": "C3", "TIME": "C4", "MIX": ""}
PHRASE_OF_CROSSING: Final[Mapping[str, str]] = {"NOTIFIED": "C7", "REQUESTED": "C7", "CANCELLED": "", "ENDED": ""}
PHRASE_OF_IDENTITY: Final[Mapping[str, str]] = {"OURS": "V5", "NOT OURS": "V6", "CHECKING": "V7"}

TELLS: Final[Mapping[NoticeKind, StatementType]] = {"HAZARD": "HAZ", "HUM": "HUM", "MEDEVAC": "HUM", "CIVIL": "HUM", "SAR": "SAR"}  # fmt: skip
"""Which type tells a notice of a kind first; NTC tells the others."""
FIRST_TELLS: Final = frozenset({"NTC", *TELLS.values()})


def told_by(kind: NoticeKind) -> StatementType:
    """The type that tells a notice of this kind first."""
    return TELLS.get(kind, "NTC")


def class_of(kind: NoticeKind) -> Class:
    """The class of a notice of this kind, of its changes and of its cancellation."""
    cls = CATALOGUE[told_by(kind)].cls
    assert cls is not None, "a first telling has a class of its own"
    return cls


def in_every_state(kind: NoticeKind) -> bool:
    """Whether a notice of this kind is told in every state of the line; a plan is not."""
    return CATALOGUE[told_by(kind)].allowed == "ALL"


def may_be_next(kind: NoticeKind, version: int, held: int) -> bool:
    """Whether a change to this kind may follow the version that is held: the next one, or a later one of such a kind.

    What lies between were plans, which waited for a line that did not take them.  Source: line-v1 5.1.
    """
    return version == held + 1 or (version > held and in_every_state(kind))


def slots_of(kind: StatementType, *, in_dialogue: bool) -> type[Wire]:
    """The slots of a type: in a dialogue about a conflict, or in answer to anything else."""
    row = CATALOGUE[kind]
    return row.slots if row.matter is None or in_dialogue else row.matter


assert tuple(CATALOGUE) == get_args(StatementType), "the table and the type name the same statements in the same order"
