"""A conflict between a notice of ours and one that the tested node's desk files, and what is said about it."""

import secrets
from dataclasses import dataclass
from typing import Any, Final

from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.conform.heard import Heard
from skyparley.conform.notices import HOUR, MINUTE, RADIUS_M, circle, notice
from skyparley.conform.probe import Probe
from skyparley.conform.requirement import Fails, Skips
from skyparley.conform.slow_conflict import Side, ids_of, sorted_sides
from skyparley.evidence import jws

APART_M: Final = 1_000  # between the two circles: less than any table asks, and not nothing
DEGREE_M: Final = 111_195.08  # of latitude, on the sphere of line-v1 8.2
ANSWER_MS: Final = 1_800_000  # table-v1 proposal_answer_ms
PLACES: Final = 300  # ten rows of thirty over the South Pacific
APART_1E7: Final = 30_000_000  # between two of them, 1e-7 degrees
DAYS_AHEAD: Final = 300
HIGHER_FT: Final = 40_000  # where our notice goes to be apart
DESK_S: Final = 600.0  # a person is waited for so long


@dataclass(frozen=True)
class Pair:
    """Our notice and theirs, in conflict."""

    ours: dict[str, Any]
    ours_text: str
    theirs: Heard

    def sides(self, probe: Probe) -> tuple[Side, Side]:
        """Ours, theirs."""
        return (probe.own, self.ours["id"], 1), (probe.peer, self.theirs.slots["id"], self.theirs.said["version"])


async def ask_desk(probe: Probe, act: str, text: str, **members: Any) -> None:
    """Have people at the tested node do something.  Raises Skips when nobody sits there."""
    if probe.desk is None:
        raise Skips("nobody acts at the tested node's desk: --ask-desk or --desk-command")
    await probe.desk({"act": act, "text": text, "probe": probe.own, "probe_name": probe.identity.card.name, **members})


async def conflict_pair(probe: Probe) -> Pair:
    """A pair that no offer was made about; the one of before, while it is open."""
    if "pair" not in probe.cache:
        probe.cache["pair"] = await _new_pair(probe)
    pair = probe.cache["pair"]
    assert isinstance(pair, Pair), "nothing else is put there"
    return pair


async def used_up(probe: Probe) -> Pair:
    """A pair that the next test must not find."""
    pair = await conflict_pair(probe)
    del probe.cache["pair"]
    return pair


async def _new_pair(probe: Probe) -> Pair:
    if probe.desk is None:
        raise Skips("nobody acts at the tested node's desk: --ask-desk or --desk-command")
    start, centre = _free_place(probe)
    ours = notice(probe.fresh_id(), probe.now_ms(), volumes=[circle(start, centre=centre)])
    text, _ = await probe.say("NTC", ours, code="N1", version=1)
    beside = round((2 * RADIUS_M + APART_M) / DEGREE_M * 1e7)
    theirs = circle(start + HOUR, centre=(centre[0] + beside, centre[1]), low_ft=19_000, high_ft=24_000)
    before = probe.heard.head
    await ask_desk(
        probe,
        "FILE",
        f"file a notice for {probe.identity.card.name} with just this volume, in the knowledge of their {ours['id']} v1",
        kind="AREA WORK",
        volumes=[theirs],
        key=[f"{ours['id']} v1"],
    )
    heard = await probe.wait_for(
        lambda one: one.number > before and one.said.get("type") == "NTC" and one.slots.get("volumes") == [theirs],
        "the notice that the desk was asked to file",
        wait_s=DESK_S,
    )
    return Pair(ours, text, heard)


def _free_place(probe: Probe) -> tuple[int, tuple[int, int]]:
    """A start and a place away from the pairs before, and surely enough from those of other runs: the node may still hold them."""
    first, days = probe.cache.setdefault("places", (secrets.randbelow(PLACES), secrets.randbelow(DAYS_AHEAD)))
    taken = probe.cache["taken"] = probe.cache.get("taken", 0) + 1
    place = (first + taken) % PLACES
    centre = (-570_000_000 + APART_1E7 * (place % 10), -1_700_000_000 + APART_1E7 * (place // 10))
    return probe.now_ms() // MINUTE * MINUTE + 3 * HOUR + 24 * HOUR * days, centre


async def conflict_told(probe: Probe, pair: Pair) -> Heard:
    """The CFL of the node about a pair."""
    wanted = {side[:2] for side in pair.sides(probe)}

    def about(one: Heard) -> bool:
        refs = one.slots.get("notices", []) if one.said.get("type") == "CFL" else []
        return {(ref.get("party"), ref.get("id")) for ref in refs} == wanted

    return await probe.wait_for(about, "CFL about the two notices")


def offer(probe: Probe, pair: Pair, *, low_ft: int = HIGHER_FT, **slots: Any) -> dict[str, Any]:
    """The payload of a PRO that moves our notice to other levels, with some slots of a test."""
    pair_id, conflict_id = ids_of(*pair.sides(probe), probe.table_hash)
    (volume,) = pair.ours["volumes"]
    moved = volume | {"lower": {"ref": "FL", "ft": low_ft}, "upper": {"ref": "FL", "ft": low_ft + 5_000}}
    refs = []
    for party, id_, version in sorted_sides(*pair.sides(probe)):
        changes = {"volumes": [moved]} if party == probe.own else {}
        refs.append({"party": party, "id": id_, "version": version, **changes})
    until = max(volume["end"], *(one["end"] for one in pair.theirs.slots["volumes"]))
    said = {"conflict_id": conflict_id, "kind": "VERT", "notices": refs, "until": until} | slots
    now = probe.now_ms()
    turn = probe.cache[f"turn {pair_id}"] = probe.cache.get(f"turn {pair_id}", 0) + 1
    return probe.members(
        "PRO",
        said,
        code="C2",
        version=turn,
        dialog_id=pair_id,
        reply_by=now + ANSWER_MS,
        valid_until=now + 2 * ANSWER_MS,
    )


def agreement_of(said: dict[str, Any], offer_hash: str, *, proposer: str, acceptor: str) -> dict[str, Any]:
    """The text that both sign, from the payload of an offer.  Source: line-v1 9.3."""
    slots = said["slots"]
    return {
        "agreement": 1,
        "means": "NO CONFLICT SEEN UNDER THESE TERMS",
        "pair_id": said["dialog_id"],
        "conflict_id": slots["conflict_id"],
        "proposer": proposer,
        "acceptor": acceptor,
        "proposal": offer_hash,
        "turn": said["version"],
        "kind": slots["kind"],
        "notices": slots["notices"],
        "until": slots["until"],
        "table_hash": said["table_hash"],
    }


def hash_of_agreement(agreement: dict[str, Any]) -> str:
    """agreement_id."""
    return digest(canonical(agreement))


def check_signature(probe: Probe, detached: str, agreement: dict[str, Any]) -> None:
    """Raises Fails unless this is the node's desk under this agreement."""
    try:
        parsed = jws.read(jws.attach(detached, canonical(agreement)), typ=jws.AGREEMENT, key_of=probe.card.role_key)
    except jws.BadSignature as error:
        raise Fails(f"the signature under the agreement does not hold: {error}") from None
    if parsed.kid.role != "desk":
        raise Fails(f"the agreement is signed by role {parsed.kid.role}; desk is right")
