"""Duty: who holds which post, by a roster; a hand-over has a brief and two persons, and the old officer answers until then.

Names stay in this node: the other side hears of posts and languages only.  Source: DOMAIN LINE-04, LINE-07, IAM-01, IAM-04;
line-v1 section 10.7.
"""

from skyparley.base.canonical import canonical
from skyparley.base.errors import Reason, Refusal, refuse
from skyparley.base.ids import digest
from skyparley.domain import checks
from skyparley.domain import commands as c
from skyparley.domain.drafts import draft
from skyparley.domain.duty_records import Brief, BriefLine, BriefMatter, DutyRoster
from skyparley.domain.events import DeskChanged, DutyTaken, HandoverOffered, RosterSet
from skyparley.domain.how_far import how_far_said
from skyparley.domain.line_views import live_bearers, word_of
from skyparley.domain.messages.codes import Post
from skyparley.domain.messages.matter_slots import OnDuty, ShiftSlots
from skyparley.domain.owed import instead
from skyparley.domain.parties import name_of
from skyparley.domain.records import Line
from skyparley.domain.view import Decided, Item, Moment, Ruling, View


def set_roster(view: View, command: c.SetRoster, by: str) -> Ruling:
    """Who may hold each post, in the order in which they are rung."""
    twice = sorted({entry.post for entry in command.posts if [one.post for one in command.posts].count(entry.post) > 1})
    reasons = [Reason("TWICE", f"{post} stands twice; name each post once", "posts") for post in twice]
    reasons += [
        Reason("NOBODY", f"{entry.post}: name at least one account, or leave the post out", "posts")
        for entry in command.posts
        if not entry.accounts
    ]
    if reasons:
        return Refusal(tuple(reasons))
    return Decided((RosterSet(posts={entry.post: entry.accounts for entry in command.posts}, by=by),))


def hand_over(view: View, command: c.HandOver, moment: Moment, by: str) -> Ruling:
    """The first signature: the officer on duty offers the post to another, with the brief of this moment."""
    duty = view.duty.on.get(command.post)
    if duty is None or duty.account != by:
        held = f"{duty.account} holds it" if duty else "nobody holds it; take it"
        return refuse("NOT_ON_DUTY", f"you do not hold {command.post}: {held}", field="post")
    if command.to == by:
        return refuse("SECOND_PERSON", "a hand-over takes two persons", field="to")
    wrong = _not_rostered(view.duty, command.post, command.to)
    if wrong:
        return refuse("NOT_ON_ROSTER", wrong, field="to")
    brief = brief_of(view, moment.now)
    name = digest(canonical(brief))
    event = HandoverOffered(post=command.post, by=by, to=command.to, brief=name, text=canonical(brief).decode())
    return Decided((event,), c.Outcome(result="OFFERED", refs={"brief": name, "to": command.to}))


def take_duty(view: View, command: c.TakeDuty, moment: Moment, by: str) -> Ruling:
    """The second signature: who takes the post says which brief was read.  A post that nobody holds is simply taken."""
    wrong = _not_rostered(view.duty, command.post, by)
    if wrong:
        return refuse("NOT_ON_ROSTER", wrong, field="post")
    held, offer = view.duty.on.get(command.post), view.duty.offered.get(command.post)
    if held is not None and held.account == by:
        return refuse("ON_DUTY", f"you hold {command.post} since before", field="post")
    if held is not None and (offer is None or offer.to != by):
        text = f"{held.account} holds {command.post} and stays responsible until it is handed over to you"
        return refuse("NOT_OFFERED", text, field="post")
    if held is not None and offer is not None and command.brief != offer.brief:
        return refuse("BRIEF", "read the brief that was offered and name its hash", field="brief", ids=(offer.brief,))
    before = held.account if held is not None else ""
    taken = DutyTaken(post=command.post, account=by, languages=command.languages, before=before, brief=command.brief)
    return Decided((taken,), c.Outcome(refs={"post": command.post, "before": before}))


def leave_duty(view: View, command: c.LeaveDuty, by: str) -> Ruling:
    """Given up without a successor: the post is empty, and what rings goes to the next."""
    held = view.duty.on.get(command.post)
    if held is None or held.account != by:
        return refuse("NOT_ON_DUTY", f"you do not hold {command.post}", field="post")
    left = DutyTaken(post=command.post, account="", languages=(), before=by)
    # Who leaves the last post leaves the desk: it is not called staffed for the act of leaving it.
    empty = () if set(view.duty.on) - {command.post} else (DeskChanged(desk="UNSTAFFED", by=by),)
    return Decided((left, *empty))


def _not_rostered(duty: DutyRoster, post: Post, account: str) -> str:
    """Why an account may not hold a post; empty where it may.  Without a roster anybody may."""
    if not duty.roster:
        return ""
    named = duty.roster.get(post, ())
    if account in named:
        return ""
    return f"{account} is not on the roster of {post}: " + (", ".join(named) or "nobody is")


def told(view: View, moment: Moment) -> list[Item]:
    """SHIFT to every open line, in the place of one that still waits, and a human check with it (LINE-04)."""
    on = tuple(
        OnDuty(post=post, languages=duty.languages)
        for post, duty in sorted(view.duty.on.items(), key=lambda one: one[0])
    )
    if not on:
        return []
    alternates = len({account for accounts in view.duty.roster.values() for account in accounts}) - len(on)
    slots = ShiftSlots(on=on, alternates=max(0, alternates), since=moment.now)
    items: list[Item] = []
    for peer, line in view.lines.items():
        if line.state in ("IN_FORCE", "SUSPENDED"):
            items += instead(line, draft("SHIFT", peer, slots, moment))
            items += checks.begin(view, line, moment, "HUMAN", live_bearers(line)[:1])
    return items


def brief_of(view: View, now: int) -> Brief:
    """What the next officer must know: how each line stands, what waits and until when, what is not settled."""
    waiting = [matter for matter in view.matters.values() if not matter.settled]
    return Brief(
        at=now,
        lines=tuple(
            BriefLine(peer=line.name, word=word_of(view, line), desk=line.peer_desk, undelivered=_undelivered(line))
            for line in view.lines.values()
        ),
        waiting=tuple(
            BriefMatter(
                statement=matter.hash,
                type=matter.type,
                peer=name_of(view, matter.peer),
                ours=matter.ours,
                state=how_far_said(matter, view.lines.get(matter.peer)),
                due=min(matter.due.values()),
            )
            for matter in sorted(waiting, key=lambda matter: (min(matter.due.values()), matter.hash))
        ),
        conflicts=tuple(
            sorted(f"{one.own_id} with {one.other_id}: {one.state}" for one in view.conflicts.values() if one.live)
        ),
        agreements=tuple(
            sorted(name for name, record in view.agreements.items() if record.status(now) in ("IN_FORCE", "PENDING"))
        ),
    )


def _undelivered(line: Line) -> int:
    """How many statements of ours the other machine is not known to hold."""
    epoch, seq = line.sent.head
    return seq - (line.delivered[1] if line.delivered[0] == epoch else 0)
