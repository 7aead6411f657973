"""What the engine needs from outside: a clock, luck, a bearer.  Adapters and the simulation implement them."""

from collections.abc import Sequence
from typing import Protocol

from skyparley.domain.messages.codes import ClockKind, ClockQuality, HttpBearerKind


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


Carried = tuple[str, str, str]
"""What became of a statement that was carried: its hash, the result, the receipt, which is empty where there is none."""


class Bearer(Protocol):
    """Carries to one address of a peer.  Every method raises PeerFault when the peer is out of reach or does not speak the protocol."""

    async def push(self, url: str, statements: Sequence[str], bearer: HttpBearerKind) -> list[Carried]:
        """Carry statements, and say by which bearer of the peer; one result for each, in order."""
        ...

    async def hello(self, url: str, request: str) -> str: ...

    async def heartbeat(self, url: str, request: str) -> str: ...

    async def catch_up(self, url: str, request: str) -> list[str]: ...
