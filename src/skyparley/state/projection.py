"""The state of a node: what its journal says, folded.  Replaying the journal gives the same state.

It implements the View that decisions read.  Only `fold` changes it.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from skyparley.base import limits
from skyparley.base.ids import Fingerprint
from skyparley.domain import events as e
from skyparley.domain.commands import Outcome
from skyparley.domain.duty_records import DutyRoster
from skyparley.domain.forgotten import Forgotten
from skyparley.domain.line_records import CardAsked
from skyparley.domain.matter_records import Matter
from skyparley.domain.messages.codes import ClockKind, DeskState, Post
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.misuse_kept import LifeWindow, Misuse, Unauthenticated
from skyparley.domain.records import AgreementRecord, Alarm, Conflict, Line, Notice, OpenAcceptance
from skyparley.domain.rings_kept import Rings
from skyparley.domain.table import Table, table_hash
from skyparley.domain.view import Hit, NoticeKey
from skyparley.domain.voice_records import VoiceBook
from skyparley.evidence.card import Card
from skyparley.geometry.volumes import Separation
from skyparley.state.clocks import Deadlines
from skyparley.state.index import NoticeIndex, Required

RING_ONCE: Final = frozenset({"FORK", "BROKEN", "DIVERGED", "VERDICT_DIFFERS", "KEY_ENDED"})
"""Alarms that are asked after before they are raised again: only of these it is kept for ever what they were about."""


class State:
    """Everything a node knows.  `position` is the last journal entry folded."""

    def __init__(
        self, own_card: Card, table: Table, clock: ClockKind, *, keep_ms: int = limits.FORGET_AFTER_MS
    ) -> None:
        self.keep_ms = keep_ms
        """How long what is over stays, after its end and the last act about it."""
        self.own_card = own_card
        self.own: Fingerprint = own_card.fingerprint
        self.name = own_card.name
        self.table = table
        self.table_hash = table_hash(table)
        self.clock: ClockKind = clock
        self.judged_by = ""
        self.position = 0
        self.lines: dict[Fingerprint, Line] = {}
        self.notices: dict[NoticeKey, Notice] = {}
        self.conflicts: dict[str, Conflict] = {}
        self.agreements: dict[str, AgreementRecord] = {}
        self.accepted: dict[str, OpenAcceptance] = {}
        """By agreement id: what we signed and the proposer may still countersign."""
        self.answers: dict[str, tuple[str, Outcome]] = {}
        self.answered_at: dict[str, int] = {}
        self.alarms: deque[Alarm] = deque(maxlen=limits.ALARMS_KEPT)
        self.anchor: e.ClockAnchored | None = None
        self.deadlines = Deadlines()
        self.index = NoticeIndex(self.own)
        self.pairs_of: dict[NoticeKey, set[str]] = {}
        self.offers_of: dict[Fingerprint, set[str]] = {}
        """Pairs in which an offer is open, by peer."""
        self.deficient: set[NoticeKey] = set()
        """Notices of ours that a peer answered with KEY_INCOMPLETE, until a new version is told."""
        self.agreed_on: dict[NoticeKey, set[str]] = {}
        """Ids of agreements that neither expired nor were voided, by notice."""
        self.agreements_about: dict[NoticeKey, set[str]] = {}
        """Ids of all agreements, over or not, by notice."""
        self.matters: dict[str, Matter] = {}
        """Statements that ask people for something, by hash."""
        self.waiting_here: dict[str, None] = {}
        """Of these the ones that wait for people here, oldest first."""
        self.waiting_there: dict[Fingerprint, dict[str, None]] = {}
        """And those of ours that wait for people there, by peer, as they came to be held there."""
        self.on_the_way: dict[Fingerprint, dict[str, None]] = {}
        """Those of ours that the other machine is not known to hold: nobody there can be silent about them."""
        self.desk: DeskState = "UNSTAFFED"
        self.duty = DutyRoster()
        self.keys_asked: CardAsked | None = None
        self.acted_at = 0
        """When a person last acted at our desk."""
        self.forgotten = Forgotten()
        self.pending: set[str] = set()
        """Ids of agreements whose countersignature the peer is not known to hold."""
        self.alarms_raised: set[tuple[str, str]] = set()
        """Code and subject of the alarms that ring once for a matter."""
        self.highest_id = 0
        self.misuse = Misuse()
        self.rings = Rings()
        self.voice = VoiceBook()

    # --- what decisions read -------------------------------------------------------------------------------

    def table_of(self, peer: Fingerprint) -> Table:
        line = self.lines.get(peer)
        return self.table if line is None or line.table is None else line.table.table

    def table_hash_of(self, peer: Fingerprint) -> str:
        line = self.lines.get(peer)
        return self.table_hash if line is None or line.table is None else line.table.hash

    def hits(self, party: Fingerprint, volumes: Iterable[VolumeSlot]) -> list[Hit]:
        hits = self.index.hits(party, volumes, self._required(party))
        if party == self.own:
            return hits
        return [hit for hit in hits if party not in self.notices[hit.notice].past_for]

    def _required(self, party: Fingerprint) -> Required:
        """What volumes of a party are kept apart by: one separation, unless they are ours and our lines differ."""
        if party != self.own:
            return Required(self.table_of(party).separation)
        if all(line.table is None for line in self.lines.values()):
            return Required(self.table.separation)
        groups: dict[Separation, set[Fingerprint]] = {}
        for peer in self.counterparts:
            groups.setdefault(self.table_of(peer).separation, set()).add(peer)
        return Required(next(iter(groups))) if len(groups) == 1 else Required(None, tuple(groups.items()))

    @property
    def counterparts(self) -> tuple[Fingerprint, ...]:
        """Every party whose notices ours are compared with: those with a line, and those with only a telephone."""
        return (*self.lines, *self.voice.peers)

    def longest_time_ms(self, party: Fingerprint) -> int:
        """For how long after its end a notice of a party may still be too close to another; ours to those of any line."""
        if party != self.own:
            return self.table_of(party).separation_time_ms
        signed = (line.table.table for line in self.lines.values() if line.table is not None)
        return max(self.table.separation_time_ms, *(table.separation_time_ms for table in signed), 0)

    def conflicts_of(self, party: Fingerprint, notice_id: str) -> list[Conflict]:
        pairs = sorted(self.pairs_of.get((party, notice_id), ()))
        return [self.conflicts[pair] for pair in pairs if self.conflicts[pair].live]

    def agreements_of(self, party: Fingerprint, notice_id: str) -> list[AgreementRecord]:
        return [self.agreements[one] for one in sorted(self.agreed_on.get((party, notice_id), ()))]

    def live_notices(self, party: Fingerprint) -> int:
        return self.index.count(party)

    def own_offers(self, peer: Fingerprint) -> list[Conflict]:
        return self._offers(peer, by=self.own)

    def peer_offers(self, peer: Fingerprint) -> list[Conflict]:
        return self._offers(peer, by=peer)

    def _offers(self, peer: Fingerprint, *, by: Fingerprint) -> list[Conflict]:
        conflicts = [self.conflicts[pair] for pair in sorted(self.offers_of.get(peer, ()))]
        return [conflict for conflict in conflicts if conflict.offer is not None and conflict.offer.by == by]

    def next_notice_id(self, after: int = 0) -> str:
        prefix = self.name if self.name[0].isalpha() else f"N{self.name}"
        return f"{prefix}-{self.highest_id + 1 + after:04d}"

    def post_of(self, account: str) -> Post:
        return next((post for post, duty in self.duty.on.items() if duty.account == account), "DESK")

    def acts_slowly(self, peer: Fingerprint, *, here: bool) -> bool:
        """Whether the desk that must act, ours or theirs, is known to be empty or silent: then people are rung sooner."""
        desk = self.desk if here else self.lines[peer].peer_desk
        return desk in ("SILENT", "DECLINED")

    def due(self, now: int) -> list[tuple[int, str, str]]:
        return self.deadlines.passed(now, limits.DEADLINES_PER_BATCH)

    def alarm(self, code: str, about: str, peer: Fingerprint) -> Alarm | None:
        return next((one for one in self.alarms if (one.code, one.about, one.peer) == (code, about, peer)), None)

    def alarmed(self, code: str, about: str) -> bool:
        assert code in RING_ONCE, "of other alarms it is not remembered what they were about"
        return (code, about) in self.alarms_raised

    # --- what the fold uses --------------------------------------------------------------------------------

    def raise_alarm(self, event: e.AlarmRaised, at: int) -> None:
        if event.code in RING_ONCE:
            self.alarms_raised.add((event.code, event.about))
        self.alarms.appendleft(Alarm(event.code, event.about, event.text, event.peer, at))

    def grow_alarm(self, event: e.AlarmCounted, at: int) -> None:
        """Set the count of the newest alarm of this code about this subject, or end it.  One that left memory stays gone."""
        for place, held in enumerate(self.alarms):
            if (held.code, held.about, held.peer) == (event.code, event.about, event.peer):
                text = event.text or held.text
                self.alarms[place] = msgspec.structs.replace(held, count=event.count, counted_at=at, text=text)
                if event.over:
                    self.end_alarm(event.code, event.about, at)
                return

    def end_alarm(self, code: str, about: str, at: int) -> None:
        """What these alarms warn of is over.  They stay among the alarms: people heard them, and look for them."""
        for place, held in enumerate(self.alarms):
            if (held.code, held.about) == (code, about) and not held.over_at:
                self.alarms[place] = msgspec.structs.replace(held, over_at=at)

    def keep_unauthenticated(self, event: e.UnauthenticatedHeard, at: int) -> None:
        kept = self.misuse.unauthenticated
        kept.insert(0, Unauthenticated(event.claimed, event.hash, event.text, event.source, event.why, at))
        del kept[limits.UNAUTHENTICATED_KEPT :]

    def count_life(self, peer: Fingerprint, at: int, statement: str, *, exercise: bool) -> None:
        """One more life-safety statement of a peer that asks for something, in the window that runs or in a new one."""
        window = self.misuse.life_window(peer, exercise=exercise)
        if window is None or at - window.began >= limits.LIFE_WINDOW_MS:
            window = LifeWindow(at)
            (self.misuse.exercise_life if exercise else self.misuse.life)[peer] = window
        window.count += 1
        if len(window.first) < limits.LIFE_FLOOD_AT:
            window.first.append(statement)

    def note_waiting(self, matter: Matter) -> None:
        """Whether it waits for people, here or there.  An exercise never makes a desk silent."""
        if matter.settled or matter.exercise:
            self.no_longer_waits(matter)
        elif not matter.ours:
            self.waiting_here[matter.hash] = None
        elif matter.delivered_at is None:
            self.on_the_way.setdefault(matter.peer, {})[matter.hash] = None
        else:
            _let_go(self.on_the_way, matter)
            self.waiting_there.setdefault(matter.peer, {})[matter.hash] = None

    def no_longer_waits(self, matter: Matter) -> None:
        """It is settled, or leaves memory."""
        self.waiting_here.pop(matter.hash, None)
        _let_go(self.on_the_way, matter)
        _let_go(self.waiting_there, matter)

    def keep_conflict(self, conflict: Conflict) -> None:
        """Take up a conflict under its pair and both its notices."""
        self.conflicts[conflict.pair_id] = conflict
        for key in ((self.own, conflict.own_id), (conflict.other_party, conflict.other_id)):
            self.pairs_of.setdefault(key, set()).add(conflict.pair_id)

    def keep_agreement(self, record: AgreementRecord) -> None:
        """Take up an agreement under its id and both its notices."""
        self.agreements[record.agreement_id] = record
        for term in record.agreement.notices:
            self.agreements_about.setdefault((Fingerprint(term.party), term.id), set()).add(record.agreement_id)

    def end_agreement(self, agreement_id: str) -> None:
        """It expired or is void: it binds nobody any more."""
        self.pending.discard(agreement_id)
        for term in self.agreements[agreement_id].agreement.notices:
            self.agreed_on.get((Fingerprint(term.party), term.id), set()).discard(agreement_id)

    def count_id(self, notice_id: str) -> None:
        """Keep the highest number used, so that the next id of ours is free."""
        tail = notice_id.rsplit("-", 1)[-1]
        if tail.isdigit() and tail.isascii():
            self.highest_id = max(self.highest_id, min(int(tail), 10**9))

    def keep_answer(self, event: e.CommandAnswered, outcome: Outcome, at: int) -> None:
        """Keep an answer for a retry, and let go of those that nobody retries any more: too old, or too many."""
        self.answers[event.key] = (event.request, outcome)
        self.answered_at[event.key] = at
        while self.answered_at:
            oldest = next(iter(self.answered_at))
            many = len(self.answers) > limits.IDEMPOTENCY_KEYS_KEPT
            if not many and self.answered_at[oldest] > at - limits.ANSWERS_KEPT_MS:
                break
            del self.answers[oldest], self.answered_at[oldest]


def _let_go(waiting: dict[Fingerprint, dict[str, None]], matter: Matter) -> None:
    """Take a matter out of what waits by peer, and leave no empty place, so that equal states are equal."""
    held = waiting.get(matter.peer, {})
    held.pop(matter.hash, None)
    if not held:
        waiting.pop(matter.peer, None)
