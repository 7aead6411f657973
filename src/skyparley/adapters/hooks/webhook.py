"""A hook that posts each ring to an address.  Whatever it answers is not read but for its status."""

import asyncio
from collections.abc import Sequence
from typing import Final

import httpx

from skyparley.adapters.hooks.hook import HookFault

HEADERS: Final = {"content-type": "application/json", "user-agent": "skyparley"}


class Webhook:
    """One address.  A redirect is a failure: a ring goes where the settings say and nowhere else."""

    def __init__(
        self, *, name: str, on: Sequence[str], url: str, secret: str, timeout_ms: int, details: bool = False
    ) -> None:
        self.name, self.on, self.details = name, on, details
        self._url = url
        self._headers = HEADERS | ({"authorization": f"Bearer {secret}"} if secret else {})
        self._timeout_s = timeout_ms / 1000

    async def ring(self, told: bytes) -> None:
        """One POST on a connection of its own: rings are rare, and a kept one may have died long ago."""
        try:
            async with asyncio.timeout(self._timeout_s):
                status = await self._status(told)
        except TimeoutError:
            raise HookFault(f"no answer in {self._timeout_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise HookFault(f"not reached ({type(error).__name__})") from None
        if 300 <= status < 400:
            raise HookFault(f"answered {status}; redirects are not followed")
        if not 200 <= status < 300:
            raise HookFault(f"answered {status}")

    async def _status(self, told: bytes) -> int:
        # Neither a proxy nor a certificate store of the environment: what the settings say holds.
        async with (
            httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=None) as client,
            client.stream("POST", self._url, content=told, headers=self._headers) as answer,
        ):
            return answer.status_code
