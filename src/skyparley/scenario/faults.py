"""What happens to machines, bearers and desks in a timeline."""

from collections.abc import Mapping
from typing import Final

from skyparley.adapters.storage.memory_journal import WriteFault
from skyparley.base.canonical import canonical
from skyparley.base.errors import Fault as AnyFault
from skyparley.domain.link_health import bearers_of
from skyparley.evidence import jws
from skyparley.evidence.keys import SEED_BYTES, from_seed
from skyparley.scenario.moments import span_ms
from skyparley.scenario.station import Station
from skyparley.scenario.timeline import Fault
from skyparley.testing.network import Net
from skyparley.testing.parties import Party

FULL_FOR: Final = 100_000
"""Appends that fail before the disk is healed: more than any timeline makes."""


class Faults:
    """Does to the world what a step says.  `asleep`: parties at whose desk nobody acts."""

    def __init__(self, stations: Mapping[str, Station], net: Net) -> None:
        self._stations = stations
        self._parties = {name: station.party for name, station in stations.items()}
        self._net = net
        self.asleep: set[str] = set()

    async def do(self, fault: Fault) -> None:
        """One fault.  Doing twice what is done already changes nothing."""
        match fault.kind:
            case "cut" | "restore":
                self._bearers(fault)
            case "kill":
                self._stations[fault.party].crash()
            case "start":
                self._up(fault.party)
            case "restart":
                self._stations[fault.party].crash()
                self._up(fault.party)
            case "fill disk":
                self._stations[fault.party].disk.rows.plan(*[WriteFault.FULL] * FULL_FOR)
            case "heal disk":
                self._stations[fault.party].disk.rows.forget_faults()
            case "asleep":
                self.asleep.add(fault.party)
            case "awake":
                self.asleep.discard(fault.party)
            case "pin":
                await self._pin(*fault.between)
            case "clock error":
                self._clock(fault)
            case "unsigned call":
                await self._unsigned(fault)

    def _up(self, name: str) -> None:
        if self._stations[name].node is None:
            self._stations[name].up()

    def _bearers(self, fault: Fault) -> None:
        one, two = fault.between
        ways = [(one, two)] if fault.one_way else [(one, two), (two, one)]
        for src, dst in ways:
            src_url, dst_url = self._parties[src].url, self._parties[dst].url
            bearers = [name for name in bearers_of(self._parties[dst].card) if fault.bearer in ("", name)]
            for bearer in bearers:
                (self._net.cut if fault.kind == "cut" else self._net.mend)(src_url, dst_url, bearer)

    async def _pin(self, one: str, two: str) -> None:
        """Each takes up the other, as after the cards were exchanged by hand."""
        for own, other in ((one, two), (two, one)):
            station = self._stations[own]
            peer = self._parties[other]
            if peer not in station.peers:
                station.peers = (*station.peers, peer)
                await station.pin([peer.card.text])

    def _clock(self, fault: Fault) -> None:
        """A machine's clock is wrong by so much more, from now on."""
        sign = -1 if fault.text.startswith("-") else 1
        station = self._stations[fault.party]
        error_ms = sign * span_ms(fault.text.lstrip("+-"))
        station.skew_ms += error_ms
        if station.node is not None:
            station.node.clock.skew_ms += error_ms  # type: ignore[attr-defined]

    async def _unsigned(self, fault: Fault) -> None:
        """Somebody calls the peer door: with a plain text, or with one that looks signed and claims to be of a party."""
        text = fault.text or "THIS IS THE OTHER SIDE"
        if fault.claims:
            text = forged(self._parties[fault.claims], self._parties[fault.party], text)
        try:
            await self._stations[fault.party].serve("push", (text,))
        except AnyFault:
            return  # That it is refused is what is expected; what the desk then shows is for the timeline to say.

    @staticmethod
    def words(fault: Fault) -> str:
        """A fault in words."""
        whom = fault.party or (" to " if fault.one_way else " and ").join(fault.between)
        bearer = f" by {fault.bearer}" if fault.bearer else ""
        return f"{fault.kind} {whom}{bearer}{' ' + fault.text if fault.text else ''}"


def forged(claimed: Party, to: Party, text: str) -> str:
    """A text in the form of a statement under a key id of `claimed`, signed by a key of nobody."""
    kid = next(claimed.card.kid_of(entry) for entry in claimed.card.said.roles if entry.role == "desk")
    payload = canonical({"from": claimed.card.fingerprint, "to": to.card.fingerprint, "text": text})
    return jws.sign(payload, from_seed(bytes(SEED_BYTES)), kid, jws.STATEMENT)
