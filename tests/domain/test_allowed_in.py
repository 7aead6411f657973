"""What may be said in each displayed word, and heard in each state of the agreement: the domain's letters, typed out a second time.

Letters: O open, D degraded, S suspended, H human-silent, L lost (queued), E testing, N not established, T terminated.
Source: DOMAIN 10.2 "Allowed in", 11.1; decision 0008 for H and E, 0009 for TBL.
"""

from typing import Final, get_args

import pytest

from skyparley.domain.line_states import WORDS, AgreementState, may_hear, may_say
from skyparley.domain.messages.catalogue import CATALOGUE, StatementType
from skyparley.domain.messages.codes import Class

ALL: Final = "ODSHLENT"
LETTERS: Final = """
NTC    O D S H L          NACT   O D S H L       NEND   O D S H L       NQR    O D S H L
CFL    O D                PRO    O D             CPR    O D             ACC    O D
REJ    O D                SBY    O D             WDR    O D             AGR    O D
ERR    O D S H L E N T    HAZ    O D S H L E N T HUM    O D S H L E N T SAR    O D S H L E N T
STP    O D S H L E N T    DIS    O D S H L E N T RLY    O D S H L E N T IDQ    O D S H L E N T
IDA    O D S H L E N T    LAS    O D S H L E N T GNI    O D S H L E N T STAT   O D S H L E N T
SUSP   O D S H L E N T    RESM   O D S H L E N T TERM   O D S H L E N T KEY    O D S H L E N T
LCK    O D S H L E N      SHIFT  O D S H L       COV    O D S H L       MTG    O D S H L E N T
TBL    O D E              XNG    O D             OOB    O D S H L E N T
"""
WORD_OF: Final = {
    "O": "OPEN",
    "D": "DEGRADED",
    "S": "SUSPENDED",
    "H": "HUMAN-SILENT",
    "L": "LOST",
    "E": "TESTING",
    "N": "NOT ESTABLISHED",
    "T": "TERMINATED",
}
AS_PARENT: Final = ("NCH", "NCX", "ACK", "RDB", "PAS", "DON", "RFS")
"""Types without letters of their own."""
CLASSES: Final[tuple[Class, ...]] = get_args(Class)
OTHERS: Final = [cls for cls in CLASSES if cls != "LIFE"]


def letters() -> dict[str, set[str]]:
    """The words in which each type may be said."""
    found: dict[str, set[str]] = {}
    for token in LETTERS.split():
        if len(token) > 1:
            found[token] = set()
            newest = token
        else:
            found[newest].add(WORD_OF[token])
    return found


ALLOWED: Final = letters()
OWN: Final = sorted(ALLOWED)


def test_every_type_and_every_word_is_typed_out():
    assert {*ALLOWED, *AS_PARENT} == set(CATALOGUE)
    assert not set(ALLOWED) & set(AS_PARENT)
    assert set(WORD_OF.values()) == set(WORDS)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("kind", OWN)
def test_a_type_is_said_in_just_these_words(kind, word):
    for cls in OTHERS:
        assert may_say(kind, cls, word) == (word in ALLOWED[kind])


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("kind", CATALOGUE)
def test_life_is_said_in_every_word(kind, word):
    assert may_say(kind, "LIFE", word)
    for parent in CATALOGUE:
        assert may_say(kind, "LIFE", word, parent)


REPLIES: Final = (*AS_PARENT, "IDA", "ACC", "REJ", "CPR", "SBY")


@pytest.mark.parametrize("parent", OWN)
@pytest.mark.parametrize("kind", REPLIES)
def test_a_reply_is_said_where_its_parent_is(kind, parent):
    """A rescue box is accepted while the line is suspended, where terms are not."""
    said = {word for word in WORDS if may_say(kind, "COORD", word, parent)}
    assert said == ALLOWED[parent]


# --- hearing -------------------------------------------------------------------------------------------------------

DIALOGUE: Final = {"PRO", "CPR", "ACC", "SBY", "TBL", "XNG"}
ONE_WAY: Final = {"NTC", "NACT", "NEND", "NQR", "SHIFT", "COV"}
NOT_HEARD: Final[dict[AgreementState, set[StatementType]]] = {
    "NONE": {*DIALOGUE, *ONE_WAY},
    "TESTING": set(),
    "IN_FORCE": set(),
    "SUSPENDED": {*DIALOGUE},
    "TERMINATED": {*DIALOGUE, *ONE_WAY, "LCK"},
}
"""What is answered with ERR LINE.  AGR, WDR, REJ and CFL complete or close what was said before."""


def test_every_state_of_the_agreement_is_typed_out():
    assert set(NOT_HEARD) == set(get_args(AgreementState))


@pytest.mark.parametrize("agreement", NOT_HEARD)
@pytest.mark.parametrize("kind", CATALOGUE)
def test_what_is_heard_in_a_state_of_the_agreement(kind, agreement):
    for cls in OTHERS:
        assert may_hear(kind, cls, agreement) == (kind not in NOT_HEARD[agreement])
    assert may_hear(kind, "LIFE", agreement), "a LIFE statement is taken in every state"


@pytest.mark.parametrize("agreement", NOT_HEARD)
@pytest.mark.parametrize("parent", [kind for kind in OWN if kind not in ("CFL", "REJ", "WDR", "AGR")])
@pytest.mark.parametrize("kind", [kind for kind in REPLIES if kind != "REJ"])
def test_a_reply_is_heard_where_its_parent_is(kind, parent, agreement):
    assert may_hear(kind, "COORD", agreement, parent) == (parent not in NOT_HEARD[agreement])


# Between the two: a node that holds the same agreement as the sender never refuses what the sender may say.

AGREEMENT_OF: Final = {
    "TERMINATED": "TERMINATED",
    "SUSPENDED": "SUSPENDED",
    "NOT ESTABLISHED": "NONE",
    "TESTING": "TESTING",
    "LOST": "IN_FORCE",
    "HUMAN-SILENT": "IN_FORCE",
    "DEGRADED": "IN_FORCE",
    "OPEN": "IN_FORCE",
}


@pytest.mark.parametrize("word", WORDS)
def test_what_may_be_said_is_heard(word):
    for kind in OWN:
        for cls in CLASSES:
            if may_say(kind, cls, word):
                assert may_hear(kind, cls, AGREEMENT_OF[word]), (kind, cls)
