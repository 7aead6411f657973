"""A scripted officer: acts through the desk door of its own node, over HTTP, with a token, as any machine would.

Where it takes persons, they log on with their passwords, as people do.
"""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any, Final

import httpx

from skyparley.demo.nodes import DemoFault, Party

LOOK_AGAIN_S: Final = 0.1
PATIENCE_S: Final = 20.0  # what takes longer than this on loopback is not slow but broken
TIMEOUT_S: Final = 15.0

Overview = dict[str, Any]


class Officer:
    """One party's desk, as the script sees it."""

    def __init__(self, party: Party, person: str = "") -> None:
        self.name = party.name
        self._party, self._person = party, person
        self._persons: dict[str, Officer] = {}
        token = {"authorization": f"Bearer {party.officer_token}"}
        # No proxy of the machine may come between: everything here is on the loopback.
        self._http = httpx.AsyncClient(
            base_url=f"{party.desk}/desk/v1/",
            headers={"x-skyparley-desk": "1"} if person else token,
            timeout=TIMEOUT_S,
            trust_env=False,
        )
        self._logged_on = not person

    def as_person(self, account: str) -> "Officer":
        """The same desk, with a person of this account at it."""
        return self._persons.setdefault(account, Officer(self._party, account))

    async def close(self) -> None:
        """Lets the connections go."""
        for person in self._persons.values():
            await person.close()
        await self._http.aclose()

    async def look(self, path: str) -> Any:
        """What an address of the door answers.  Raises DemoFault."""
        answer = await self._send("GET", path)
        if not answer.is_success:
            raise DemoFault(f"the node of {self.name} answered {answer.status_code} to {path}")
        return answer.json()

    async def see(self) -> Overview:
        """The whole desk.  Raises DemoFault."""
        answer = await self._send("GET", "overview")
        return self._body(answer)

    async def act(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A command that the node must do.  Raises DemoFault with its reasons when it does not."""
        answer = await self._send("POST", path, body)
        if answer.is_success:
            return self._body(answer)
        said = "; ".join(f"{reason['code']}: {reason['text']}" for reason in _reasons(answer)) or answer.text[:300]
        raise DemoFault(f"the node of {self.name} answered {answer.status_code} to {path}: {said}")

    async def refused(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        """A command that the node must refuse: its reasons.  Raises DemoFault when it does it."""
        answer = await self._send("POST", path, body)
        if answer.status_code != 409:
            raise DemoFault(f"the node of {self.name} should have refused {path}; it answered {answer.status_code}")
        return _reasons(answer)

    async def until(self, seen: Callable[[Overview], bool], what: str) -> Overview:
        """Looks until something is so.  Raises DemoFault when it never is."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    view = await self.see()
                    if seen(view):
                        return view
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            raise DemoFault(f"{self.name} waited {PATIENCE_S:.0f} s in vain: {what}") from None

    async def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        headers = {"idempotency-key": str(uuid.uuid4())} if method == "POST" else {}
        try:
            if not self._logged_on:
                who = {"account": self._person, "password": self._party.passwords[self._person]}
                (await self._http.post("session", json=who)).raise_for_status()
                self._logged_on = True
            return await self._http.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise DemoFault(f"the node of {self.name} does not answer: {error!r}") from None

    def _body(self, answer: httpx.Response) -> dict[str, Any]:
        if not answer.is_success:
            raise DemoFault(f"the node of {self.name} answered {answer.status_code}: {answer.text[:300]}")
        body = answer.json()
        assert isinstance(body, dict), "the desk door answers with an object"
        return body


def _reasons(answer: httpx.Response) -> list[dict[str, Any]]:
    try:
        reasons = answer.json()["error"].get("reasons", [])
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return list(reasons)
