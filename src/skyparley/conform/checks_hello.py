"""HELLO: what is answered, and which requests are not.  Source: line-v1 1.4, 2, 7.2, 7.3, 7.5."""

from collections.abc import Callable
from typing import Any, Final

from skyparley.base.canonical import canonical
from skyparley.base.ids import b64url, digest
from skyparley.conform.heard import head_of
from skyparley.conform.notices import notice
from skyparley.conform.probe import PROTO, Probe
from skyparley.conform.requirement import Chapter, need
from skyparley.conform.target import CATCH_UP, HELLO
from skyparley.evidence import jws

HELLOS: Final = Chapter()
FRESH_MS: Final = 600_000  # line-v1 7.3
NEAR_MS: Final = 10_000  # how far the node's clock may have gone on since it was told


@HELLOS.must("7.2", "answer", "HELLO is answered with one signed HELLO of the answering node's machine for the asker")
async def answer(probe: Probe) -> None:
    await probe.hello()


@HELLOS.must("7.2", "nonce", "the answer to HELLO repeats its nonce")
async def nonce(probe: Probe) -> None:
    asked = probe.fresh_nonce()
    text = probe.make_hello(nonce=asked)
    said = probe.read((await probe.target.post(HELLO, text)).text(), jws.HELLO_ANSWER, "hello-answer")
    need(said["nonce"] == asked, "the answer has another nonce")


@HELLOS.must(
    "7.2",
    "clock",
    "the answer names the clock of the card, and a HELLO of the other kind of clock is refused: 403 CLOCK",
)
async def clock(probe: Probe) -> None:
    said = await probe.hello()
    need(said["clock"] == probe.card.said.clock, f"the card says {probe.card.said.clock}, the answer {said['clock']}")
    other = "SCALED" if said["clock"] == "REAL" else "REAL"
    (await probe.target.post(HELLO, probe.make_hello(clock=other))).refuses(403, "CLOCK")


@HELLOS.must("7.2", "held", "the answer's `held` is the last statement that the node receipted")
async def held(probe: Probe) -> None:
    text, _ = await probe.say("NTC", notice(probe.fresh_id(), probe.now_ms()), code="N1", version=1)
    said = await probe.hello()
    need(said.get("held") == head_of(probe.head, probe.hash_of(probe.head)), "`held` names another statement")
    need(text == probe.said[probe.head], "the statement is the head")


@HELLOS.must("7.2", "sent", "the answer's `sent` is the end of the node's own feed, as catch-up gives it")
async def sent(probe: Probe) -> None:
    said = (await probe.hello()).get("sent")
    if said is None:
        need(not await probe.catch_up(feed="OURS", epoch=1), "`sent` is absent, and the feed is not empty")
        return
    texts = await probe.catch_up(feed="OURS", epoch=said["epoch"], after=said["seq"] - 1, limit=1)
    need(len(texts) == 1, "the statement that `sent` names is not given")
    need(digest(texts[0].encode("ascii")) == said["hash"], "`sent` has another hash than the statement of its number")


@HELLOS.must("7.2", "surplus", "a HELLO with a member more, or one less, is refused: 400 MALFORMED")
async def surplus(probe: Probe) -> None:
    for other in ({"surplus": 1}, {"table_hash": None}):
        (await probe.target.post(HELLO, probe.make_hello(**other))).refuses(400, "MALFORMED")


@HELLOS.must("7.2", "role", "a HELLO signed by the desk is refused: the machine greets")
async def role(probe: Probe) -> None:
    (await probe.target.post(HELLO, probe.make_hello(name="desk"))).refuses(403, "NOT_THIS_LINE")


@HELLOS.must(
    "7.3",
    "stale",
    "a request whose time is over 10 minutes off is refused: 401 STALE, with the node's time, by which it works",
)
async def stale(probe: Probe) -> None:
    asks: tuple[tuple[str, Callable[..., str]], ...] = ((HELLO, probe.make_hello), (CATCH_UP, probe.make_catch_up))
    for path, make in asks:
        for off in (-FRESH_MS - NEAR_MS, FRESH_MS + NEAR_MS):
            refused = await probe.target.post(path, make(time=probe.now_ms() + off))
            refused.refuses(401, "STALE")
            told = refused.json()["error"].get("time")
            need(isinstance(told, int) and abs(told - probe.now_ms()) < NEAR_MS, "error.time is not the node's clock")
            again = await probe.target.post(path, make(time=told))
            need(again.status == 200, f"asked again with error.time it answers {again.shown}")


@HELLOS.must("7.3", "replay", "a request whose nonce was used is refused: 401 STALE")
async def replay(probe: Probe) -> None:
    for path, text in ((HELLO, probe.make_hello()), (CATCH_UP, probe.make_catch_up())):
        first = await probe.target.post(path, text)
        need(first.status == 200, f"the first was answered {first.shown}")
        (await probe.target.post(path, text)).refuses(401, "STALE")


@HELLOS.must("7.5", "signature", "a request whose signature does not hold is refused: 401 BAD_SIGNATURE")
async def signature(probe: Probe) -> None:
    text = probe.make_hello()
    body, _, tail = text.rpartition(".")
    other = ("B" if tail[0] == "A" else "A") + tail[1:]
    (await probe.target.post(HELLO, f"{body}.{other}")).refuses(401, "BAD_SIGNATURE")


@HELLOS.must("7.5", "stranger", "a request of a party that is not pinned is refused: 401 UNKNOWN_KEY")
async def stranger(probe: Probe) -> None:
    nobody = b64url(b"nobody is pinned by this number.")
    kid = f"{nobody}/machine/{probe.identity.kid('machine').rsplit('/', 1)[1]}"
    for path, typ in ((HELLO, jws.HELLO), (CATCH_UP, jws.CATCHUP)):
        header = canonical({"alg": jws.ALG, "kid": kid, "typ": typ})
        text = probe.identity.sign_raw(header, canonical(probe.hello_members(**{"from": nobody})))
        (await probe.target.post(path, text)).refuses(401, "UNKNOWN_KEY")


@HELLOS.must("7.5", "uncertified", "a request under a key that the card does not certify is refused: 401 UNKNOWN_KEY")
async def uncertified(probe: Probe) -> None:
    (await probe.target.post(HELLO, probe.make_hello(name="machine-none"))).refuses(401, "UNKNOWN_KEY")


@HELLOS.must("2", "past-key", "a request under a role key whose time on the card is over is refused: 401 UNKNOWN_KEY")
async def past_key(probe: Probe) -> None:
    (await probe.target.post(HELLO, probe.make_hello(name="machine-past"))).refuses(401, "UNKNOWN_KEY")


@HELLOS.must("7.5", "other-line", "a request to another party is refused: 403 NOT_THIS_LINE")
async def other_line(probe: Probe) -> None:
    asks: tuple[tuple[str, str], ...] = (
        (HELLO, probe.make_hello(to=probe.own)),
        (CATCH_UP, probe.make_catch_up(to=probe.own)),
    )
    for path, text in asks:
        (await probe.target.post(path, text)).refuses(403, "NOT_THIS_LINE")


@HELLOS.must("7.5", "proto", "a request of another version of the protocol is refused: 403 PROTO")
async def proto(probe: Probe) -> None:
    other = PROTO.replace("1", "2")
    for path, text in ((HELLO, probe.make_hello(proto=other)), (CATCH_UP, probe.make_catch_up(proto=other))):
        (await probe.target.post(path, text)).refuses(403, "PROTO")


@HELLOS.must("1.4", "typ", "a signed text of one kind is not taken for another: 400 MALFORMED")
async def typ(probe: Probe) -> None:
    said: dict[str, Any] = probe.hello_members()
    (await probe.target.post(HELLO, probe.make_catch_up())).refuses(400, "MALFORMED")
    (await probe.target.post(HELLO, probe.identity.sign(said, jws.RECEIPT))).refuses(400, "MALFORMED")
    (await probe.target.post(CATCH_UP, probe.make_hello())).refuses(400, "MALFORMED")
