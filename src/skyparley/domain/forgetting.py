"""When a notice leaves memory: some time after its end and the last act about it, once it can matter to nobody.

The journal keeps all of it, the record and `verify` are the same.  Source: docs/decisions/0007-what-is-forgotten-and-when.md.
"""

from skyparley.domain.lines import may_seal
from skyparley.domain.owed import untold
from skyparley.domain.records import Notice
from skyparley.domain.view import Moment, View


def still_matters(view: View, notice: Notice, moment: Moment) -> bool:
    """Whether somebody may still be bound by a notice, owe something about it, or give something of it back."""
    key = (notice.party, notice.id)
    if notice.live or view.conflicts_of(*key) or view.agreements_of(*key):
        return True
    pairs = view.pairs_of.get(key, frozenset())
    if any(acceptance.pair_id in pairs for acceptance in view.accepted.values()):
        return True  # Our signature is out, and the other one may come late.
    if notice.party != view.own:
        # After a restart statements of this feed may be given back: they are judged against what was known.
        line = view.lines.get(notice.party)  # None: it was heard by voice, and nothing is given back.
        return line is not None and line.compared != "EQUAL"
    lines = [view.lines[peer] for peer in notice.told]
    if any(not may_seal(line) or line.owed for line in lines):
        return True
    return any(untold(notice, line.peer, moment) for line in lines)
