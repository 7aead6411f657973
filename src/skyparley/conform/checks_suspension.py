"""Suspension and resumption: two persons, what still passes, and what is answered with ERR LINE.  Source: line-v1 10."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from skyparley.base.canonical import canonical
from skyparley.conform.heard import Heard
from skyparley.conform.line_checks import check, open_line
from skyparley.conform.notices import HOUR, circle, notice
from skyparley.conform.pairs import Pair, offer
from skyparley.conform.probe import Probe
from skyparley.conform.requirement import Chapter
from skyparley.evidence import jws

SUSPENSION: Final = Chapter()


def change(probe: Probe, kind: str, *, second: str = "supervisor") -> str:
    """SUSP or RESM that takes effect now, with the second signature under a key of ours."""
    slots: dict[str, Any] = {"effective": probe.now_ms(), "reason": "NOT STATED"}
    said = probe.members(kind, slots, code="L9") | {"class": "ADMIN"}
    text = canonical({"type": kind, "msg_id": said["msg_id"], "to": said["to"], "slots": slots})
    said["slots"] = slots | {"second": probe.identity.sign_detached(text, second, typ=jws.SECOND)}
    return probe.sealed(said)


@asynccontextmanager
async def suspended(probe: Probe) -> AsyncIterator[None]:
    """Our suspension of the line, which is lifted and opened again whatever happens."""
    text, _ = await probe.say_text(change(probe, "SUSP"))
    try:
        await probe.no_error_for(text)
        yield
    finally:
        lifted, _ = await probe.say_text(change(probe, "RESM"))
        await open_line(probe)
    await probe.no_error_for(lifted)


@SUSPENSION.must(
    "10.5",
    "second-person",
    "a suspension or resumption without a supervisor's signature is answered with ERR SIGNATURE",
)
async def second_person(probe: Probe) -> None:
    for kind in ("SUSP", "RESM"):
        for key in ("desk", "supervisor-none"):
            text, _ = await probe.say_text(change(probe, kind, second=key))
            await probe.error_for(text, "SIGNATURE")


@SUSPENSION.must("10.4", "not-suspended", "a resumption by a side that did not suspend is answered with ERR STATE")
async def not_suspended(probe: Probe) -> None:
    text, _ = await probe.say_text(change(probe, "RESM"))
    await probe.error_for(text, "STATE")


@SUSPENSION.must("10.2", "refused", "on a suspended line an offer is answered with ERR LINE")
async def refused_there(probe: Probe) -> None:
    ours = notice(probe.fresh_id(), probe.now_ms())
    volumes = [circle(probe.now_ms() + 3 * HOUR)]
    theirs = Heard("", "", "desk", {"version": 1, "slots": {"id": probe.fresh_id(), "volumes": volumes}})
    async with suspended(probe):
        text, _ = await probe.say_text(probe.sealed(offer(probe, Pair(ours, "", theirs))))
        await probe.error_for(text, "LINE")


@SUSPENSION.must(
    "10.2",
    "passes",
    "on a suspended line notices and LIFE are taken and checks answered, and after resumption it opens again",
)
async def passes_there(probe: Probe) -> None:
    async with suspended(probe):
        told, _ = await probe.say("NTC", notice(probe.fresh_id(), probe.now_ms()), code="N1", version=1)
        slots = notice(probe.fresh_id(), probe.now_ms()) | {"kind": "SAR"}
        life, _ = await probe.say("SAR", slots, code="D2", version=1, **{"class": "LIFE"})
        await check(probe, "MACHINE")
        await probe.no_error_for(told, life)
