"""Words from the closed lists of the line, in the ways people type them: case, hyphens and underscores do not matter."""

import difflib
from collections.abc import Sequence
from typing import Final

from skyparley.cli.forms import BadForm

NOTICE_KINDS: Final = "TRANSIT, AREA WORK, AERODROME, REFUEL TRACK, UAS AREA, HAZARD, HUM, MEDEVAC, SAR, CIVIL or TEST"
"""For the help, which is shown without importing the domain; a test holds it against the domain's list."""

REASONS: Final = "WX, EM, MED, SAR, HUM, HUM-ESCORT, NAV, LOST LINK, TRAFFIC, CAPACITY or NOT STATED"
QUERY_FIELDS: Final = "AREA, LEVELS, PERIOD, KIND or DUE REGARD"
REJECT_REASONS: Final = "CAPACITY, SAFETY, WEATHER, OTHER or NOT STATED"
LINE_REASONS: Final = "POLITICAL, SAFETY, TECHNICAL, REVIEW, OTHER or NOT STATED"
REFUSAL_REASONS: Final = "WX, EM, TRAFFIC, CAPACITY, SAFETY, NO ACTION POSSIBLE, NOT OURS, OTHER or NOT STATED"
ACTIONS: Final = (
    "TURNING LEFT, TURNING RIGHT, CLIMBING, DESCENDING, MAINTAINING, STOPPING, HOLDING, NO ACTION POSSIBLE, NOT OURS "
    "or REFUSED"
)
AIRCRAFT: Final = "FIXED WING, ROTARY WING, UAS, GLIDER, BALLOON or OTHER"
RELAY_SOURCES: Final = "CIVIL ATS, SHIP, UN, RESCUE CENTRE, NEIGHBOUR or OTHER"
POSTS: Final = "DESK, ALTERNATE, LINGUIST, SUPERVISOR, LEVEL2 or LEVEL3"
DESKS: Final = "STAFFED, UNSTAFFED or DECLINED"


def choose(text: str, words: Sequence[str], *, what: str) -> str:
    """The word of a closed list that a person typed.  Raises BadForm with the nearest one, or all of them."""
    plain = _plain(text)
    for word in words:
        if _plain(word) == plain:
            return word
    near = difflib.get_close_matches(plain, [_plain(word) for word in words], n=1, cutoff=0.7)
    hint = f"perhaps {near[0]}? It is one of " if near else "it is one of "
    raise BadForm(f"{text!r} is no {what}; {hint}{', '.join(words)}")


def _plain(text: str) -> str:
    return " ".join(text.upper().replace("-", " ").replace("_", " ").split())
