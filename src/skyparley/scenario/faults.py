"""What happens to machines, bearers and desks in a timeline."""

from collections.abc import Mapping
from typing import Final

from skyparley.adapters.storage.memory_journal import WriteFault
from skyparley.base.errors import Fault as AnyFault
from skyparley.scenario.moments import span_ms
from skyparley.scenario.station import Station
from skyparley.scenario.timeline import Fault
from skyparley.testing.network import Net
from skyparley.testing.parties import party

FULL_FOR: Final = 100_000
"""Appends that fail before the disk is healed: more than any timeline makes."""


class Faults:
    """Does to the world what a step says.  `asleep`: parties at whose desk nobody acts."""

    def __init__(self, stations: Mapping[str, Station], net: Net) -> None:
        self._stations = stations
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
        one, two = (party(name).url for name in fault.between)
        ways = {(one, two)} if fault.one_way else {(one, two), (two, one)}
        if fault.kind == "cut":
            self._net.cuts |= ways
        else:
            self._net.cuts -= ways

    async def _pin(self, one: str, two: str) -> None:
        """Each takes up the other, as after the cards were exchanged by hand."""
        for own, other in ((one, two), (two, one)):
            station = self._stations[own]
            if party(other) not in station.peers:
                station.peers = (*station.peers, party(other))
                await station.pin([party(other).card.text])

    def _clock(self, fault: Fault) -> None:
        """A machine's clock is wrong by so much more, from now on."""
        sign = -1 if fault.text.startswith("-") else 1
        station = self._stations[fault.party]
        error_ms = sign * span_ms(fault.text.lstrip("+-"))
        station.skew_ms += error_ms
        if station.node is not None:
            station.node.clock.skew_ms += error_ms  # type: ignore[attr-defined]

    async def _unsigned(self, fault: Fault) -> None:
        """Somebody calls the peer door with a text that no key of anybody signed."""
        try:
            await self._stations[fault.party].serve("push", (fault.text or "THIS IS THE OTHER SIDE",))
        except AnyFault:
            return  # That it is refused is what is expected; what the desk then shows is for the timeline to say.

    @staticmethod
    def words(fault: Fault) -> str:
        """A fault in words."""
        whom = fault.party or (" to " if fault.one_way else " and ").join(fault.between)
        bearer = f" bearer {fault.bearer}" if fault.bearer else ""
        return f"{fault.kind} {whom}{bearer}{' ' + fault.text if fault.text else ''}"
