"""For every requirement, nodes that break it: each a fault between a real node and the world, or inside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest
from conform_support import Bent, Reply

from skyparley.base.canonical import canonical
from skyparley.conform.probe import Probe
from skyparley.domain import line_changes, receive
from skyparley.evidence import jws

AWAY: Final = "A" * 43
HOUR: Final = 3_600_000
Bend = Callable[[Probe, Bent], Any]
"""Makes a context in which the node is bent."""


# --- answers of the door ---------------------------------------------------------------------------------------


def answering(change: Callable[[Bent, str, Reply], Reply], *, path: str = "") -> Bend:
    """A door that changes its answers, at one address or at all."""

    @contextmanager
    def bent_door(probe: Probe, bent: Bent) -> Iterator[None]:
        def bend(at: str, _: bytes, reply: Reply) -> Reply:
            return change(bent, at, reply) if at.endswith(path) else reply

        bent.answer = bend
        try:
            yield
        finally:
            bent.answer = None

    return bent_door


def other_code(status: int = 0) -> Bend:
    """Refuses with another code, or with another status."""

    def change(_: Bent, at: str, reply: Reply) -> Reply:
        if reply[0] < 400:
            return reply
        if status:
            return (status, *reply[1:])
        plain = json.loads(reply[2])
        plain["error"]["code"] = "ODD"
        return (reply[0], reply[1], canonical(plain))

    return answering(change)


def no_refusal(bent: Bent, at: str, reply: Reply) -> Reply:
    return (200, *reply[1:])


def error_as(**members: Any) -> Bend:
    """Refusals whose error has other members."""

    def change(_: Bent, at: str, reply: Reply) -> Reply:
        if reply[0] < 400:
            return reply
        error = {**json.loads(reply[2])["error"], **members}
        kept = {name: value for name, value in error.items() if value is not None}
        return (reply[0], reply[1], canonical({"error": kept}))

    return answering(change)


def greeting(typ: str = "", **members: Any) -> Bend:
    """Answers HELLO with other members, rightly signed."""

    def change(bent: Bent, at: str, reply: Reply) -> Reply:
        if reply[0] != 200:
            return reply
        return (200, reply[1], bent.resigned(reply[2].decode(), **members).encode())

    return answering(change, path="/hello")


def beating(**members: Any) -> Bend:
    """Answers heartbeats with other members, rightly signed."""

    def change(bent: Bent, at: str, reply: Reply) -> Reply:
        if reply[0] != 200:
            return reply
        return (200, reply[1], bent.resigned(reply[2].decode(), **members).encode())

    return answering(change, path="/heartbeat")


def forged(_: Bent, at: str, reply: Reply) -> Reply:
    return (reply[0], reply[1], reply[2][:-10] + b"AAAAAAAAAA")


def results(change: Callable[[Bent, list[dict[str, Any]], dict[str, Any]], None]) -> Bend:
    """Answers statements otherwise."""

    def changed(bent: Bent, at: str, reply: Reply) -> Reply:
        if reply[0] != 200:
            return reply
        plain = json.loads(reply[2])
        change(bent, plain["results"], plain)
        return (reply[0], reply[1], canonical(plain))

    return answering(changed, path="/statements")


def result_as(one: str, other: str) -> Bend:
    """Answers `other` where `one` is right, in the form of `other`."""

    def change(_: Bent, results: list[dict[str, Any]], __: dict[str, Any]) -> None:
        for result in results:
            if result["result"] != one:
                continue
            result["result"] = other
            result.pop("receipt", None)
            result.pop("text", None)
            if other in ("RECEIVED", "DUPLICATE"):
                result["receipt"] = "a.receipt.of nothing"

    return results(change)


def without_head(_: Bent, results: list[dict[str, Any]], plain: dict[str, Any]) -> None:
    plain.pop("head", None)


def backwards(_: Bent, results: list[dict[str, Any]], __: dict[str, Any]) -> None:
    results.reverse()


def unreceipted(_: Bent, results: list[dict[str, Any]], __: dict[str, Any]) -> None:
    for result in results:
        result.pop("receipt", None)


def receipt_with(only: str = "", **members: Any) -> Bend:
    """Receipts with other members, rightly signed."""

    def change(bent: Bent, results: list[dict[str, Any]], _: dict[str, Any]) -> None:
        for result in results:
            if "receipt" in result and only in ("", result["result"]):
                result["receipt"] = bent.resigned(result["receipt"], **members)

    return results(change)


def lines(change: Callable[[list[str]], list[str]]) -> Bend:
    """Answers catch-up with other statements."""

    def changed(_: Bent, at: str, reply: Reply) -> Reply:
        if reply[0] != 200:
            return reply
        given = reply[2].decode().split("\n") if reply[2] else []
        return (reply[0], reply[1], "\n".join(change(given)).encode())

    return answering(changed, path="/catchup")


def header(name: str, value: str | None) -> Bend:
    def changed(_: Bent, at: str, reply: Reply) -> Reply:
        headers = {key: one for key, one in reply[1].items() if key != name}
        return (reply[0], headers | ({name: value} if value is not None else {}), reply[2])

    return answering(changed)


# --- what it says ------------------------------------------------------------------------------------------------


def saying(kind: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Bend:
    """A node that seals statements of a type otherwise, in a chain that is right."""

    @contextmanager
    def bent_signer(probe: Probe, bent: Bent) -> Iterator[None]:
        def bend(typ: str, said: dict[str, Any]) -> dict[str, Any]:
            return change(said) if typ == jws.STATEMENT and said["type"] == kind else said

        bent.said = bend
        try:
            yield
        finally:
            bent.said = None

    return bent_signer


def slots_as(kind: str, /, **slots: Any) -> Bend:
    return saying(kind, lambda said: said | {"slots": said["slots"] | slots})


def members_as(kind: str, /, **members: Any) -> Bend:
    return saying(kind, lambda said: said | members)


def err_code(code: str = "LINE") -> Bend:
    """Answers with ERR of another code."""

    def change(said: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in said["slots"].items() if name != "ids"}
        return said | {"slots": kept | {"code": code}}

    return saying("ERR", change)


def gaps_as(**gaps: int) -> Bend:
    return saying("CFL", lambda said: said | {"slots": said["slots"] | {"gaps": said["slots"]["gaps"] | gaps}})


def signatures_backwards(said: dict[str, Any]) -> dict[str, Any]:
    return said | {"slots": said["slots"] | {"signatures": said["slots"]["signatures"][::-1]}}


def other_signature(said: dict[str, Any]) -> dict[str, Any]:
    signature = said["slots"]["signature"]
    return said | {"slots": said["slots"] | {"signature": f"{signature[:-20]}{'A' * 20}"}}


# --- inside ------------------------------------------------------------------------------------------------------


def judging(name: str, verdict: Any, where: Any = receive) -> Bend:
    """A node that judges a kind of statement, or a part of one, always so."""

    @contextmanager
    def patched(probe: Probe, bent: Bent) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(where, name, lambda *_: verdict)
            yield

    return patched


@contextmanager
def answers_errors(probe: Probe, bent: Bent) -> Iterator[None]:
    """A node that answers ERR with ERR."""
    judge = receive._judge

    def judged(view: Any, envelope: Any, *more: Any) -> Any:
        return ("STATE", "odd") if envelope.type == "ERR" else judge(view, envelope, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receive, "_judge", judged)
        patch.setattr(receive, "_type_of", lambda _: "")
        yield


NEVER: Final = answering(no_refusal)
TAKES: Final = result_as("REFUSED", "RECEIVED")
CODE: Final = other_code()

BENDS: Final[Mapping[str, tuple[Bend, ...]]] = {
    "7.2 answer": (answering(forged, path="/hello"), greeting(to=AWAY), greeting(held={"epoch": 0})),
    "7.2 nonce": (greeting(nonce="m" * 21 + "A"),),
    "7.2 clock": (CODE, NEVER, greeting(clock="SCALED")),
    "7.2 held": (greeting(held=None), greeting(held={"epoch": 1, "seq": 1, "hash": AWAY})),
    "7.2 sent": (greeting(sent={"epoch": 1, "seq": 1, "hash": AWAY}), greeting(sent={"epoch": 9, "seq": 9, "hash": AWAY})),
    "7.2 surplus": (CODE, NEVER),
    "7.2 role": (CODE, NEVER),
    "7.3 stale": (CODE, NEVER, error_as(time=None), error_as(time=1)),
    "7.3 replay": (CODE, NEVER),
    "7.5 signature": (CODE, NEVER, other_code(400)),
    "7.5 stranger": (CODE, NEVER, other_code(403)),
    "7.5 uncertified": (CODE, NEVER),
    "2 past-key": (CODE, NEVER),
    "7.5 other-line": (CODE, NEVER),
    "7.5 proto": (CODE, NEVER),
    "1.4 typ": (CODE, NEVER),
    "1.4 alg": (TAKES,),
    "1.4 header": (TAKES,),
    "1.2 base64url": (TAKES,),
    "1.4 signature": (TAKES,),
    "1.1 white-space": (TAKES,),
    "1.1 key-order": (TAKES,),
    "1.1 duplicate-key": (TAKES,),
    "1.1 fraction": (TAKES,),
    "1.1 null": (TAKES,),
    "1.1 range": (TAKES,),
    "1.1 text": (TAKES,),
    "7 depth": (TAKES, result_as("RECEIVED", "REFUSED")),
    "7 text-size": (other_code(400), CODE),
    "7 body-size": (other_code(400), CODE),
    "7.1 batch": (other_code(400), CODE, NEVER),
    "7.1 media-type": (NEVER, CODE),
    "7 line-feed": (result_as("DUPLICATE", "FORK"),),
    "7 nonsense": (NEVER, CODE, error_as(text=None), header("content-type", "text/html")),
    "7.5 method": (other_code(400), CODE),
    "3.3 next": (result_as("RECEIVED", "GAP"), results(without_head), results(unreceipted)),
    "6 receipt": (
        receipt_with(hash=AWAY), receipt_with(seq=1), receipt_with(received_utc=HOUR), receipt_with(bearer=None),
        receipt_with(to=AWAY), receipt_with(msg_id="00000000-0000-4000-8000-000000000000"),
    ),
    "3.3 duplicate": (
        result_as("DUPLICATE", "FORK"), result_as("DUPLICATE", "RECEIVED"), receipt_with("DUPLICATE", received_utc=HOUR),
    ),
    "6 kept": (lines(lambda _: []), result_as("DUPLICATE", "RECEIVED")),
    "3.3 gap": (result_as("GAP", "RECEIVED"), result_as("GAP", "BROKEN"), results(without_head)),
    "3.3 fork": (result_as("FORK", "DUPLICATE"), result_as("FORK", "RECEIVED"), lines(lambda _: [])),
    "3.3 broken": (result_as("BROKEN", "RECEIVED"), result_as("BROKEN", "GAP"), greeting(held={"epoch": 9, "seq": 9, "hash": AWAY})),
    "3.3 epoch": (result_as("BROKEN", "RECEIVED"), result_as("DUPLICATE", "GAP"), result_as("GAP", "BROKEN")),
    "3.3 seen": (result_as("RECEIVED", "FORK"), result_as("RECEIVED", "GAP")),
    "7.1 results": (results(backwards), result_as("REFUSED", "GAP"), result_as("GAP", "RECEIVED")),
    "7.1 order": (result_as("RECEIVED", "GAP"),),
    "3.2 chain": (TAKES, result_as("REFUSED", "BROKEN")),
    "7.1 other-line": (TAKES,),
    "2 past-desk-key": (TAKES,),
    "7.4 yours": (lines(lambda given: given[::-1]), lines(lambda given: given[1:]), lines(lambda _: [])),
    "7.4 limit": (lines(lambda given: given * 2), lines(lambda given: given[1:])),
    "7.4 ours": (lines(lambda given: given[1:]), lines(lambda _: [])),
    "7.4 nothing": (lines(lambda _: ["a.b.c"]),),
    "7.4 members": (CODE, NEVER),
    "7.4 role": (CODE, NEVER),
    "7.8 heartbeat": (beating(nonce="m" * 21 + "A"), beating(held=None), answering(forged, path="/heartbeat"), beating(bearer="http2")),
    "7.8 heartbeat-fresh": (CODE, NEVER),
    "7.8 heartbeat-silent": (greeting(sent={"epoch": 9, "seq": 9, "hash": AWAY}),),
    "4 LCK": (slots_as("LCK", n=999), slots_as("LCK", kind="HUMAN"), members_as("LCK", reply_to="00000000-0000-4000-8000-000000000000")),
    "4 LIFE": (judging("judge_notice", ("LINE", "odd")), result_as("RECEIVED", "REFUSED")),
    "4 NTC": (judging("judge_notice", ("STATE", "odd")), result_as("RECEIVED", "REFUSED")),
    "4 life-of-a-notice": (judging("judge_act", ("STATE", "odd")),),
    "3.2 opaque": (err_code(), result_as("RECEIVED", "REFUSED")),
    "4 ERR": (members_as("ERR", reply_to="00000000-0000-4000-8000-000000000000"), slots_as("ERR", seq=1)),
    "4 no-ERR-for-ERR": (answers_errors,),
    "3.2 role": (err_code(),),
    "5.2 geometry": (err_code(), err_code("SCHEMA")),
    "4 version": (err_code(), judging("judge_act", ("STATE", "odd"))),
    "5.1 later-version": (judging("judge_notice", ("VERSION", "odd")), err_code()),
    "4 not-ours": (err_code(), judging("judge_query", ("STATE", "odd"))),
    "5.8 final": (err_code(), judging("judge_act", ("NOT_OURS", "odd"))),
    "4 active-twice": (err_code(),),
    "4 changed": (err_code(), judging("judge_notice", ("GEOMETRY", "odd"))),
    "5.5 lead-class": (receipt_with(lead_class=None), receipt_with(lead_class="LATE")),
    "3.2 after-refusal": (judging("judge_notice", ("VERSION", "odd")), err_code()),
    "10 table": (greeting(table_hash=AWAY),),
    "5.4 key": (slots_as("NTC", key=[]),),
    "8.1 ids": (slots_as("CFL", conflict_id=AWAY), slots_as("CFL", pair_id=AWAY)),
    "8.4 gaps": (gaps_as(lateral_m=1_050), gaps_as(vertical_ft=1), gaps_as(time_ms=1), slots_as("CFL", start=1), slots_as("CFL", volumes=[0, 1])),
    "5.4 key-incomplete": (err_code("STATE"), slots_as("ERR", ids=["B-0001 v1"])),
    "9.1 no-conflict": (err_code(),),
    "9.1 terms": (err_code(),),
    "9.1 kind": (err_code(),),
    "7.6 table-mismatch": (err_code(),),
    "9.3 acceptance": (saying("ACC", other_signature), slots_as("ACC", agreement_id=AWAY)),
    "9.3 agreement-bent": (err_code(),),
    "9.4 agreement": (judging("judge_agreement", ("TERMS", "odd")),),
    "9.3 signature": (err_code(),),
    "9.4 countersignature": (saying("AGR", signatures_backwards),),
    "10.5 second-person": (err_code(),),
    "10.4 not-suspended": (err_code(),),
    "10.2 refused": (err_code("STATE"), judging("second_holds", False, line_changes)),
    "10.2 passes": (judging("judge_notice", ("LINE", "odd")), judging("second_holds", False, line_changes)),
    "3.5 own-feed": (members_as("ERR", msg_id="00000000-0000-4000-8000-000000000001"),),
    "4 schemas": (members_as("ERR", **{"class": "COORD"}),),
    "3.1 table-hash": (members_as("ERR", table_hash=AWAY),),
    "7.5 deferral": (other_code(503), CODE, header("retry-after", None)),
}  # fmt: skip
