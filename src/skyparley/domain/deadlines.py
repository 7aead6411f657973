"""Clocks that run out: what each deadline comes to.  Deadlines live in the state, survive a restart and fire once.

Source: DOMAIN 8, RES-05, RES-08; STYLE "Three journeys", 3.
"""

from collections.abc import Mapping
from typing import Final, Literal

from skyparley.base.ids import Fingerprint, short_id
from skyparley.domain import arrangement, calls, checks, crossings, desks, meetings
from skyparley.domain.events import (
    AgreementExpired,
    AlarmRaised,
    ConflictUnresolved,
    DeadlinePassed,
    MatterExpired,
    MatterForgotten,
    NoticeForgotten,
    NoticePast,
    Rang,
)
from skyparley.domain.forgetting import still_matters
from skyparley.domain.matter_records import Matter
from skyparley.domain.messages.catalogue import Ask
from skyparley.domain.messages.codes import Post
from skyparley.domain.parties import name_of
from skyparley.domain.records import Conflict
from skyparley.domain.view import Decided, Item, Moment, View

What = Literal[
    "CHECK",
    "NEXT CHECK",
    "CHECK AWAITED",
    "HUMAN CHECK",
    "LINE CHANGE",
    "CLAUSE",
    "CALENDAR",
    "CROSSING ENDING",
    "CROSSING OVER",
    "SILENT",
    "PEER SILENT",
    "RING",
    "RECEIPT",
    "FORGET MATTER",
    "PAST",
    "FORGET",
    "HALF",
    "START",
    "REPLY",
    "COUNTERSIGN",
    "EXPIRING",
    "EXPIRES",
    "CALL",
    "FORGET CALL",
]

OPEN: Final = frozenset({"DETECTED", "PROPOSED", "STANDBY", "REJECTED"})


def pass_deadlines(view: View, moment: Moment) -> Decided:
    """Everything that is due by now, oldest first."""
    items: list[Item] = []
    for due, what, about in view.due(moment.now):
        if what == "FORGET" and (forgotten := _forgotten(view, about, moment)) is not None:
            items.append(forgotten)
            continue
        if what == "FORGET MATTER":
            items += _unanswered(view, about)
            continue
        items.append(DeadlinePassed(what=what, about=about, due=due))
        items += _comes_to(view, what, about, due, moment)
    return Decided(tuple(items))


def _forgotten(view: View, about: str, moment: Moment) -> NoticeForgotten | None:
    """None while the notice still matters to somebody: then the passed deadline comes again after as long."""
    party, notice_id = about.split(" ", 1)
    notice = view.notices[(Fingerprint(party), notice_id)]
    return None if still_matters(view, notice, moment) else NoticeForgotten(party=notice.party, id=notice_id)


def _unanswered(view: View, statement: str) -> list[Item]:
    """A matter leaves memory when it is over.  One that nobody answered is not silently dropped: people are told first.

    Of exercises, of what came in a flood and was told as one count, and of a line check, which the next one repeats,
    nobody is told again.
    """
    matter = view.matters[statement]
    if matter.over or matter.exercise or matter.quiet or matter.type == "LCK":
        return [MatterForgotten(statement=statement)]
    said = f"{matter.type} {'to' if matter.ours else 'from'} {name_of(view, matter.peer)}"
    text = f"{said} ({short_id(statement)}) was never settled: {', '.join(sorted(matter.due))} not done; call by voice"
    alarm = AlarmRaised(code="MATTER_EXPIRED", about=statement, text=text, peer=matter.peer)
    return [MatterExpired(statement=statement), alarm]


def _not_delivered(view: View, statement: str) -> list[Item]:
    """A LIFE statement of ours that the other machine is not known to hold: no technical receipt, so people call."""
    matter = view.matters.get(statement)
    line = view.lines.get(matter.peer) if matter is not None else None
    if matter is None or line is None or matter.envelope.number <= line.delivered:
        return []
    text = f"{matter.type} to {line.name} ({short_id(statement)}) has no receipt: it may not have arrived. Call by voice, now"
    return [AlarmRaised(code="NOT_DELIVERED", about=statement, text=text, peer=matter.peer)]


def _rings(view: View, statement: str, now: int) -> list[Item]:
    """Whoever is to be rung by now about a statement, where something asked of it is overdue or it is new.

    Each post once, with the newest reason, however many of its steps passed while the node was down.
    """
    matter = view.matters[statement]
    name = name_of(view, matter.peer)
    said = f"{matter.type} {'to' if matter.ours else 'from'} {name}"
    rings: dict[Post, Rang] = {}
    for when, post in matter.ladder:
        late = sorted(ask for ask in matter.due if matter.rings_from(ask) <= when)
        new = not matter.ours and not matter.rung and (not rings or when == matter.taken_at)
        if when <= now and (late or new):
            code = late[0] if late else ""
            text = f"{said}: {_missing(matter, code, when)}" if code else said
            ring = Rang(peer=matter.peer, statement=statement, post=post, cls=matter.cls, code=code, text=text)
            rings[post] = ring
    return list(rings.values())


def _missing(matter: Matter, ask: Ask, when: int) -> str:
    return MISSING[ask] if matter.due[ask] <= when else f"{NOT_YET[ask]}, half the time is gone and the desk is empty"


NOT_YET: Final[Mapping[Ask, str]] = {
    "ACK": "not acknowledged yet",
    "PAS": "the controlling unit was not told yet",
    "DON": "neither done nor refused yet",
    "ANSWER": "not answered yet",
}
MISSING: Final[Mapping[Ask, str]] = {
    "ACK": "not acknowledged in time",
    "PAS": "the controlling unit was not told in time",
    "DON": "neither done nor refused in time",
    "ANSWER": "not answered in time",
}


def _of_line(view: View, what: str, about: str, due: int, moment: Moment) -> list[Item] | None:
    """What a clock of a line comes to; None where it is another clock."""
    match what:
        case "CHECK":
            return checks.unanswered(view, about, moment)
        case "NEXT CHECK":
            return checks.due_check(view, Fingerprint(about), due, moment)
        case "CHECK AWAITED":
            return checks.awaited(view, Fingerprint(about), due, moment)
        case "HUMAN CHECK":
            return checks.human_check(view, Fingerprint(about), due, moment)
        case "LINE CHANGE":
            return []  # The fold lets it take effect.
        case "CLAUSE":
            return list(arrangement.terms_now(view, view.lines[Fingerprint(about)], moment.now))
        case "CALENDAR":
            return meetings.due(view, about)
        case "CROSSING ENDING" | "CROSSING OVER":
            return crossings.clock(view, what, about)
        case "SILENT":
            return desks.silent(view)
        case "PEER SILENT":
            return desks.peer_silent(view, Fingerprint(about))
    return None


def _comes_to(view: View, what: str, about: str, due: int, moment: Moment) -> list[Item]:
    if what == "RING":
        return _rings(view, about, moment.now)
    if what == "RECEIPT":
        return _not_delivered(view, about)
    of_line = _of_line(view, what, about, due, moment)
    if of_line is not None:
        return of_line
    if what == "CALL":
        return list(calls.rings(view, about, moment.now))
    if what in ("FORGET", "FORGET CALL"):
        return []
    if what == "PAST":
        party, notice_id, peer = (*about.split(" "), "")[:3]
        return [NoticePast(party=Fingerprint(party), id=notice_id, peer=Fingerprint(peer))]
    if what in ("EXPIRING", "EXPIRES"):
        return _agreement(view, what, about)
    conflict = view.conflicts[about]
    return _conflict(view, what, conflict) if conflict.live else []


def _agreement(view: View, what: str, about: str) -> list[Item]:
    record = view.agreements[about]
    if record.void or record.expired:
        return []
    if what == "EXPIRES":
        return [AgreementExpired(agreement_id=about)]
    peer = next(party for party in record.signatures if party != view.own)
    text = f"agreement {short_id(about)} with {view.lines[peer].name} ends soon, by itself"
    return [AlarmRaised(code="AGREEMENT_EXPIRING", about=about, text=text, peer=peer)]


def _conflict(view: View, what: str, conflict: Conflict) -> list[Item]:
    name = f"{conflict.own_id} with {name_of(view, conflict.other_party)} {conflict.other_id}"
    match what:
        case "HALF" if conflict.state in OPEN:
            text = f"{name}: half the time to start is gone and nothing is settled; tell level 2"
            return [_alarm("CONFLICT_HALF_TIME", conflict, text)]
        case "START" if conflict.state in OPEN:
            text = f"{name}: start reached, UNRESOLVED; nobody is in the right, keep apart"
            return [ConflictUnresolved(pair_id=conflict.pair_id), _alarm("CONFLICT_UNRESOLVED", conflict, text)]
        case "REPLY" if conflict.offer is not None and conflict.acceptance is None:
            return [_alarm("PROPOSAL_UNANSWERED", conflict, f"{name}: the proposal was not answered in time")]
        case "COUNTERSIGN" if conflict.acceptance is not None:
            text = f"{name}: accepted, and the other signature has not come; your terms bind you meanwhile"
            return [_alarm("COUNTERSIGNATURE_LATE", conflict, text)]
    return []


def _alarm(code: str, conflict: Conflict, text: str) -> AlarmRaised:
    return AlarmRaised(code=code, about=conflict.pair_id, text=text, peer=conflict.other_party)
