"""Line checks: how a line is opened from nothing, and how checks of the node are answered.  Source: line-v1 4 (LCK), 7.8."""

from typing import Any, Final

from skyparley.conform import schemas
from skyparley.conform.heard import NOTHING, Heard, head_of
from skyparley.conform.probe import PROTO, Probe
from skyparley.conform.requirement import Fails, need
from skyparley.conform.target import HEARTBEAT
from skyparley.evidence import jws

TO_OPEN: Final = 3  # good checks each way
QUIET_S: Final = 2.0  # a node whose line is open already begins no checks of its own
BEAT_S: Final = 10.0  # a third of the table's heartbeat, so that no bearer is called dead while a person is waited for
REACHED_S: Final = 45.0  # a node that did not reach us before may rest for half a minute before it tries again
ANSWER_S: Final = 10.0  # table-v1 receipt_ms


def members_of_check(probe: Probe, n: int, kind: str, bearer: str, answers: Heard | None = None) -> dict[str, Any]:
    """The payload of an LCK of ours, or of our answer to one."""
    said = probe.members("LCK", {"n": n, "kind": kind, "bearer": bearer}, code="L2" if answers else "L1")
    said |= {"role": "machine", "class": "ADMIN"}
    return said | ({"reply_to": answers.said["msg_id"]} if answers else {})


async def check(probe: Probe, kind: str, *, wait_s: float | None = None) -> Heard:
    """One check of ours and its answer.  Raises Fails when none comes in time."""
    numbers = [one.slots.get("n", 0) for one in probe.heard.statements.values() if one.said.get("type") == "LCK"]
    said = members_of_check(probe, max(numbers, default=0) + 1, kind, "http")
    await probe.say_text(probe.sealed(said))
    answered = await probe.wait_for(
        lambda one: one.said.get("type") == "LCK" and one.said.get("reply_to") == said["msg_id"],
        "the answer to a line check",
        wait_s=ANSWER_S if wait_s is None else wait_s,
    )
    need(answered.slots == said["slots"], f"the answer to the check {said['slots']} says {answered.slots}")
    return answered


async def answer_checks(probe: Probe) -> int:
    """Answer every check of the node that is not answered yet; how many there were."""
    answered = probe.cache.setdefault("answered", set())
    waiting = [
        one
        for one in probe.heard.statements.values()
        if one.said.get("type") == "LCK" and "reply_to" not in one.said and one.hash not in answered
    ]
    for one in waiting:
        answered.add(one.hash)
        said = members_of_check(probe, one.slots["n"], one.slots["kind"], one.slots["bearer"], one)
        await probe.say_text(probe.sealed(said))
    return len(waiting)


async def open_line(probe: Probe) -> None:
    """Three good checks each way, as a line that is not open needs; an open one answers them all the same."""
    if not schemas.known("LCK"):
        return
    answered = probe.cache.setdefault("answered", set())
    for place in range(TO_OPEN):
        await answer_checks(probe)
        await check(probe, "OPENING", wait_s=REACHED_S)
        try:
            await probe.wait_for(
                lambda one: one.said.get("type") == "LCK" and "reply_to" not in one.said and one.hash not in answered,
                f"check {place + 1} of the node",
                wait_s=QUIET_S,
            )
        except Fails:
            continue
    await answer_checks(probe)


def beat(probe: Probe, **other: Any) -> str:
    """A heartbeat of ours."""
    said = probe.hello_members(bearer="http", **other)
    said = {name: value for name, value in said.items() if name not in ("clock", "table_hash")}
    return probe.identity.sign(said, jws.HEARTBEAT)


def beat_answer(probe: Probe, asked: dict[str, Any]) -> str:
    """Our answer to a heartbeat of the node."""
    said: dict[str, Any] = {"proto": PROTO, "from": probe.own, "to": probe.peer, "time": probe.now_ms()}
    said |= {"nonce": asked["nonce"], "bearer": asked["bearer"]}
    if probe.head != NOTHING:
        said["sent"] = head_of(probe.head, probe.hash_of(probe.head))
    if probe.heard.head != NOTHING:
        said["held"] = head_of(probe.heard.head, probe.heard.head_hash)
    return probe.identity.sign(said, jws.HEARTBEAT_ANSWER)


async def beaten(probe: Probe) -> dict[str, Any]:
    """What the node answers to a heartbeat.  Raises Fails."""
    answer = await probe.target.post(HEARTBEAT, beat(probe))
    need(answer.status == 200, f"a heartbeat was answered {answer.shown}")
    return probe.read(answer.text(), jws.HEARTBEAT_ANSWER, "heartbeat-answer")
