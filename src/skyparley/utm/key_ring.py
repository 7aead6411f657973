"""The keys that a DSS trusts: from files and addresses, looked at again and again, so that keys can be changed.

What a source holds is taken as a whole: new keys count, keys that are gone count no more.  A source that cannot be read
keeps the last set that it gave, without end, since a DSS that refuses everybody helps nobody; it is logged and counted.
"""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog

from skyparley.adapters.system.clock import ticks_ms as real_ticks_ms
from skyparley.adapters.system.files import FileFault, read_public
from skyparley.base import limits
from skyparley.utm.token_keys import Key, KeyFault, KeySet, read_jwks, read_keys

log = structlog.get_logger("skyparley.dss.keys")

_HEADERS: Final = {"accept": "application/jwk-set+json, application/json", "accept-encoding": "identity"}


class SourceHealth(msgspec.Struct, frozen=True):
    """How one source is.  `age_s` since it was last read well, None where it never was; `problem` is "" when all is well."""

    name: str
    keys: int
    age_s: float | None
    failures: int
    problem: str


class _Source:
    """One file or address, and the last set that it gave."""

    def __init__(self, name: str, read: Callable[[], Awaitable[KeySet]]) -> None:
        self.name, self.read = name, read
        self.set = KeySet(())
        self.good_ms: int | None = None
        self.failures = 0
        self.problem = ""


class KeyRing:
    """All keys that count at this moment.

    Raises KeyFault where it is made: no source at all, a file that cannot be used, a file without a key (a set in which
    nothing is of use), an address that is not to be trusted.  Addresses are first asked by `look` or `run`.
    """

    def __init__(
        self,
        *,
        files: Sequence[Path] = (),
        urls: Sequence[str] = (),
        any_http: bool = False,
        every_s: float = limits.DSS_KEYS_LOOKED_AT_S,
        ticks_ms: Callable[[], int] = real_ticks_ms,
    ) -> None:
        """`any_http` allows http to another machine, where the way there is safe by other means."""
        if not files and not urls:
            raise KeyFault("no keys are named: give a file of public keys (PEM or JWKS) or the address of a JWKS")
        self._every_s, self._ticks_ms = every_s, ticks_ms
        self._sources = [_Source(str(path), _file_reader(path)) for path in files]
        self._sources += [_Source(_shown(url), _url_reader(_checked(url, any_http=any_http))) for url in urls]
        self._by_kid: dict[str, tuple[Key, ...]] = {}
        self._marks: frozenset[str] = frozenset()
        self._looking: asyncio.Task[None] | None = None
        self._sought_ms: int | None = None
        for source, path in zip(self._sources, files, strict=False):
            self._take(source, _usable(path))
        self._index()

    # --- what tokens ask ----------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether a source has never answered, so that a key may be missing through no fault of the token."""
        return any(source.good_ms is None for source in self._sources)

    def knows(self, kid: str) -> bool:
        """Whether a key of this name counts.  Nothing has the name ""."""
        return kid != "" and kid in self._by_kid

    def holds(self, mark: str) -> bool:
        """Whether the key of this mark still counts."""
        return mark in self._marks

    def candidates(self, kid: str) -> tuple[Key, ...]:
        """The keys that may have signed a token: those of its `kid`; where none has it, those without a name.

        For a token that names none: every key.
        """
        if kid == "":
            return tuple(key for keys in self._by_kid.values() for key in keys)
        return self._by_kid.get(kid) or self._by_kid.get("", ())

    async def seek(self) -> None:
        """Look again because a token names a key that is not known, unless that was done DSS_KEYS_SOUGHT_S ago.

        A look under way is waited for, so that tokens of a new key that come together pass together.
        """
        now_ms = self._ticks_ms()
        asked = self._sought_ms is not None and now_ms - self._sought_ms < limits.DSS_KEYS_SOUGHT_S * 1000
        if asked and self._looking is None:
            return
        if not asked:
            self._sought_ms = now_ms
        await self.look()

    # --- looking again ------------------------------------------------------------------------------------------

    async def run(self, sleep_s: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Look at all sources now and then, until cancelled."""
        try:
            while True:
                await self.look()
                well = not any(source.problem for source in self._sources)
                await sleep_s(self._every_s if well else min(self._every_s, limits.DSS_KEYS_AGAIN_S))
        finally:
            if self._looking is not None:
                self._looking.cancel()

    async def look(self) -> None:
        """Read every source once; who asks while that is done waits for the same.  Raises nothing."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked)
        # Who gives up waiting does not take the answer from the others.
        await asyncio.shield(self._looking)

    def health(self) -> tuple[SourceHealth, ...]:
        """How each source is, in the order of the settings: files, then addresses."""
        now_ms = self._ticks_ms()
        return tuple(
            SourceHealth(
                name=source.name,
                keys=len(source.set.keys),
                age_s=None if source.good_ms is None else (now_ms - source.good_ms) / 1000,
                failures=source.failures,
                problem=source.problem,
            )
            for source in self._sources
        )

    def _looked(self, task: asyncio.Task[None]) -> None:
        self._looking = None
        if not task.cancelled():
            task.exception()  # Whoever waited has it; a look that nobody waited for should not complain of that.

    async def _look(self) -> None:
        """All sources at once: one that hangs keeps no other."""
        await asyncio.gather(*(self._try(source) for source in self._sources))

    async def _try(self, source: _Source) -> None:
        try:
            read = await source.read()
        except (KeyFault, FileFault) as fault:
            self._failed(source, str(fault))
            return
        if source.problem:
            log.info("keys are read again", source=source.name, failures=source.failures)
        self._take(source, read)
        self._index()

    def _failed(self, source: _Source, problem: str) -> None:
        source.failures += 1
        if problem != source.problem:
            log.warning("keys not read", source=source.name, problem=problem, keys_kept=len(source.set.keys))
        source.problem = problem

    def _take(self, source: _Source, read: KeySet) -> None:
        """What a source gave, in place of what it gave before."""
        before, now = ({key.mark for key in keys} for keys in (source.set.keys, read.keys))
        if source.good_ms is None or before != now or source.set.skipped != read.skipped:
            log.info(
                "keys taken",
                source=source.name,
                new=sorted(mark[:12] for mark in now - before),
                gone=sorted(mark[:12] for mark in before - now),
                skipped=read.skipped,
            )
        source.set, source.good_ms, source.problem = read, self._ticks_ms(), ""

    def _index(self) -> None:
        """The keys of all sources by name, each once."""
        every = {(key.kid, key.mark): key for source in self._sources for key in source.set.keys}
        by_kid: dict[str, tuple[Key, ...]] = {}
        for key in every.values():
            by_kid[key.kid] = (*by_kid.get(key.kid, ()), key)
        self._by_kid = by_kid
        self._marks = frozenset(key.mark for key in every.values())


def _usable(path: Path) -> KeySet:
    """What a file holds when the DSS is started: whoever starts it is there to mend it.  Raises KeyFault."""
    try:
        read = _of_file(path)
    except FileFault as fault:
        raise KeyFault(str(fault)) from None
    if not read.keys:
        why = "; ".join(read.skipped) or "the set is empty"
        raise KeyFault(f"{path} holds no key that tokens can be verified with: {why}")
    return read


def _of_file(path: Path) -> KeySet:
    """Raises FileFault (missing, unreadable, or open to others, who could put in a key of theirs) or KeyFault."""
    data = read_public(path, what="public keys")
    if len(data) > limits.DSS_KEY_BYTES:
        raise KeyFault(f"{path} has {len(data)} bytes; a file of keys takes at most {limits.DSS_KEY_BYTES}")
    with _named(str(path)):
        return read_keys(data)


def _file_reader(path: Path) -> Callable[[], Awaitable[KeySet]]:
    """A folder of the network may hang: a thread waits for it, and nobody else."""

    async def read() -> KeySet:
        try:
            async with asyncio.timeout(limits.DSS_KEYS_ANSWER_MS / 1000):
                return await asyncio.to_thread(_of_file, path)
        except TimeoutError:
            raise KeyFault(f"{path}: not read in {limits.DSS_KEYS_ANSWER_MS / 1000:g} s") from None

    return read


def _url_reader(url: str) -> Callable[[], Awaitable[KeySet]]:
    return lambda: _fetched(url)


async def _fetched(url: str) -> KeySet:
    """The set at an address, asked on a connection of its own.  Raises KeyFault."""
    try:
        async with asyncio.timeout(limits.DSS_KEYS_ANSWER_MS / 1000):
            data = await _body(url)
    except (TimeoutError, httpx.TimeoutException):
        raise KeyFault(f"{_shown(url)}: no answer in {limits.DSS_KEYS_ANSWER_MS / 1000:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise KeyFault(f"{_shown(url)}: not reached ({type(error).__name__})") from None
    with _named(_shown(url)):
        return read_jwks(data)


async def _body(url: str) -> bytes:
    """The body of a 200, never more than a limit of it in memory.  Raises KeyFault and what httpx raises."""
    # The environment's proxies are not asked, and no redirect is followed: who says whom we trust is said once.
    async with (
        httpx.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=None, verify=ssl.create_default_context()
        ) as client,
        client.stream("GET", url, headers=_HEADERS) as answer,
    ):
        if answer.status_code != 200:
            raise KeyFault(f"{_shown(url)}: answered {answer.status_code}; 200 with a key set is wanted")
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise KeyFault(f"{_shown(url)}: a compressed answer was not asked for")
        data = b""
        async for part in answer.aiter_raw():
            data += part
            if len(data) > limits.DSS_KEY_BYTES:
                raise KeyFault(f"{_shown(url)}: answers with over {limits.DSS_KEY_BYTES} bytes; that is no key set")
        return data


@contextlib.contextmanager
def _named(source: str) -> Iterator[None]:
    """Whatever is wrong with keys is said with where they are from."""
    try:
        yield
    except KeyFault as fault:
        raise KeyFault(f"{source}: {fault}") from None


def _checked(url: str, *, any_http: bool) -> str:
    """An address that keys may be had from: https, or http on this machine.  Raises KeyFault."""
    example = "write an address like https://tokens.example/jwks.json"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise KeyFault(f"{url!r} is no address; {example}") from None
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        raise KeyFault(f"{url!r} is no address of a key set; {example}")
    if parts.username is not None or parts.password is not None:
        raise KeyFault(f"the address of keys at {host} holds a name or password, which logs would show; {example}")
    if parts.scheme == "http" and not any_http and not _this_machine(host):
        raise KeyFault(
            f"{_shown(url)} is asked in the clear, and who is between could put in a key of theirs; use https"
        )
    return url


def _this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(url: str) -> str:
    """An address for logs and metrics: a query may hold a secret."""
    return url.partition("?")[0].partition("#")[0]
