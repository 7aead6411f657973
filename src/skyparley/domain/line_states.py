"""The states of a line as tables a duty officer could check: the displayed word, and what may be said in each.

Three variables make one word: the agreement (changed by signed statements only), the link (by the machine), and the desk of
each side.  Nothing here moves the agreement because of the link.  Source: DOMAIN 10.2 "Allowed in", 11.1; line-v1 section 10.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from skyparley.domain.messages.catalogue import CATALOGUE, AllowedIn, StatementType
from skyparley.domain.messages.codes import Class

AgreementState = Literal["NONE", "TESTING", "IN_FORCE", "SUSPENDED", "TERMINATED"]
Word = Literal["TERMINATED", "SUSPENDED", "NOT ESTABLISHED", "TESTING", "LOST", "HUMAN-SILENT", "DEGRADED", "OPEN"]
"""The one displayed word; the first that matches, in this order, is shown."""
WORDS: Final[tuple[Word, ...]] = get_args(Word)

ALLOWED: Final[Mapping[AllowedIn, frozenset[Word]]] = {
    "ALL": frozenset(WORDS),
    "NOT T": frozenset(WORDS) - {"TERMINATED"},
    "ODS": frozenset({"OPEN", "DEGRADED", "SUSPENDED", "HUMAN-SILENT", "LOST"}),
    "OD": frozenset({"OPEN", "DEGRADED"}),
    "OD TESTING": frozenset({"OPEN", "DEGRADED", "TESTING"}),
}
"""In which words a type may be said.  HUMAN-SILENT takes one-way notices as SUSPENDED does; LOST queues them (11.1)."""

ALWAYS: Final[frozenset[Class]] = frozenset({"LIFE"})
"""Classes that pass in every state, whatever their type."""

REFUSED_BY_AGREEMENT: Final[Mapping[AgreementState, frozenset[AllowedIn]]] = {
    "NONE": frozenset({"ODS", "OD", "OD TESTING"}),
    "TESTING": frozenset(),
    "IN_FORCE": frozenset(),
    "SUSPENDED": frozenset({"OD", "OD TESTING"}),
    "TERMINATED": frozenset({"ODS", "OD", "OD TESTING", "NOT T"}),
}
"""What a receiver answers with ERR LINE.  Links and desks are the sender's own measure, and the other side may have opened a
moment before us: so only the agreement counts, and TESTING refuses nothing."""

SEALED_IN: Final[Mapping[AgreementState, frozenset[AllowedIn]]] = {
    "NONE": frozenset(),
    "TESTING": frozenset({"ALL", "NOT T", "OD TESTING"}),
    "IN_FORCE": frozenset(get_args(AllowedIn)),
    "SUSPENDED": frozenset({"ALL", "NOT T", "ODS", "PARENT"}),
    "TERMINATED": frozenset({"ALL"}),
}
"""What is sealed in each state of the agreement; the rest waits.  A link that is down delays carrying, not sealing."""

COMPLETES: Final[frozenset[StatementType]] = frozenset({"AGR", "WDR", "REJ", "CFL"})
"""Dialogue types that a suspended line still takes: they complete, close or only compute what was said before."""


def may_say(kind: StatementType, cls: Class, word: Word, parent: StatementType | None = None) -> bool:
    """Whether a desk may say it now.  A reply has the rule of what it answers or is about (`parent`)."""
    if cls in ALWAYS:
        return True
    rule = CATALOGUE[kind].allowed
    if parent is not None:
        rule = CATALOGUE[parent].allowed
    return rule == "PARENT" or word in ALLOWED[rule]


def may_hear(kind: StatementType, cls: Class, agreement: AgreementState, parent: StatementType | None = None) -> bool:
    """Whether the meaning of what arrives is taken; else it is kept, and answered with ERR LINE."""
    if cls in ALWAYS or kind in COMPLETES:
        return True
    rule = CATALOGUE[kind].allowed if parent is None else CATALOGUE[parent].allowed
    return rule == "PARENT" or rule not in REFUSED_BY_AGREEMENT[agreement]
