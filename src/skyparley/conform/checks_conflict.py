"""Conflicts and dialogues: the same ids, the awareness key, offers and agreements.  Source: line-v1 5.4, 8, 9.

Some of it only people at the tested node do; without them these are skipped.
"""

from typing import Any, Final

from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.conform.heard import Heard
from skyparley.conform.notices import notice
from skyparley.conform.pairs import (
    DESK_S,
    HIGHER_FT,
    agreement_of,
    ask_desk,
    check_signature,
    conflict_pair,
    conflict_told,
    hash_of_agreement,
    offer,
    used_up,
)
from skyparley.conform.probe import Probe
from skyparley.conform.requirement import Chapter, Fails, Skips, need
from skyparley.conform.slow_conflict import conflict, gaps_of, ids_of, sorted_sides

CONFLICTS: Final = Chapter()
AWAY: Final = "A" * 43


@CONFLICTS.must(
    "5.4", "key", "the node's notice lists ours that it conflicts with, by id, version and the hash of our statement"
)
async def key(probe: Probe) -> None:
    pair = await conflict_pair(probe)
    right = {"id": pair.ours["id"], "version": 1, "hash": digest(pair.ours_text.encode("ascii"))}
    need(right in pair.theirs.slots["key"], "its key does not name our notice so")


@CONFLICTS.must("8.1", "ids", "the node tells the conflict by the ids that we compute alone")
async def ids(probe: Probe) -> None:
    pair = await conflict_pair(probe)
    told = (await conflict_told(probe, pair)).slots
    right = ids_of(*pair.sides(probe), probe.table_hash)
    need((told["pair_id"], told["conflict_id"]) == right, "the ids are not the hashes of line-v1 8.1")


@CONFLICTS.must(
    "8.4", "gaps", "the node tells the gaps and the common time of the worst pair of volumes as we compute them"
)
async def gaps(probe: Probe) -> None:
    pair = await conflict_pair(probe)
    told = (await conflict_told(probe, pair)).slots
    ours, theirs = pair.ours["volumes"][0], pair.theirs.slots["volumes"][0]
    if probe.table is not None:
        need(conflict(ours, theirs, probe.table), "by the table that was named the two do not conflict")
    right = gaps_of(ours, theirs)
    off_m = abs(told["gaps"]["lateral_m"] - right["lateral_m"])
    need(off_m <= 1, f"the lateral gap told is {told['gaps']['lateral_m']} m; {right['lateral_m']} m is right")
    need(
        told["gaps"] | {"lateral_m": 0} == right | {"lateral_m": 0}, f"the gaps told are {told['gaps']}, right {right}"
    )
    common = (max(ours["start"], theirs["start"]), min(ours["end"], theirs["end"]))
    need((told.get("start"), told.get("end")) == common, "the common time of the windows is told otherwise")
    order = [{"party": side[0], "id": side[1], "version": side[2]} for side in sorted_sides(*pair.sides(probe))]
    need((told["notices"], told["volumes"]) == (order, [0, 0]), "the notices or the numbers of the volumes differ")


@CONFLICTS.must(
    "5.4",
    "key-incomplete",
    "a notice that does not list the node's that it conflicts with is held, and answered with ERR KEY_INCOMPLETE",
)
async def key_incomplete(probe: Probe) -> None:
    pair = await conflict_pair(probe)
    slots = notice(probe.fresh_id(), probe.now_ms(), volumes=pair.ours["volumes"])
    text, _ = await probe.say("NTC", slots, code="N1", version=1)
    answer = await probe.error_for(text, "KEY_INCOMPLETE")
    wanted = f"{pair.theirs.slots['id']} v{pair.theirs.said['version']}"
    need(wanted in answer.slots.get("ids", []), f"its ids do not name {wanted}")
    ended, _ = await probe.say("NCX", {"id": slots["id"], "reason": "NOT STATED"}, code="N3", version=1)
    await probe.no_error_for(ended)


@CONFLICTS.must(
    "9.1",
    "no-conflict",
    "an offer about a pair that is in no conflict, or by another conflict id, is answered with ERR OVERTAKEN",
)
async def no_conflict(probe: Probe) -> None:
    pair = await conflict_pair(probe)
    text, _ = await probe.say_text(probe.sealed(offer(probe, pair, conflict_id=AWAY)))
    await probe.error_for(text, "OVERTAKEN")


@CONFLICTS.must("9.1", "terms", "an offer whose terms do not separate, or change nothing, is answered with ERR TERMS")
async def terms(probe: Probe) -> None:
    pair = await conflict_pair(probe)
    text, _ = await probe.say_text(probe.sealed(offer(probe, pair, low_ft=16_000)))
    await probe.error_for(text, "TERMS")


@CONFLICTS.must(
    "9.1", "kind", "an offer whose kind or until does not follow from its terms is answered with ERR SCHEMA"
)
async def kind(probe: Probe) -> None:
    pair = await conflict_pair(probe)
    said = offer(probe, pair)
    for other, code in (({"kind": "LAT"}, "C3"), ({"until": said["slots"]["until"] + 60_000}, "C2")):
        bent = offer(probe, pair, **other) | {"code": code}
        text, _ = await probe.say_text(probe.sealed(bent))
        await probe.error_for(text, "SCHEMA")


@CONFLICTS.must("7.6", "table-mismatch", "an offer under another table is answered with ERR TABLE_MISMATCH")
async def table_mismatch(probe: Probe) -> None:
    pair = await conflict_pair(probe)
    text, _ = await probe.say_text(probe.sealed(offer(probe, pair) | {"table_hash": AWAY}))
    await probe.error_for(text, "TABLE_MISMATCH")


@CONFLICTS.must(
    "9.3",
    "acceptance",
    "an acceptance of the node carries its desk's signature under the agreement that follows from our offer",
)
async def acceptance(probe: Probe) -> None:
    said, text, accepted = await _accepted(probe)
    agreement = agreement_of(said, digest(text.encode("ascii")), proposer=probe.own, acceptor=probe.peer)
    need(
        accepted.slots["agreement_id"] == hash_of_agreement(agreement), "agreement_id is not the hash of the agreement"
    )
    check_signature(probe, accepted.slots["signature"], agreement)
    need(accepted.said["version"] == said["version"], "ACC names another turn")


async def _accepted(probe: Probe) -> tuple[dict[str, Any], str, Heard]:
    """An offer of ours that the node's desk accepted: its payload, its text and the ACC.  Once for a run."""
    if "accepted" not in probe.cache:
        if probe.desk is None:
            raise Skips("nobody acts at the tested node's desk: --ask-desk or --desk-command")
        said = offer(probe, await used_up(probe))
        text, _ = await probe.say_text(probe.sealed(said))
        proposal = digest(text.encode("ascii"))
        await ask_desk(
            probe, "ACCEPT", "accept the offer about these notices", pair_id=said["dialog_id"], proposal=proposal
        )
        accepted = await probe.wait_for(
            lambda one: one.said.get("type") == "ACC" and one.slots.get("proposal") == proposal,
            "the acceptance that the desk was asked for",
            wait_s=DESK_S,
        )
        probe.cache["accepted"] = (said, text, accepted)
    return probe.cache["accepted"]  # type: ignore[no-any-return]


def _countersigned(probe: Probe, said: dict[str, Any], text: str, accepted: Heard, **other: Any) -> dict[str, Any]:
    """The payload of the AGR of our offer."""
    agreement = agreement_of(said, digest(text.encode("ascii")), proposer=probe.own, acceptor=probe.peer) | other
    signatures = [
        {"party": probe.own, "jws": probe.identity.sign_detached(canonical(agreement))},
        {"party": probe.peer, "jws": accepted.slots["signature"]},
    ]
    named = hash_of_agreement(agreement | {name: said["slots"][name] for name in other})
    slots = {"agreement_id": named, "agreement": agreement, "signatures": signatures}
    return probe.members("AGR", slots, version=said["version"], dialog_id=said["dialog_id"], reply_to=said["msg_id"])


@CONFLICTS.must(
    "9.3", "agreement-bent", "an agreement that is not what was accepted is answered with ERR, and binds nobody"
)
async def agreement_bent(probe: Probe) -> None:
    said, text, accepted = await _accepted(probe)
    later = said["slots"]["until"] + 60_000
    bent, _ = await probe.say_text(probe.sealed(_countersigned(probe, said, text, accepted, until=later)))
    await probe.error_for(bent, "TERMS")


@CONFLICTS.must("9.4", "agreement", "the agreement that follows from the acceptance is taken: no ERR")
async def agreement(probe: Probe) -> None:
    said, text, accepted = await _accepted(probe)
    del probe.cache["accepted"]
    signed, _ = await probe.say_text(probe.sealed(_countersigned(probe, said, text, accepted)))
    await probe.no_error_for(signed)


@CONFLICTS.must("9.3", "signature", "an acceptance whose signature does not hold is answered with ERR SIGNATURE")
async def signature(probe: Probe) -> None:
    offered = await _offered(probe)
    said = _acceptance(probe, offered, signer="machine")
    text, _ = await probe.say_text(probe.sealed(said))
    await probe.error_for(text, "SIGNATURE")


@CONFLICTS.must(
    "9.4",
    "countersignature",
    "the node countersigns an acceptance of its offer at once: the agreement, both signatures, the proposer's first",
)
async def countersignature(probe: Probe) -> None:
    offered = await _offered(probe)
    said = _acceptance(probe, offered)
    await probe.say_text(probe.sealed(said))
    right = agreement_of(offered.said, offered.hash, proposer=probe.peer, acceptor=probe.own)
    signed = await probe.wait_for(
        lambda one: one.said.get("type") == "AGR" and one.said.get("reply_to") == offered.said["msg_id"],
        "AGR to our acceptance",
    )
    need(signed.slots["agreement"] == right, "the agreement is not what follows from its offer")
    need(signed.slots["agreement_id"] == hash_of_agreement(right), "agreement_id is not the hash of the agreement")
    parties = [one["party"] for one in signed.slots["signatures"]]
    need(parties == [probe.peer, probe.own], "the proposer's signature does not stand first")
    check_signature(probe, signed.slots["signatures"][0]["jws"], right)
    need(
        signed.slots["signatures"][1]["jws"] == said["slots"]["signature"], "our signature was not given as we gave it"
    )


async def _offered(probe: Probe) -> Heard:
    """An offer of the node's desk, that moves its own notice higher."""
    if probe.desk is None:
        raise Skips("nobody acts at the tested node's desk: --ask-desk or --desk-command")
    pair = await used_up(probe)
    pair_id, _ = ids_of(*pair.sides(probe), probe.table_hash)
    (volume,) = pair.theirs.slots["volumes"]
    higher = volume | {"lower": {"ref": "FL", "ft": HIGHER_FT}, "upper": {"ref": "FL", "ft": HIGHER_FT + 5_000}}
    change = {"party": probe.peer, "id": pair.theirs.slots["id"], "volumes": [higher]}
    await ask_desk(probe, "PROPOSE", "propose these volumes for your notice", pair_id=pair_id, changes=[change])
    heard = await probe.wait_for(
        lambda one: one.said.get("type") == "PRO" and one.said.get("dialog_id") == pair_id,
        "the offer that the desk was asked for",
        wait_s=DESK_S,
    )
    if heard.slots.get("conflict_id") != ids_of(*pair.sides(probe), probe.table_hash)[1]:
        raise Fails("its offer names another conflict id")
    return heard


def _acceptance(probe: Probe, offered: Heard, *, signer: str = "desk") -> dict[str, Any]:
    """The payload of our ACC of an offer of the node."""
    agreement = agreement_of(offered.said, offered.hash, proposer=probe.peer, acceptor=probe.own)
    slots = {
        "proposal": offered.hash,
        "agreement_id": hash_of_agreement(agreement),
        "signature": probe.identity.sign_detached(canonical(agreement), signer),
    }
    return probe.members(
        "ACC",
        slots,
        code="C5",
        version=offered.said["version"],
        dialog_id=offered.said["dialog_id"],
        reply_to=offered.said["msg_id"],
    )
