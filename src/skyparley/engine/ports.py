"""What the engine needs from outside: a clock, luck, a bearer.  Adapters and the simulation implement them."""

from collections.abc import Sequence
from typing import Protocol

from skyparley.domain.messages.codes import ClockKind, ClockQuality


class Clock(Protocol):
    """The line's time, which may be scaled, and the transport's, which never is."""

    kind: ClockKind

    def now_ms(self) -> int:
        """UTC on the line, milliseconds."""
        ...

    def real_ms(self) -> int:
        """The machine's own UTC: what a scaled clock is anchored to."""
        ...

    def quality(self) -> ClockQuality: ...

    def anchor(self, real_ms: int, shown_ms: int, rate_permille: int) -> None:
        """Set a SCALED clock: at `real_ms` it shows `shown_ms`, and it runs at `rate_permille` of real speed."""
        ...

    async def sleep_ms(self, ms: int) -> None:
        """Transport time: retries and time-outs."""
        ...

    def wait_ms(self, until_ms: int) -> int:
        """Transport milliseconds until the line's clock shows `until_ms`; 0 when it does already."""
        ...


class Luck(Protocol):
    """Random things that the node names: message ids, nonces, the jitter of a retry."""

    def message_id(self) -> str: ...

    def nonce(self) -> str: ...

    def jitter(self) -> float:
        """From 0.5 to 1.0."""
        ...


class Bearer(Protocol):
    """One way of carrying.  Every method raises PeerFault when the peer is out of reach or does not speak the protocol."""

    async def push(self, urls: Sequence[str], statements: Sequence[str]) -> list[tuple[str, str, str]]:
        """Carry statements; give back (hash, result, receipt) of each, receipt empty where there is none."""
        ...

    async def hello(self, urls: Sequence[str], request: str) -> str: ...

    async def catch_up(self, urls: Sequence[str], request: str) -> list[str]: ...
