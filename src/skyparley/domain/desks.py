"""How the desks are: ours by log-on, acts and its own word; theirs by what they say; both by their silence.

Source: DOMAIN 11.1 "Desk", CON-03; line-v1 section 10.6.
"""

from collections.abc import Sequence

from skyparley.base.ids import Fingerprint
from skyparley.domain import commands as c
from skyparley.domain.drafts import draft
from skyparley.domain.events import AlarmRaised, DeskChanged, PeerSilent
from skyparley.domain.messages.codes import DeskState
from skyparley.domain.messages.matter_slots import StatusSlots
from skyparley.domain.owed import instead
from skyparley.domain.records import Line
from skyparley.domain.view import Decided, Item, Moment, Ruling, View


def set_desk(view: View, command: c.SetDesk, moment: Moment, by: str) -> Ruling:
    """Our desk's own word."""
    return Decided(tuple(changed(view, command.desk, by)))


def see_desk(view: View, command: c.SeeDesk) -> Decided:
    """A person logged on: the desk is staffed, unless it said DECLINED.  The last one left: it is not."""
    if not command.staffed:
        return Decided(tuple(changed(view, "UNSTAFFED", command.account)) if view.desk != "DECLINED" else ())
    return Decided(tuple(by_act(view, command.account)) if view.desk != "DECLINED" else ())


def by_act(view: View, account: str) -> Sequence[Item]:
    """A person acted, so somebody is there."""
    return changed(view, "STAFFED", account)


def changed(view: View, desk: DeskState, by: str) -> list[Item]:
    """The event, where it is otherwise than before; the fold and its reaction tell every line."""
    return [] if view.desk == desk else [DeskChanged(desk=desk, by=by)]


def tell_all(view: View, moment: Moment) -> list[Item]:
    """STAT to every line that was established, in the place of one that still waits."""
    slots = StatusSlots(desk=view.desk)
    lines = [line for line in view.lines.values() if line.state != "NONE"]
    return [item for line in lines for item in instead(line, draft("STAT", line.peer, slots, moment))]


def vouch(view: View, line: Line, moment: Moment) -> list[Item]:
    """STAT once more, where a key of ours has ended while statements of ours were on their way, perhaps signed by it.

    The peer takes such a one only where a later one of ours follows it, signed by a key that holds (line-v1 3.7).
    """
    ended = any(entry.until_ms <= moment.now for entry in view.own_card.said.roles)
    if not ended or line.state == "NONE" or line.compared != "EQUAL" or line.sent.head <= line.delivered:
        return []
    return [draft("STAT", line.peer, StatusSlots(desk=view.desk), moment)]


def silent(view: View) -> list[Item]:
    """SILENT: half an hour without an act of a person, with statements waiting for one."""
    if view.desk != "STAFFED":
        return []
    text = "nobody acted at our desk for long, and statements wait: the other side is told HUMAN-SILENT"
    return [DeskChanged(desk="SILENT"), AlarmRaised(code="DESK_SILENT", about="desk", text=text)]


def peer_silent(view: View, peer: Fingerprint) -> list[Item]:
    """PEER SILENT: the same of the other side, by our own clock and not by its word."""
    line = view.lines[peer]
    if line.peer_desk in ("SILENT", "DECLINED"):
        return []
    text = f"nobody acted at the desk of {line.name} for long, and statements of ours wait: HUMAN-SILENT"
    return [PeerSilent(peer=peer), AlarmRaised(code="HUMAN_SILENT", about=peer, text=text, peer=peer)]
