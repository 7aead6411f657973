"""What statements mean: which are taken, and with what ERR the others are answered.  Source: line-v1 3.2, 4, 5."""

from typing import Any, Final

from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.conform.checks_feed import next_notice
from skyparley.conform.notices import HOUR, MINUTE, NOWHERE, circle, notice
from skyparley.conform.probe import Probe
from skyparley.conform.requirement import Chapter, Fails, Skips, need

MEANING: Final = Chapter()
DAY: Final = 24 * HOUR
Slots = dict[str, Any]


async def filed(probe: Probe, **more: Any) -> tuple[str, Slots]:
    """A notice of ours that the node took: its id and slots."""
    slots = notice(probe.fresh_id(), probe.now_ms(), **more)
    await probe.say("NTC", slots, code="N1", version=1)
    return str(slots["id"]), slots


async def act(probe: Probe, kind: str, id_: str, version: int, **other: Any) -> str:
    """NACT, NEND or NCX of a notice of ours: its text."""
    code = {"NACT": "N4", "NEND": "N5", "NCX": "N3"}[kind]
    slots = {"id": id_, "reason": "NOT STATED"} if kind == "NCX" else {"id": id_, "at": probe.now_ms()}
    text, _ = await probe.say(kind, slots, code=code, version=version, **other)
    return text


async def change(probe: Probe, slots: Slots, version: int, *, changed: tuple[str, ...] = ("LEVELS",)) -> str:
    """NCH of a notice of ours to other levels: its text."""
    (one,) = slots["volumes"]
    lower = [one | {"lower": {"ref": "FL", "ft": 16_000 + 100 * (version % 10)}}]
    text, _ = await probe.say(
        "NCH", slots | {"volumes": lower, "changed": list(changed), "key": []}, code="N2", version=version
    )
    return text


@MEANING.must("4", "NTC", "a right notice is receipted and not answered with ERR")
async def ntc(probe: Probe) -> None:
    text, _ = await probe.say("NTC", notice(probe.fresh_id(), probe.now_ms()), code="N1", version=1)
    await probe.no_error_for(text)


@MEANING.must("4", "life-of-a-notice", "change, activation and end of a notice are receipted and not answered with ERR")
async def life_of_a_notice(probe: Probe) -> None:
    id_, slots = await filed(probe)
    texts = [await change(probe, slots, 2), await act(probe, "NACT", id_, 2), await act(probe, "NEND", id_, 2)]
    other, _ = await filed(probe)
    await probe.no_error_for(*texts, await act(probe, "NCX", other, 1))


@MEANING.must(
    "3.2",
    "opaque",
    "a statement that is not understood keeps its number and its receipt, and is answered with ERR SCHEMA",
)
async def opaque(probe: Probe) -> None:
    right = next_notice(probe)
    bent: list[dict[str, Any]] = [{"unit": "12 SQN"}, {"slots": right["slots"] | {"target": "x"}}, {"type": "XXX"}]
    for other in (*bent, {"slots": {}}, {"class": "NONE"}, {"version": 0}, {"clock_quality": "FAIR"}):
        text, _ = await probe.say_text(probe.sealed(next_notice(probe) | other))
        await probe.error_for(text, "SCHEMA")


@MEANING.must("4", "ERR", "ERR names the number and hash of what it answers, replies to its msg_id, and comes once")
async def err(probe: Probe) -> None:
    said = next_notice(probe) | {"unit": "12 SQN"}
    text, _ = await probe.say_text(probe.sealed(said))
    answer = await probe.error_for(text, "SCHEMA")
    named = {name: answer.slots.get(name) for name in ("epoch", "seq", "hash")}
    need(
        named == {"epoch": said["epoch"], "seq": said["seq"], "hash": digest(text.encode("ascii"))}, "ERR names another"
    )
    need(answer.said.get("reply_to") == said["msg_id"], "reply_to is not the msg_id of the statement")
    await probe.no_error_for()
    hashes = [one.slots.get("hash") for one in probe.heard.statements.values() if one.said.get("type") == "ERR"]
    need(hashes.count(named["hash"]) == 1, "the same statement was answered with ERR more than once")


@MEANING.must("4", "no-ERR-for-ERR", "an ERR is not answered with ERR")
async def no_err_for_err(probe: Probe) -> None:
    slots = {"epoch": 1, "seq": 1, "hash": "A" * 43, "code": "STATE"}
    text, _ = await probe.say("ERR", slots, **{"class": "ADMIN", "role": "machine"})
    await probe.no_error_for(text)


@MEANING.must("3.2", "role", "a statement signed by another role than its type's is answered with ERR SCHEMA")
async def role(probe: Probe) -> None:
    said = next_notice(probe)
    text, _ = await probe.say_text(probe.sealed(said, "machine"))
    await probe.error_for(text, "SCHEMA")
    text, _ = await probe.say_text(probe.sealed(next_notice(probe, role="machine"), "machine"))
    await probe.error_for(text, "SCHEMA")


@MEANING.must("5.2", "geometry", "an area, level or period that the page refuses is answered with ERR GEOMETRY")
async def geometry(probe: Probe) -> None:
    start = probe.now_ms() // MINUTE * MINUTE + 3 * HOUR
    right = circle(start)
    lat, lon = NOWHERE
    bow = [[lat, lon], [lat + 10**7, lon + 10**7], [lat, lon + 10**7], [lat + 10**7, lon]]
    bent: dict[str, Slots] = {
        "a ring that crosses itself": {"shape": {"type": "polygon", "rings": [bow]}},
        "a ring of two points": {"shape": {"type": "polygon", "rings": [[[lat, lon], [lat + 10**7, lon]]]}},
        "a line of one point": {"shape": {"type": "line", "line": [[lat, lon], [lat, lon]], "buffer_m": 10_000}},
        "an end before the start": {"end": start - HOUR},
        "a period of 401 days": {"end": start + 401 * DAY},
        "a lower above the upper": {"lower": {"ref": "FL", "ft": 30_000}},
        "a flight level between two": {"lower": {"ref": "FL", "ft": 15_050}},
    }
    for why, other in bent.items():
        text, _ = await probe.say(
            "NTC", notice(probe.fresh_id(), probe.now_ms(), volumes=[right | other]), code="N1", version=1
        )
        try:
            await probe.error_for(text, "GEOMETRY")
        except Fails as fails:
            raise Fails(f"{why}: {fails}") from None


@MEANING.must(
    "4", "version", "a notice told twice, or a change that is not the next version, is answered with ERR VERSION"
)
async def version(probe: Probe) -> None:
    id_, slots = await filed(probe)
    again, _ = await probe.say("NTC", notice(id_, probe.now_ms()), code="N1", version=1)
    await probe.error_for(again, "VERSION")
    await probe.error_for(await change(probe, slots, 3), "VERSION")
    await probe.error_for(await act(probe, "NACT", id_, 2), "VERSION")


@MEANING.must(
    "5.1",
    "later-version",
    "a change to a kind that every state of the line takes may leave out versions, and does not go back",
)
async def later_version(probe: Probe) -> None:
    id_, slots = await filed(probe)
    civil = slots | {"kind": "CIVIL", "key": [], "changed": ["KIND"]}
    said = {"code": "N2", "class": "PRIORITY"}
    later, _ = await probe.say("NCH", civil, version=4, **said)
    await probe.no_error_for(later)
    before, _ = await probe.say("NCH", civil | {"kind": "HUM"}, version=3, **said)
    await probe.error_for(before, "VERSION")
    await probe.no_error_for(await act(probe, "NCX", id_, 4, **{"class": "PRIORITY"}))


@MEANING.must(
    "4", "not-ours", "a change, an act or a question about a notice that was never told is answered with ERR NOT_OURS"
)
async def not_ours(probe: Probe) -> None:
    await probe.error_for(await change(probe, notice(probe.fresh_id(), probe.now_ms()), 2), "NOT_OURS")
    for kind in ("NCX", "NACT", "NEND"):
        await probe.error_for(await act(probe, kind, probe.fresh_id(), 1), "NOT_OURS")
    text, _ = await probe.say("NQR", {"id": probe.fresh_id(), "field": "AREA"}, code="N6", version=1)
    await probe.error_for(text, "NOT_OURS")


@MEANING.must("5.8", "final", "what is ended or cancelled stays so: what follows is answered with ERR STATE")
async def final(probe: Probe) -> None:
    for kind in ("NEND", "NCX"):
        id_, slots = await filed(probe)
        await act(probe, kind, id_, 1)
        await probe.error_for(await change(probe, slots, 2), "STATE")
        await probe.error_for(await act(probe, "NACT", id_, 1), "STATE")
        await probe.error_for(await act(probe, "NEND", id_, 1), "STATE")


@MEANING.must("4", "active-twice", "a second activation is answered with ERR STATE")
async def active_twice(probe: Probe) -> None:
    id_, _ = await filed(probe)
    first = await act(probe, "NACT", id_, 1)
    await probe.error_for(await act(probe, "NACT", id_, 1), "STATE")
    await probe.no_error_for(first)


@MEANING.must("4", "changed", "a change that says wrongly what changed is answered with ERR SCHEMA")
async def changed(probe: Probe) -> None:
    _, slots = await filed(probe)
    await probe.error_for(await change(probe, slots, 2, changed=("AREA", "LEVELS")), "SCHEMA")


@MEANING.must(
    "5.5", "lead-class", "the receipt of a notice names the lead class by the table's numbers; other receipts name none"
)
async def lead_class(probe: Probe) -> None:
    leads = {"LATE": -HOUR}
    if probe.table is not None:
        planned, short, now = (probe.table[f"lead_{name}_ms"] for name in ("planned", "short", "immediate"))
        leads |= {"PLANNED": planned + HOUR, "SHORT": (planned + short) // 2, "IMMEDIATE": (short + now) // 2}
    for right, lead in leads.items():
        volumes = [circle(probe.now_ms() + lead)]
        slots = notice(probe.fresh_id(), probe.now_ms(), volumes=volumes)
        _, receipt = await probe.say("NTC", slots, code="N1", version=1)
        need(receipt.get("lead_class") == right, f"the lead class is {receipt.get('lead_class')}; {right} is right")
    _, receipt = await probe.say("NQR", {"id": probe.fresh_id(), "field": "AREA"}, code="N6", version=1)
    need("lead_class" not in receipt, "the receipt of a question names a lead class")


@MEANING.must(
    "3.2",
    "after-refusal",
    "a statement that was answered with ERR changed nothing: what follows finds the state of before",
)
async def after_refusal(probe: Probe) -> None:
    id_, slots = await filed(probe)
    await probe.error_for(await change(probe, slots, 5), "VERSION")
    await probe.no_error_for(await change(probe, slots, 2))
    await probe.no_error_for(await act(probe, "NACT", id_, 2))


@MEANING.must("10", "table", "the node's table_hash is that of the table that the parties hold")
async def table(probe: Probe) -> None:
    if probe.table is None:
        raise Skips("name the table of the parties with --table")
    need(digest(canonical(probe.table)) == (await probe.hello())["table_hash"], "the node holds another table")
