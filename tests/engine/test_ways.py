"""Ways to one peer: who is asked first, who next, and that one which hangs or fails holds up nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from skyparley.base import limits
from skyparley.base.errors import JournalFault, PeerFault
from skyparley.engine.ways import NoWay, Stale, Way, Ways
from skyparley.testing.loop import run, sim_loop

URLS = ("http://one.example", "http://two.example", "http://three.example")


def ways(*urls: str, links: dict[Any, Any] | None = None) -> Ways:
    made = Ways()
    line: Any = SimpleNamespace(card=SimpleNamespace(urls=urls), links=links or {})
    made.take(line)
    return made


class Deferred(PeerFault):
    code = "DEFERRED"


class Peer:
    """Answers by each bearer as it is told, and notes who was asked when."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, float]] = []

    async def __call__(self, way: Way) -> str:
        self.asked.append((way.name, round(sim_loop().time(), 3)))
        answer = self.answers.get(way.name, way.name)
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return way.name
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.asked]


def told(work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await work()
        await asyncio.sleep(30)  # Whoever was asked and is not waited for any more is done.

    run(main())


def test_the_first_on_the_card_is_asked_and_nobody_else() -> None:
    async def work() -> None:
        peer = Peer()
        assert await ways(*URLS).ask(peer) == "http"
        assert peer.names == ["http"]

    told(work)


def test_the_next_is_asked_as_soon_as_one_fails_and_the_failing_one_is_last_until_it_works() -> None:
    async def work() -> None:
        peer, three = Peer(http=PeerFault("dead")), ways(*URLS)
        assert await three.ask(peer) == "http2"
        assert peer.asked == [("http", 0), ("http2", 0)]
        peer.asked.clear()
        assert await three.ask(peer) == "http2"
        assert peer.names == ["http2"]
        three.all[0].failing = False  # As a heartbeat says that came through.
        del peer.answers["http"]
        assert await three.ask(peer) == "http"

    told(work)


def test_one_that_hangs_costs_no_more_than_the_time_to_overtake_it_and_only_once() -> None:
    async def work() -> None:
        peer, two = Peer(http=20.0), ways(*URLS[:2])
        assert await two.ask(peer) == "http2"
        assert peer.asked == [("http", 0), ("http2", limits.OVERTAKE_MS / 1000)]
        before = sim_loop().time()
        assert await two.ask(peer) == "http2"
        assert sim_loop().time() == before

    told(work)


def test_a_slow_one_may_still_answer_first() -> None:
    async def work() -> None:
        peer, two = Peer(http=2.5, http2=20.0), ways(*URLS[:2])
        assert await two.ask(peer) == "http"
        assert [way.failing for way in two.all] == [False, True]

    told(work)


def test_how_heartbeats_were_answered_says_who_goes_first() -> None:
    async def work() -> None:
        links = {("http", "OUT"): SimpleNamespace(state="LOST"), ("http2", "OUT"): SimpleNamespace(state="DEGRADED")}
        peer = Peer(http3=PeerFault("x"), http2=PeerFault("y"))
        assert await ways(*URLS, links=links).ask(peer) == "http"
        assert peer.names == ["http3", "http2", "http"]

    told(work)


def test_the_one_that_is_named_goes_before_all_others() -> None:
    async def work() -> None:
        peer, three = Peer(), ways(*URLS)
        three.all[2].failing = True
        assert await three.ask(peer, "http3") == "http3"
        assert await three.ask(peer, "pigeon") == "http"

    told(work)


@pytest.mark.parametrize("word", [Stale(5), Deferred("later")])
def test_what_is_the_peers_word_ends_the_asking(word: Exception) -> None:
    async def work() -> None:
        peer = Peer(http=word)
        with pytest.raises(type(word)):
            await ways(*URLS).ask(peer)
        assert peer.names == ["http"]

    told(work)


def test_when_all_fail_every_reason_is_told() -> None:
    async def work() -> None:
        peer = Peer(http=PeerFault("no road"), http2=PeerFault("no bridge"))
        with pytest.raises(NoWay, match="http: no road; http2: no bridge"):
            await ways(*URLS[:2]).ask(peer)
        with pytest.raises(NoWay) as none:
            await ways().ask(peer)
        assert none.value.code == "UNREACHABLE"

    told(work)


def test_a_fault_of_our_journal_is_not_the_ways() -> None:
    async def work() -> None:
        two = ways(*URLS[:2])
        with pytest.raises(NoWay):
            await two.ask(Peer(http=JournalFault("disk"), http2=JournalFault("disk")))
        assert [way.failing for way in two.all] == [False, False]

    told(work)


def test_a_newer_card_keeps_what_is_known_of_an_address_that_stayed() -> None:
    made = ways(*URLS[:2])
    made.all[0].failing = True
    one = made.all[0]
    assert not made.take(SimpleNamespace(card=SimpleNamespace(urls=URLS[:2]), links={}))  # type: ignore[arg-type]
    assert made.take(SimpleNamespace(card=SimpleNamespace(urls=URLS), links={}))  # type: ignore[arg-type]
    assert made.all[0] is one
    assert [way.name for way in made.all] == ["http", "http2", "http3"]
