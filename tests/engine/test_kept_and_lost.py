"""An append that was kept but reported lost is told to listeners at once; one that was lost is not."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "domain"))
from harness import World

from skyparley.adapters.storage.memory_journal import MemoryJournal, WriteFault
from skyparley.base.errors import JournalFault
from skyparley.domain.commands import Start
from skyparley.engine.sequencer import Sequencer
from skyparley.testing.ports import START_MS


class Still:
    """A clock that stands and a luck that is not asked."""

    def now_ms(self) -> int:
        return START_MS

    def quality(self) -> str:
        return "GOOD"

    async def sleep_ms(self, ms: int) -> None:
        await asyncio.sleep(0)

    def message_id(self) -> str:
        raise AssertionError("nothing is sealed here")


@pytest.mark.parametrize(("fault", "told"), [(WriteFault.KEPT, ["NodeStarted", "TableSet"]), (WriteFault.LOST, [])])
def test_listeners_hear_what_is_durable(fault: WriteFault, told: list[str]) -> None:
    async def story() -> None:
        (node,) = World("A").nodes
        journal, heard = MemoryJournal(), []
        sequencer = Sequencer(
            journal=journal,
            fresh=node.fresh,
            signer=node.signer,
            clock=Still(),  # type: ignore[arg-type]
            luck=Still(),  # type: ignore[arg-type]
        )
        await sequencer.load()
        sequencer.listen(lambda changes: heard.extend(changes))
        running = asyncio.create_task(sequencer.run())
        journal.plan(fault)
        with pytest.raises(JournalFault, match="planned"):
            await sequencer.submit(Start(software="test"))
        assert [type(change.event).__name__ for change in heard] == told
        assert [change.position for change in heard] == list(range(1, len(told) + 1))
        assert (await journal.head()).position == len(told)
        await sequencer.submit(Start(software="again"))
        assert [change.position for change in heard] == list(range(1, len(heard) + 1))
        running.cancel()

    asyncio.run(story())
