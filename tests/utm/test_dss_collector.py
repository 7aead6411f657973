"""The collector of cycles while a DSS starts: out of the way, and back afterwards, come what may."""

import asyncio
import gc
from typing import Any

import pytest

from skyparley.base.errors import JournalFault
from skyparley.utm.wiring import _loaded


class Starting:
    """A DSS that notes whether the collector ran while it was loaded."""

    def __init__(self, fault: JournalFault | None = None) -> None:
        self.fault = fault
        self.collected: bool | None = None

    async def start(self) -> int:
        self.collected = gc.isenabled()
        if self.fault is not None:
            raise self.fault
        return 7


def load(dss: Any) -> int:
    try:
        return asyncio.run(_loaded(dss))
    finally:
        gc.unfreeze()


def test_a_state_is_loaded_without_the_collector() -> None:
    dss = Starting()
    assert load(dss) == 7
    assert dss.collected is False
    assert gc.isenabled()


def test_the_collector_is_back_where_the_journal_cannot_be_read() -> None:
    with pytest.raises(JournalFault):
        load(Starting(JournalFault("damaged")))
    assert gc.isenabled()
