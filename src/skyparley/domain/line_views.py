"""How a line stands: the one displayed word out of the three variables, and why something may not be said on it now.

Source: DOMAIN 11.1; line-v1 section 10.
"""

from skyparley.base.errors import Reason
from skyparley.domain.line_states import Word, may_say
from skyparley.domain.messages.catalogue import StatementType
from skyparley.domain.messages.codes import Class
from skyparley.domain.records import Line
from skyparley.domain.view import View


def word_of(view: View, line: Line) -> Word:
    """The displayed word: first match, top to bottom."""
    match line.state:
        case "TERMINATED":
            return "TERMINATED"
        case "SUSPENDED":
            return "SUSPENDED"
        case "NONE":
            return "NOT ESTABLISHED"
        case "TESTING":
            return "TESTING"
    return "OPEN"


def saying_reasons(
    view: View, line: Line, kind: StatementType, cls: Class, *, parent: StatementType | None = None
) -> list[Reason]:
    """Why a desk may not say this on this line now; empty where it may."""
    word = word_of(view, line)
    if may_say(kind, cls, word, parent):
        return []
    text = f"the line with {line.name} is {word}: {kind} is not said in this state. What saves lives always is"
    return [Reason("LINE_STATE", text, "peer")]
