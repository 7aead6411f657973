"""How far a statement got: the one word that the page, the command line and the brief of a hand-over share.

SENT is on its way and nobody there has it; RECEIVED is held by the other machine and read by nobody yet; then come the
acts of people.  Source: DOMAIN 11.2 "Message delivery".
"""

from typing import Final

from skyparley.domain.matter_records import Matter, MatterState
from skyparley.domain.records import Line

NOT_THERE: Final = "SENT, NOT RECEIVED"
"""What is said of a statement about lives that the other machine does not hold: SENT alone is overlooked."""


def delivered(matter: Matter, line: Line | None) -> bool:
    """Whether the other machine is known to hold this statement of ours."""
    return matter.ours and line is not None and matter.envelope.number <= line.delivered


def how_far(matter: Matter, line: Line | None) -> MatterState:
    """The one word.  `line`: to the peer it was said to; None where there is no line to it."""
    return "RECEIVED" if matter.state == "SENT" and delivered(matter, line) else matter.state


def how_far_said(matter: Matter, line: Line | None) -> str:
    """The same as people read it, louder where lives hang on what did not arrive."""
    word = how_far(matter, line)
    return NOT_THERE if word == "SENT" and matter.cls == "LIFE" else word
