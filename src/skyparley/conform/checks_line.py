"""What keeps a line alive: heartbeats, line checks, and LIFE, which always passes.  Source: line-v1 4, 7.8."""

from typing import Final

from skyparley.conform.heard import NOTHING, head_of
from skyparley.conform.line_checks import beat, beaten, check
from skyparley.conform.notices import notice
from skyparley.conform.probe import Probe
from skyparley.conform.requirement import Chapter, need
from skyparley.conform.target import HEARTBEAT
from skyparley.evidence import jws

LINE: Final = Chapter()
FRESH_MS: Final = 600_000  # line-v1 7.3
NEAR_MS: Final = 10_000


@LINE.must(
    "7.8", "heartbeat", "a heartbeat is answered by the machine, with its nonce and bearer, and the heads of both feeds"
)
async def heartbeat(probe: Probe) -> None:
    nonce = probe.fresh_nonce()
    answer = await probe.target.post(HEARTBEAT, beat(probe, nonce=nonce))
    need(answer.status == 200, f"a heartbeat was answered {answer.shown}")
    said = probe.read(answer.text(), jws.HEARTBEAT_ANSWER, "heartbeat-answer")
    need((said["nonce"], said["bearer"]) == (nonce, "http"), "the nonce or the bearer is another")
    right = head_of(probe.head, probe.hash_of(probe.head)) if probe.head != NOTHING else None
    need(said.get("held") == right, "`held` is not the last statement that it receipted")


@LINE.must("7.8", "heartbeat-fresh", "a heartbeat that is stale or was said before is refused: 401 STALE")
async def heartbeat_fresh(probe: Probe) -> None:
    text = beat(probe)
    need((await probe.target.post(HEARTBEAT, text)).status == 200, "the first was not answered")
    (await probe.target.post(HEARTBEAT, text)).refuses(401, "STALE")
    old = beat(probe, time=probe.now_ms() - FRESH_MS - NEAR_MS)
    (await probe.target.post(HEARTBEAT, old)).refuses(401, "STALE")


@LINE.must("7.8", "heartbeat-silent", "a heartbeat is on no feed: the node says nothing to it")
async def heartbeat_silent(probe: Probe) -> None:
    await probe.no_error_for()
    before = probe.heard.head
    for _ in range(3):
        await beaten(probe)
    said = await probe.hello()
    sent = said.get("sent")
    need(not sent or (sent["epoch"], sent["seq"]) == before, "its feed went on")


@LINE.must("4", "LCK", "a line check is answered within 10 s, by the machine, with its number, kind and bearer")
async def line_check(probe: Probe) -> None:
    answered = await check(probe, "MACHINE")
    need(answered.role == "machine", f"it is signed by role {answered.role}")


@LINE.must("4", "LIFE", "a statement of class LIFE is receipted and not answered with ERR")
async def life(probe: Probe) -> None:
    slots = notice(probe.fresh_id(), probe.now_ms()) | {"kind": "SAR"}
    text, _ = await probe.say("SAR", slots, code="D2", version=1, **{"class": "LIFE"})
    await probe.no_error_for(text)
