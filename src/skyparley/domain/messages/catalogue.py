"""The catalogue of statement types, as one table a duty officer could check.  Source: DOMAIN 10.2, line-v1 section 4."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from skyparley.domain.messages import slots
from skyparley.domain.messages.codes import Class, Role

StatementType = Literal[
    "NTC", "NCH", "NCX", "NACT", "NEND", "NQR", "CFL", "PRO", "CPR", "ACC", "REJ", "SBY", "WDR", "AGR", "ERR"
]


class TypeRow(msgspec.Struct, frozen=True):
    """One line of the catalogue.  `negotiates`: part of a dialogue, so it needs an equal table and a compared line."""

    slots: type[slots.Wire]
    cls: Class
    role: Role
    code: str
    negotiates: bool
    purpose: str


CATALOGUE: Final[Mapping[StatementType, TypeRow]] = {
    "NTC": TypeRow(slots.NoticeSlots, "COORD", "desk", "N1", False, "notice of activity"),
    "NCH": TypeRow(slots.ChangeSlots, "COORD", "desk", "N2", False, "change of a notice"),
    "NCX": TypeRow(slots.CancelSlots, "COORD", "desk", "N3", False, "cancellation of a notice"),
    "NACT": TypeRow(slots.AtSlots, "COORD", "desk", "N4", False, "notice active"),
    "NEND": TypeRow(slots.AtSlots, "COORD", "desk", "N5", False, "notice ended, area left"),
    "NQR": TypeRow(slots.QuerySlots, "COORD", "desk", "N6", False, "ask to clarify a notice"),
    "CFL": TypeRow(slots.ConflictSlots, "COORD", "machine", "C1", False, "conflict, computed"),
    "PRO": TypeRow(slots.ProposalSlots, "COORD", "desk", "*", True, "proposal"),
    "CPR": TypeRow(slots.ProposalSlots, "COORD", "desk", "*", True, "counter-proposal"),
    "ACC": TypeRow(slots.AcceptSlots, "COORD", "desk", "C5", True, "accepted: no conflict seen under these terms"),
    "REJ": TypeRow(slots.RejectSlots, "COORD", "desk", "C6", True, "not accepted, with a coded reason"),
    "SBY": TypeRow(slots.StandBySlots, "COORD", "desk", "L5", True, "stand by, answer by a time"),
    "WDR": TypeRow(slots.WithdrawSlots, "COORD", "desk", "", True, "withdrawn"),
    "AGR": TypeRow(slots.AgreementSlots, "COORD", "desk", "", True, "agreement with both signatures"),
    "ERR": TypeRow(slots.ErrSlots, "ADMIN", "machine", "", False, "cannot process"),
}

PHRASE_OF_KIND: Final[Mapping[str, str]] = {"VERT": "C2", "LAT": "C3", "TIME": "C4", "MIX": ""}

assert tuple(CATALOGUE) == get_args(StatementType), "the table and the type name the same statements in the same order"
