"""Which table counts: that of a line between its two parties, the strictest for what several of them read.

Terms are signed in pairs, so the numbers may differ from line to line.  Source: DESIGN "Words" (table); DOMAIN DIS-02.
"""

from collections.abc import Collection

from skyparley.base.ids import Fingerprint
from skyparley.domain.records import Notice
from skyparley.domain.table import LeastSizes, strictest
from skyparley.domain.view import View
from skyparley.geometry.volumes import Separation


def separation_between(view: View, one: Fingerprint, other: Fingerprint) -> Separation:
    """What the table of the line between two parties asks; one of them is this node's."""
    assert view.own in (one, other), "a node knows the tables of its own lines"
    return view.table_of(other if one == view.own else one).separation


def readers_of(view: View, notice: Notice) -> tuple[Fingerprint, ...]:
    """The parties whose tables say how small a notice may be: the audience of ours, the author of another's."""
    return notice.audience if notice.party == view.own else (notice.party,)


def least_sizes(view: View, readers: Collection[Fingerprint]) -> LeastSizes:
    """The strictest over these parties' tables; where nobody is told, by the table that the node was started with."""
    return strictest([view.table_of(peer) for peer in readers]) if readers else view.table.least
