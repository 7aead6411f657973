"""Heartbeats: sent by every bearer at the table's pace, heard on every bearer, judged when they stay away.

They live in this process.  The journal hears of them by a command, and only when a link's state changes.
"""

import asyncio
from collections.abc import Callable

from skyparley.base import limits
from skyparley.base.errors import Fault, JournalFault, PeerFault
from skyparley.base.ids import Fingerprint
from skyparley.domain import link_health
from skyparley.domain.commands import NoteLink
from skyparley.domain.messages.codes import HttpBearerKind
from skyparley.domain.records import Direction, LinkKey
from skyparley.engine import reading
from skyparley.engine.peer_service import MACHINE, make_heartbeat
from skyparley.engine.ports import Bearer, Clock, Luck
from skyparley.engine.sequencer import Sequencer
from skyparley.engine.signer import Signer
from skyparley.engine.waiting import sleep_or
from skyparley.engine.ways import PeerTime, Stale, Way
from skyparley.evidence import jws
from skyparley.state.projection import State


class Pulse:
    """When each bearer of one line was last heard in each direction, by transport time, and what that comes to."""

    def __init__(self, peer: Fingerprint, *, sequencer: Sequencer, clock: Clock) -> None:
        self._peer = peer
        self._sequencer = sequencer
        self._clock = clock
        self._began_ms = clock.real_ms()
        self._heard: dict[LinkKey, tuple[int, int]] = {}
        """When last, and how many in a row."""
        self._gap_ms = 0
        """A silence as long as this ends a row: the table's `link_degraded_ms`, once it was read."""
        self._news = asyncio.Event()

    def heard(self, bearer: HttpBearerKind, direction: Direction) -> None:
        """A heartbeat came through, or another signed answer.  After a silence it is the first in a row again."""
        now = self._clock.real_ms()
        last, in_a_row = self._heard.get((bearer, direction), (self._began_ms, 0))
        in_a_row = 1 if now - last >= self._gap_ms else in_a_row + 1
        self._heard[(bearer, direction)] = (now, in_a_row)
        if in_a_row <= limits.LINK_UP_HEARTBEATS:
            self._news.set()  # One more changes nothing.

    async def run(self) -> None:
        """Judge whenever something was heard, and whenever something has been silent for too long.  Until cancelled."""
        while True:
            self._news.clear()
            try:
                wait_ms = await self._judge()
            except Fault:
                wait_ms = limits.RETRY_FIRST_MS
            await sleep_or(self._clock, wait_ms, self._news)

    async def _judge(self) -> int:
        """Note what changed.  Returns how long nothing else can change by silence alone, milliseconds."""
        commands, wait_ms = await self._sequencer.read(self._look)
        for command in commands:
            await self._sequencer.submit(command)
        return wait_ms

    def _look(self, state: State) -> tuple[list[NoteLink], int]:
        line, table = state.lines[self._peer], state.table_of(self._peer)
        self._gap_ms = table.link_degraded_ms
        real_ms, wait_ms = self._clock.real_ms(), limits.WATCH_LONGEST_MS
        commands = []
        for bearer, direction in {**dict.fromkeys(link_health.links_of(state.own_card, line)), **self._heard}:
            last, in_a_row = self._heard.get((bearer, direction), (self._began_ms, 0))
            silent_ms = max(0, real_ms - last)
            for limit_ms in (table.link_degraded_ms, table.link_lost_ms):
                if silent_ms < limit_ms:
                    wait_ms = min(wait_ms, limit_ms - silent_ms)
            held = line.links.get((bearer, direction))
            now = self._clock.now_ms()
            comes_to = link_health.state_after(held, silent_ms=silent_ms, in_a_row=in_a_row, table=table, now=now)
            if comes_to is not None and (held is None or held.state != comes_to):
                commands.append(
                    NoteLink(
                        peer=self._peer, bearer=bearer, direction=direction, silent_ms=silent_ms, in_a_row=in_a_row
                    )
                )
        return commands, max(1, wait_ms)


class Heart:
    """Sends the heartbeats of one line by one way after the other has its own loop (`beat`)."""

    def __init__(
        self,
        peer: Fingerprint,
        *,
        sequencer: Sequencer,
        signer: Signer,
        bearer: Bearer,
        clock: Clock,
        luck: Luck,
        time: PeerTime,
        pulse: Pulse,
        told: Callable[[link_health.Heads], None],
    ) -> None:
        self._peer = peer
        self._sequencer = sequencer
        self._signer = signer
        self._bearer = bearer
        self._clock = clock
        self._luck = luck
        self._time = time
        self._pulse = pulse
        self._told = told

    async def beat(self, way: Way) -> None:
        """Until cancelled.  One that was missed, or that brings a link back, is followed sooner: a single loss is no silence."""
        while True:
            steady, pace_ms, began_ms = False, limits.RETRY_LAST_MS, self._clock.real_ms()
            try:
                pace_ms = await self._sequencer.read(lambda state: state.table_of(self._peer).heartbeat_ms)
                steady = await self._once(way)
            except Stale as stale:
                self._time.correct(stale)
            except Fault as fault:
                way.failing = way.failing or not isinstance(fault, JournalFault)
            took_ms = max(0, self._clock.real_ms() - began_ms)
            wait_ms = (pace_ms if steady else pace_ms // 3) - took_ms
            await self._clock.sleep_ms(max(limits.HEARTBEAT_LEAST_MS, wait_ms))

    async def _once(self, way: Way) -> bool:
        """One heartbeat and its answer.  True when the link is UP already."""
        nonce = self._luck.nonce()
        card, steady, request = await self._sequencer.read(
            lambda state: (
                state.lines[self._peer].card,
                _is_up(state, self._peer, way.name),
                make_heartbeat(state, self._peer, way.name, nonce, self._time.now_ms()),
            )
        )
        text = await self._bearer.heartbeat(way.url, self._signer.sign(MACHINE, request, jws.HEARTBEAT))
        answer = reading.read_peer_heartbeat(
            text, card, self._signer.card.fingerprint, jws.HEARTBEAT_ANSWER, self._clock.now_ms()
        )
        if (answer.nonce, answer.bearer) != (nonce, way.name):
            raise PeerFault("the answer to a heartbeat is to another one")
        way.failing = False
        self._pulse.heard(way.name, "OUT")
        self._told(
            await self._sequencer.read(
                lambda state: link_health.heads(state.lines[self._peer], sent=answer.sent, held=answer.held)
            )
        )
        return steady


def _is_up(state: State, peer: Fingerprint, bearer: HttpBearerKind) -> bool:
    health = state.lines[peer].links.get((bearer, "OUT"))
    return health is not None and health.state == "UP"
