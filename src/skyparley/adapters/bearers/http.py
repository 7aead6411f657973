"""The HTTP bearer: carries signed texts to a peer's door and brings its answers back.  Source: line-v1 7.

Whoever answers is not trusted: sizes are limited while reading, shapes are checked, nothing is followed elsewhere.
"""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final

import httpx
import msgspec

from skyparley.base import limits
from skyparley.base.canonical import parse_canonical
from skyparley.base.errors import PeerFault
from skyparley.domain.messages.codes import HTTP_BEARERS, HttpBearerKind
from skyparley.domain.messages.envelope import FeedHead, statement_hash
from skyparley.domain.messages.slots import Hash, Utc
from skyparley.engine.ports import Carried
from skyparley.engine.ways import Stale

STATEMENTS: Final = "/peer/v1/statements"
HELLO: Final = "/peer/v1/hello"
HEARTBEAT: Final = "/peer/v1/heartbeat"
CATCH_UP: Final = "/peer/v1/catchup"
TEXT_SHOWN: Final = 200  # characters of a peer's own words in our log


class BearerFault(PeerFault):
    """No address of the peer gave a usable answer.  `code` is the peer's, or UNREACHABLE, or NOT_THE_PROTOCOL."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class _Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hash: Hash
    result: str
    receipt: str = ""
    text: str = ""


class _Pushed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    results: tuple[_Result, ...]
    head: FeedHead | None = None


class _Error(msgspec.Struct, frozen=True):
    code: str
    text: str = ""
    time: Utc | None = None


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error
    time: Utc | None = None


class HttpBearer:
    """One for the node: each request goes to one address, and which comes next is the link's to say."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def push(self, url: str, statements: Sequence[str], bearer: HttpBearerKind) -> list[Carried]:
        """Carry statements; (hash, result, receipt) of each, in order.  Raises PeerFault."""
        body = "\n".join(statements).encode("ascii")
        said = "" if bearer == HTTP_BEARERS[0] else f"?bearer={bearer}"
        return _read_results(await self._exchange(url, STATEMENTS + said, body), statements)

    async def hello(self, url: str, request: str) -> str:
        """The answer to HELLO.  Raises PeerFault."""
        return _read_one(await self._exchange(url, HELLO, request.encode("ascii")))

    async def heartbeat(self, url: str, request: str) -> str:
        """The answer to a heartbeat.  Raises PeerFault."""
        return _read_one(await self._exchange(url, HEARTBEAT, request.encode("ascii")))

    async def catch_up(self, url: str, request: str) -> list[str]:
        """Statements of a feed, as the peer gave them.  Raises PeerFault."""
        return _read_many(await self._exchange(url, CATCH_UP, request.encode("ascii")))

    async def close(self) -> None:
        """Let go of all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _exchange(self, url: str, path: str, body: bytes) -> bytes:
        """One request; the body of its answer.  Raises BearerFault, Stale."""
        url = url.rstrip("/") + path
        try:
            async with asyncio.timeout(limits.REQUEST_TIMEOUT_MS / 1000):
                async with self._opened().stream("POST", url, content=body, headers=_HEADERS) as response:
                    answer = await _read_limited(url, response)
        except (TimeoutError, httpx.TimeoutException):
            raise BearerFault("UNREACHABLE", f"{url}: no answer in {limits.REQUEST_TIMEOUT_MS // 1000} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise BearerFault("UNREACHABLE", f"{url}: {error or type(error).__name__}") from None
        if response.status_code != 200:
            raise _refused(url, response.status_code, answer)
        return answer

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                # The environment's proxies are not asked: where a party's statements travel is said on cards alone.
                trust_env=False,
                verify=ssl.create_default_context(),
                follow_redirects=False,
                timeout=httpx.Timeout(limits.REQUEST_TIMEOUT_MS / 1000, connect=limits.CONNECT_TIMEOUT_MS / 1000),
                limits=httpx.Limits(
                    # A bearer of a peer has a heartbeat, a LIFE statement and one more request under way at most: a
                    # pool for all of them, so that those that hang keep nobody waiting.
                    max_connections=3 * len(HTTP_BEARERS) * limits.AUDIENCE,
                    max_keepalive_connections=2 * limits.AUDIENCE,
                    keepalive_expiry=60,
                ),
            )
        return self._client


_HEADERS: Final = {"content-type": "text/plain", "accept-encoding": "identity"}


async def _read_limited(url: str, response: httpx.Response) -> bytes:
    """The body as it travelled, never more than one byte-limit of it in memory."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise BearerFault("NOT_THE_PROTOCOL", f"{url}: a compressed answer was not asked for")
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > limits.PEER_BODY_BYTES:
            raise BearerFault("NOT_THE_PROTOCOL", f"{url}: the answer has over {limits.PEER_BODY_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _refused(url: str, status: int, answer: bytes) -> PeerFault:
    """What a refusal of line-v1 7.5 means to us."""
    try:
        refusal = msgspec.json.decode(answer, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return BearerFault("NOT_THE_PROTOCOL", f"{url}: HTTP {status} from something that is not a peer door")
    error = refusal.error
    time = error.time if error.time is not None else refusal.time
    if error.code == "STALE" and time is not None:
        return Stale(time)
    return BearerFault(_clean(error.code, 32), f"{url}: HTTP {status} {_clean(error.text, TEXT_SHOWN)}")


def _clean(text: str, most: int) -> str:
    """A stranger's words, made harmless for a log and a screen."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:most])


def _read_results(answer: bytes, statements: Sequence[str]) -> list[Carried]:
    """One result for each statement that was carried, in order, by its hash."""
    try:
        plain = parse_canonical(answer, max_bytes=limits.PEER_BODY_BYTES, max_depth=limits.JSON_DEPTH)
        pushed = msgspec.convert(plain, _Pushed)
    except ValueError as error:
        raise BearerFault("NOT_THE_PROTOCOL", f"the answer to statements: {error}") from None
    if [one.hash for one in pushed.results] != [statement_hash(text) for text in statements]:
        raise BearerFault("NOT_THE_PROTOCOL", "the answer is about other statements than were carried")
    return [(one.hash, one.result, one.receipt) for one in pushed.results]


def _read_one(answer: bytes) -> str:
    text = _ascii(answer).removesuffix("\n")
    if not text or "\n" in text or len(text) > limits.STATEMENT_BYTES:
        raise BearerFault("NOT_THE_PROTOCOL", "the answer is not one signed text")
    return text


def _read_many(answer: bytes) -> list[str]:
    lines = _ascii(answer).removesuffix("\n").split("\n") if answer else []
    if len(lines) > limits.CATCH_UP_STATEMENTS or any(not 0 < len(line) <= limits.STATEMENT_BYTES for line in lines):
        raise BearerFault("NOT_THE_PROTOCOL", "the answer to a catch-up is not a list of statements")
    return lines


def _ascii(answer: bytes) -> str:
    try:
        return answer.decode("ascii")
    except UnicodeDecodeError:
        raise BearerFault("NOT_THE_PROTOCOL", "the answer is not ASCII text") from None
