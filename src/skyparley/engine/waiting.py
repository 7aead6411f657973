"""Waiting for an event, and not longer than so many milliseconds."""

import asyncio

from skyparley.engine.ports import Clock


async def sleep_or(clock: Clock, ms: int, event: asyncio.Event) -> bool:
    """Until `ms` of transport time went by or the event is set.  True when it was the sleep that ended."""
    sleeping, waking = asyncio.ensure_future(clock.sleep_ms(ms)), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        return sleeping.done()
    finally:
        sleeping.cancel()
        waking.cancel()
