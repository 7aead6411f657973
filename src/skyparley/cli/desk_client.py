"""Talks to the desk door of a running node, as this machine's own desk, with the token that lies in the folder.

Whoever can read DIR/desk.token acts at this desk.  A proxy of the environment is not used: the token goes to the node only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import msgspec

from skyparley.adapters.doors.guard import DESK_HEADER
from skyparley.adapters.doors.logon import Session
from skyparley.adapters.system.files import FileFault, read_private
from skyparley.adapters.system.luck import SystemLuck
from skyparley.adapters.system.node_dir import NodePaths, load_node
from skyparley.base import limits
from skyparley.base.errors import Reason
from skyparley.cli.endings import NO, NOT_SERVING, UNUSABLE, Ending, refused, unusable
from skyparley.cli.surroundings import ask_password
from skyparley.domain.commands import Outcome
from skyparley.domain.what_if import WhatIf
from skyparley.state.views import Overview

T = TypeVar("T")

BASE: Final = "/desk/v1"
JSON: Final = {"content-type": "application/json"}
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}
_TRIES: Final = 2  # of one act, under one idempotency key: a retry of what was done gets the same answer


class _Error(msgspec.Struct, frozen=True):
    code: str
    text: str = ""
    reasons: tuple[Reason, ...] = ()


class _ErrorBody(msgspec.Struct, frozen=True):
    error: _Error


class Desk:
    """A desk of one node."""

    def __init__(self, folder: Path, url: str, http: httpx.Client) -> None:
        self.folder = folder
        self._url = url
        self._http = http

    def log_on(self, account: str, password: str) -> None:
        """From now on what is done is done by a person.  Ends the command where the password does not hold.

        Nobody logs off at the end: who has just acted is at the desk, until it is said or until nobody acts for long.
        """
        del self._http.headers["authorization"]
        self._http.headers[DESK_HEADER] = "1"
        try:
            said = {"account": account, "password": password}
            answer = self._http.post(f"{BASE}/session", content=_encoded(said), headers=JSON)
        except httpx.HTTPError as error:
            raise self._silent(error) from None
        if self._read(answer, Session).must_change:
            hint = f"skyparley account password {self.folder} {account} --ask"
            raise Ending(NO, f"The password of {account} is good for one thing: to choose another one.", f"  {hint}")

    def overview(self) -> Overview:
        """Everything the desk shows, at one moment."""
        return self.get("/overview", Overview)

    def get(self, path: str, kind: type[T]) -> T:
        """What an address of the door shows."""
        try:
            answer = self._http.get(BASE + path)
        except httpx.HTTPError as error:
            raise self._silent(error) from None
        return self._read(answer, kind)

    def page(self, path: str) -> bytes:
        """A page of the door as it is."""
        try:
            answer = self._http.get(BASE + path)
        except httpx.HTTPError as error:
            raise self._silent(error) from None
        if answer.status_code != 200:
            self._read(answer, dict)
        return answer.content

    def ask(self, body: dict[str, Any]) -> WhatIf:
        """What an act would come to.  Nothing is written, so it is asked once and without a key."""
        try:
            answer = self._http.post(f"{BASE}/what-if", content=_encoded(body), headers=JSON)
        except httpx.HTTPError as error:
            raise self._silent(error) from None
        return self._read(answer, WhatIf)

    def post(self, path: str, body: dict[str, Any], kind: type[T]) -> T:
        """What an address of the door does that can be done twice: it is posted once and without a key."""
        try:
            answer = self._http.post(BASE + path, content=_encoded(body), headers=JSON)
        except httpx.HTTPError as error:
            raise self._silent(error) from None
        return self._read(answer, kind)

    def act(self, path: str, body: dict[str, Any]) -> Outcome:
        """Has a command decided.  Ends the command line with its reasons when it is refused."""
        headers = {"idempotency-key": SystemLuck().message_id(), **JSON}
        content = _encoded(body)
        for left in reversed(range(_TRIES)):
            try:
                answer = self._http.post(BASE + path, content=content, headers=headers)
                return self._read(answer, Outcome)
            except httpx.ConnectError as error:
                raise self._silent(error) from None
            except httpx.HTTPError as error:
                if left == 0:
                    raise Ending(
                        NOT_SERVING,
                        f"The node in {self.folder} was cut off in the middle: {type(error).__name__}.",
                        "It is not known whether it took this. Look at the list before you try again.",
                    ) from None
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def events(self, after: int | None) -> Iterator[Iterator[str]]:
        """The lines of the stream of events, from behind a position of the journal, or from now on."""
        headers = {} if after is None else {"last-event-id": str(after)}
        wait = httpx.Timeout(limits.REQUEST_TIMEOUT_MS / 1000, read=4 * limits.REQUEST_TIMEOUT_MS / 1000)
        with self._http.stream("GET", f"{BASE}/events", headers=headers, timeout=wait) as answer:
            if answer.status_code != 200:
                answer.read()
                self._read(answer, dict)
            yield answer.iter_lines()

    def _read(self, answer: httpx.Response, kind: type[T]) -> T:
        """The value of a good answer; any other ends the command."""
        try:
            if answer.status_code == 200:
                return msgspec.json.decode(answer.content, type=kind)
            error = msgspec.json.decode(answer.content, type=_ErrorBody).error
        except msgspec.DecodeError as wrong:
            said = f"What answers at {self._url} is not the desk door of this version ({answer.status_code}: {wrong})."
            raise Ending(NOT_SERVING, said, "Is the node of another version, or another program on its port?") from None
        raise self._why(answer.status_code, error)

    def _why(self, status: int, error: _Error) -> Ending:
        """How the command ends that the door did not serve."""
        if error.reasons:
            return Ending(UNUSABLE if status == 422 else NO, *refused(error.reasons).lines)
        said = f"{error.code}: {error.text}"
        if status >= 500:
            return Ending(NOT_SERVING, f"The node cannot do this now. {said}", "Nothing was changed.")
        if error.code == "LOGON_FAILED":
            hint = "Is the account of this node, and the password its newest? Names: skyparley account list DIR"
            return Ending(NO, said, hint)
        if status == 401:
            token = NodePaths(self.folder).desk_token
            hint = f"The token in {token} was taken away, or another node than this one listens at {self._url}."
            return Ending(NO, said, hint)
        return Ending(NO, said)

    def _silent(self, error: httpx.HTTPError) -> Ending:
        return Ending(
            NOT_SERVING,
            f"The node in {self.folder} does not answer at {self._url}: {error or type(error).__name__}.",
            f"If it is not running, start it with: skyparley serve {self.folder}",
        )


def _encoded(body: dict[str, Any]) -> bytes:
    return msgspec.json.encode({name: value for name, value in body.items() if value is not None})


@contextmanager
def open_desk(node: Path | None, account: str = "") -> Iterator[Desk]:
    """The desk of the node in a folder.  Ends the command when no folder was named, or its token cannot be read.

    `account`: a person who acts and not this machine; the password is asked for.
    """
    if node is None:
        raise unusable("Which node? Add --node DIR, or set SKYPARLEY_NODE.")
    config = load_node(node)
    try:
        token = read_private(NodePaths(node).desk_token, what="the token of the local command line").decode("ascii")
    except (FileFault, UnicodeDecodeError) as error:
        hint = f"Make a new one: skyparley token {node} NAME, and put it there with mode 0600"
        raise Ending(NO, str(error), hint) from None
    host, _, port = config.desk.listen.rpartition(":")
    url = f"http://{_WILDCARDS.get(host, host)}:{port}"
    headers = {"authorization": f"Bearer {token.strip()}"}
    timeout = limits.REQUEST_TIMEOUT_MS / 1000
    with httpx.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False) as http:
        desk = Desk(node, url, http)
        if account:
            desk.log_on(account, ask_password(account))
        yield desk
