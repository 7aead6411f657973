"""The peer door of the tested node over HTTP, and how its answers are judged.  Source: line-v1 7."""

import asyncio
from typing import Any, Final

import httpx

from skyparley.base.canonical import NotCanonical, parse_canonical
from skyparley.conform.requirement import CannotRun, Fails, need

STATEMENTS: Final = "/peer/v1/statements"
HELLO: Final = "/peer/v1/hello"
CATCH_UP: Final = "/peer/v1/catchup"
HEARTBEAT: Final = "/peer/v1/heartbeat"
ANSWER_BYTES: Final = 512 * 1024  # line-v1 7
ANSWER_S: Final = 10.0  # table-v1 receipt_ms
RETRIES: Final = 8  # of a request that was deferred: a node that defers longer is not tested further
WAIT_MOST_S: Final = 30.0  # a longer Retry-After is not waited for
JSON: Final = "application/json"
TEXT: Final = "text/plain"


class Answer:
    """One answer: its status, its headers and at most so many bytes."""

    def __init__(self, status: int, headers: httpx.Headers, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """The canonical JSON of the body.  Raises Fails."""
        need(self.media == JSON, f"the answer is of type {self.media or 'none'} and not {JSON}")
        try:
            return parse_canonical(self.body, max_bytes=ANSWER_BYTES, max_depth=12)
        except NotCanonical as error:
            raise Fails(f"the answer is not canonical JSON: {error}") from None

    def text(self) -> str:
        """The ASCII text of the body.  Raises Fails."""
        need(self.media == TEXT, f"the answer is of type {self.media or 'none'} and not {TEXT}")
        try:
            return self.body.decode("ascii").removesuffix("\n")
        except UnicodeDecodeError:
            raise Fails("the answer is not ASCII") from None

    @property
    def media(self) -> str:
        return str(self.headers.get("content-type", "")).split(";")[0].strip().lower()

    @property
    def code(self) -> str:
        """The code of a refusal, once its shape is that of line-v1 7.5.  Raises Fails."""
        plain = self.json()
        error = plain.get("error") if isinstance(plain, dict) else None
        named = isinstance(error, dict) and isinstance(error.get("code"), str) and isinstance(error.get("text"), str)
        need(named and set(plain) == {"error"}, "a refusal is {error: {code, text}}")
        assert isinstance(error, dict), "it was looked at just now"
        return str(error["code"])

    def refuses(self, status: int, *codes: str) -> None:
        """Raises Fails unless this is the refusal with that status and one of those codes."""
        wanted = f"{status} {' or '.join(codes)}"
        need(self.status == status, f"answered {self.shown}; {wanted} is right")
        need(self.code in codes, f"answered {self.status} {self.code}; {wanted} is right")

    @property
    def shown(self) -> str:
        """The answer for a sentence."""
        try:
            return f"{self.status} {self.code}"
        except Fails:
            return str(self.status)


class Target:
    """The node at a URL."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url.rstrip("/")
        self._client = client

    async def post(self, path: str, body: bytes | str, *, media: str = TEXT) -> Answer:
        """One request; a deferral is waited for and tried again."""
        for _ in range(RETRIES):
            answer = await self.once("POST", path, body, media=media)
            if answer.status != 429:
                return answer
            await asyncio.sleep(wait_of(answer))
        raise Fails(f"the node deferred the same request {RETRIES} times")

    async def once(self, method: str, path: str, body: bytes | str = b"", *, media: str = TEXT) -> Answer:
        """One request, and whatever comes.  Raises CannotRun when nothing does."""
        content = body.encode("utf-8") if isinstance(body, str) else body
        headers = {"content-type": media, "accept-encoding": "identity"}
        try:
            async with self._client.stream(method, self._url + path, content=content, headers=headers) as response:
                taken = b""
                async for part in response.aiter_raw():
                    taken += part
                    if len(taken) > ANSWER_BYTES:
                        raise Fails(f"the answer has over {ANSWER_BYTES} bytes")
                return Answer(response.status_code, response.headers, taken)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CannotRun(f"{self._url}{path}: {error or type(error).__name__}") from None


def wait_of(answer: Answer) -> float:
    """How long Retry-After asks to wait, in seconds.  Raises Fails where it does not say."""
    said = str(answer.headers.get("retry-after", ""))
    need(said.isascii() and said.isdigit(), "a deferral has no Retry-After in whole seconds")
    return min(float(said), WAIT_MOST_S)


def new_client() -> httpx.AsyncClient:
    """A client that asks nobody else: no proxies of the environment, nothing followed elsewhere."""
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=httpx.Timeout(ANSWER_S))
