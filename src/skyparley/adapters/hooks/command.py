"""A hook that starts a command for each ring.  No shell; the ring is on its standard input; it ends in time or is killed."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from skyparley.adapters.hooks.hook import HookFault

ENVIRONMENT: Final = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
"""All of it.  A passphrase or a token in the environment of the node is no business of a siren."""


class CommandHook:
    """One command, in a session of its own, so that it is killed with everything that it started."""

    def __init__(
        self,
        *,
        name: str,
        on: Sequence[str],
        command: Sequence[str],
        folder: Path,
        timeout_ms: int,
        details: bool = False,
    ) -> None:
        self.name, self.on, self.details = name, on, details
        self._command = tuple(command)
        self._folder = folder
        self._timeout_s = timeout_ms / 1000

    async def ring(self, told: bytes) -> None:
        """One run.  What it prints goes nowhere: a command that floods its output fills neither a pipe nor our memory."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=self._folder,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise HookFault(f"not started: {why}") from None
        try:
            async with asyncio.timeout(self._timeout_s):
                await process.communicate(told + b"\n")
        except TimeoutError:
            raise HookFault(f"did not end in {self._timeout_s:g} s and was killed") from None
        finally:
            await _end(process)
        if process.returncode:
            raise HookFault(_ending(process.returncode))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill it and all that it started, where it has not ended by itself, and wait until it is gone."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())


def _ending(code: int) -> str:
    return f"ended with {code}" if code > 0 else f"was ended by signal {-code}"
