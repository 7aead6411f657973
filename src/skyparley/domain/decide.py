"""One command to its ruling: the table of who decides what."""

from typing import Final

from skyparley.base.errors import Refusal, refuse
from skyparley.domain import (
    arrangement,
    checks,
    crossings,
    deadlines,
    desks,
    dialogues,
    duty,
    filing,
    key_refusals,
    line_changes,
    lines,
    link_health,
    matters,
    misuse,
    notices,
    receive,
    rings,
)
from skyparley.domain import commands as c
from skyparley.domain.events import AlarmRaised, ClockAnchored, CommandAnswered, NodeStarted, PeerPinned, TableSet
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.view import Decided, Moment, Ruling, View
from skyparley.domain.voice_acts import decide_voice, query_by_voice
from skyparley.domain.voice_commands import VoiceCommand
from skyparley.evidence.card import BadCard, read_card


def decide(view: View, command: c.Command, moment: Moment) -> Ruling:
    """The ruling on a command against the state as earlier commands left it.  Changes nothing."""
    match command:
        case c.ByDesk():
            return _by_desk(view, command, moment)
        case c.ReceiveStatement():
            return receive.receive(view, command, moment)
        case c.KeepReceipts():
            return receive.keep_receipts(view, command)
        case c.CompareHello():
            return lines.compare_hello(view, command)
        case c.NoteCarried():
            return lines.note_carried(view, command)
        case c.NoteLink():
            return link_health.note_link(view, command, moment)
        case c.NoteKeys():
            return key_refusals.note_keys(view, command)
        case c.RestoreStatement():
            return receive.restore(view, command, moment)
        case c.PassDeadlines():
            return deadlines.pass_deadlines(view, moment)
        case c.SeeDesk():
            return desks.see_desk(view, command)
        case c.PinPeer():
            return _pin(view, command)
        case c.Start():
            return _start(view, command)
        case c.NoteMisuse() | c.NoteUnauthenticated() | c.NoteEndedKey():
            return misuse.decide_misuse(view, command, moment)
        case c.NoteHook():
            return rings.note_hook(view, command)
        case c.ReportDamage():
            return _damaged(command)
    raise AssertionError(f"no decision for {type(command).__name__}")


def _start(view: View, command: c.Start) -> Decided:
    started = NodeStarted(software=command.software)
    if view.judged_by == view.table_hash:
        return Decided((started,))
    return Decided((started, TableSet(table_hash=view.table_hash)))


def _damaged(command: c.ReportDamage) -> Decided:
    text = f"the record of this node is damaged: {command.text}. Keep a copy of the folder and ask for help"
    return Decided((AlarmRaised(code="JOURNAL_DAMAGED", about="journal", text=text),))


def _by_desk(view: View, command: c.ByDesk, moment: Moment) -> Ruling:
    """A retry with the same key gets the same answer; the same key for another act is refused."""
    answered = view.answers.get(command.key)
    if answered is not None:
        request, outcome = answered
        if request != command.request:
            return refuse("KEY_REUSED", "this idempotency key was used for another act; take a new one", field="key")
        return Decided((), outcome)
    if not command.person and needs_person(command.command):
        return refuse("PERSON_NEEDED", "distress and rescue boxes are sent by a person; log on as one", field="kind")
    if not command.person and _speaks_for_people(command.command) and not _person_types(view, command):
        text = "this says that a person understood, passed on, did or answered: log on as one"
        return refuse("PERSON_NEEDED", text, field="account")
    ruling = _desk(view, command.command, moment, command.account)
    if isinstance(ruling, Refusal):
        return ruling
    kept = CommandAnswered(
        key=command.key, request=command.request, answer=to_plain(ruling.outcome), person=command.person
    )
    there = desks.by_act(view, command.account) if command.person and not isinstance(command.command, c.SetDesk) else ()
    return Decided((*there, *ruling.items, kept), ruling.outcome)


def needs_person(command: c.DeskCommand) -> bool:
    """DIS and SAR are never said by a machine with a token (DOMAIN 10.2); and a machine hears nobody and calls nobody."""
    match command:
        case c.Say():
            return command.type in PERSON_ONLY
        case c.FileNotice() | c.ChangeNotice():
            return command.kind == "SAR"
        case c.FileNotices():
            return any(one.kind == "SAR" for one in command.notices)
    return isinstance(command, VoiceCommand)


def _speaks_for_people(command: c.DeskCommand) -> bool:
    """What is only true when a person did it: acknowledgments, read-backs, answers, and who holds a post."""
    return isinstance(command, c.AboutMatter | c.TakeDuty | c.HandOver | c.LeaveDuty)


def _person_types(view: View, command: c.ByDesk) -> bool:
    """A person at this machine's own command line; and on a SCALED clock, in demonstrations, a script stands for people."""
    return command.account == LOCAL_ACCOUNT or view.clock == "SCALED"


LOCAL_ACCOUNT: Final = "token:local-command-line"
"""The token that lies in the node's own folder: whoever types there is at this desk."""
PERSON_ONLY: Final = frozenset({"DIS", "SAR"})


def _desk(view: View, command: c.DeskCommand, moment: Moment, by: str) -> Ruling:
    match command:
        case c.Say():
            return matters.say(view, command, moment)
        case c.Acknowledge():
            return matters.acknowledge(view, command, moment, by)
        case c.ReadBackMatter():
            return matters.read_back(view, command, moment)
        case c.PassOn():
            return matters.pass_on(view, command, moment)
        case c.ReportDone():
            return matters.report_done(view, command, moment)
        case c.RefuseMatter():
            return matters.refuse_matter(view, command, moment)
        case c.PutAway():
            return matters.put_away(view, command, by)
        case c.AnswerIdentity():
            return matters.answer_identity(view, command, moment)
        case c.AnswerMatter():
            return matters.answer_matter(view, command, moment)
        case c.FileNotice():
            return filing.file_notice(view, command, moment, by)
        case c.FileNotices():
            return filing.file_notices(view, command, moment, by)
        case c.ChangeNotice():
            return filing.change_notice(view, command, moment, by)
        case c.CancelNotice():
            return notices.cancel_notice(view, command, moment, by)
        case c.ActivateNotice():
            return notices.activate_notice(view, command, moment, by)
        case c.EndNotice():
            return notices.end_notice(view, command, moment, by)
        case c.QueryNotice():
            return query_by_voice(view, command, moment) or notices.query_notice(view, command, moment)
        case c.Propose():
            return dialogues.propose(view, command, moment)
        case c.Accept():
            return dialogues.accept(view, command, moment)
        case c.Reject():
            return dialogues.reject(view, command, moment)
        case c.StandBy():
            return dialogues.stand_by(view, command, moment)
        case c.Withdraw():
            return dialogues.withdraw(view, command, moment)
        case c.SuspendLine() | c.ResumeLine() | c.TerminateLine():
            return line_changes.change_line(view, command, moment, by)
        case c.DraftClause():
            return arrangement.draft_clause(view, command, moment, by)
        case c.DropClause():
            return arrangement.drop_clause(view, command, by)
        case c.ProposeClause():
            return arrangement.propose_clause(view, command, moment, by)
        case c.AcceptClause():
            return arrangement.accept_clause(view, command, moment, by)
        case c.CrossLine():
            return crossings.cross_line(view, command, moment)
        case c.ReviseCrossing():
            return crossings.revise_crossing(view, command, moment)
        case c.EndCrossing():
            return crossings.end_crossing(view, command, moment)
        case c.AnnounceKeys():
            return line_changes.announce_keys(view, command, moment, by)
        case c.SetDesk():
            return desks.set_desk(view, command, moment, by)
        case c.SetRoster():
            return duty.set_roster(view, command, by)
        case c.HandOver():
            return duty.hand_over(view, command, moment, by)
        case c.TakeDuty():
            return duty.take_duty(view, command, moment, by)
        case c.LeaveDuty():
            return duty.leave_duty(view, command, by)
        case c.CheckLine():
            return checks.check_line(view, command, moment)
        case c.OpenEpoch():
            return lines.open_epoch(view, command, moment, by)
        case c.AnchorClock():
            return _anchor(view, command)
        case VoiceCommand():
            return decide_voice(view, command, moment, by)
    raise AssertionError(f"no decision for {type(command).__name__}")


def _anchor(view: View, command: c.AnchorClock) -> Ruling:
    if view.clock != "SCALED":
        return refuse("CLOCK", "this node runs on the real clock; only a SCALED one can be set")
    if not 0 < command.rate_permille <= 1_000_000:
        return refuse("RATE", "rate_permille runs from 1 to 1,000,000; 1000 is real speed", field="rate_permille")
    event = ClockAnchored(real_ms=command.real_ms, shown_ms=command.shown_ms, rate_permille=command.rate_permille)
    return Decided((event,))


def _pin(view: View, command: c.PinPeer) -> Ruling:
    try:
        card = read_card(command.card)
    except BadCard as error:
        return refuse(error.code, str(error), field="card")
    if card.fingerprint == view.own:
        return refuse("OWN_CARD", "this is our own card", field="card")
    held = view.lines.get(card.fingerprint)
    if held is not None and card.said.issued_ms <= held.card.said.issued_ms:
        return Decided(())  # The folder may still hold a card that a statement of the peer has replaced (line-v1 2).
    return Decided((PeerPinned(card=command.card),))
