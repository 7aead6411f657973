"""Makes docs/spec/vectors/: story.json, types.json, feeds.json, meaning.json.  A test holds the committed files against what this gives.

Run it to write the files: python tests/spec/make_line_vectors.py.  The story is told by two whole nodes with fixed keys, times and
ids; independent.py, which shares no code with them, must agree with every byte of it.  The feeds that must fail are
forged here, with keys that the cards certify.
"""

import asyncio
import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from story import Story
from two_nodes import ROLES, ROOT, SIGNING, T0, CountedLuck, TwoNodes, card_and_keys, seed

from skyparley.adapters.storage.memory_journal import MemoryJournal
from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.domain.messages.envelope import PROTO
from skyparley.domain.messages.receipt import CatchUp
from skyparley.domain.table import table_hash
from skyparley.engine.signer import Signer
from skyparley.evidence import card as cards
from skyparley.evidence import jws

VECTORS = ROOT / "docs" / "spec" / "vectors"
SOURCE = "docs/spec/line-v1.md"


# --- the story ---------------------------------------------------------------------------------------------------


async def _played() -> tuple[TwoNodes, dict[str, list[dict[str, Any]]]]:
    """The two nodes at the end of the story, and what each journal holds: contents with their kind."""
    journals = {name: MemoryJournal() for name in "AB"}
    pair = TwoNodes(lambda name: journals[name])
    await Story(pair).play()
    events = {
        name: [{"event": one.kind, **json.loads(one.content or b"{}")} for one in await journal.read(0, 10_000)]
        for name, journal in journals.items()
    }
    await pair.stop()
    return pair, events


def story_vectors() -> dict[str, Any]:
    """Cards, table, both feeds, receipts, requests, ids and the agreement of one story."""
    pair, events = asyncio.run(_played())
    fingerprints = {name: pair.nodes[name].card.fingerprint for name in "AB"}
    sent = {name: _texts(events[name], "StatementSealed") for name in "AB"}
    payloads = [json.loads(_payload(text)) for name in "AB" for text in sent[name]]
    return {
        "source": SOURCE,
        "parties": [
            {
                "name": name,
                **{f"{role}_seed_hex": seed(name, role).hex() for role in ROLES},
                "fingerprint": fingerprints[name],
                "card": pair.nodes[name].card.text,
            }
            for name in "AB"
        ],
        "table": canonical(pair.table).decode(),
        "table_hash": table_hash(pair.table),
        "statements": [_statement(name, text) for name in "AB" for text in sent[name]],
        "receipts": [_signed(text) for name in "AB" for text in _texts(events[name], "ReceiptKept")],
        "fetched": _only_fetched(pair, events),
        "requests": [_signed(text) for _, text in _first_of_each(pair)] + [_signed(_catch_up(fingerprints))],
        "ids": [_ids(payload) for payload in payloads if payload["type"] == "CFL"],
        "agreements": [_agreement(payload["slots"]) for payload in payloads if payload["type"] == "AGR"],
    }


def _only_fetched(pair: TwoNodes, events: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Hashes of statements that a side fetched before they were brought: who fetched sends no receipt."""
    receipted = {json.loads(_payload(text))["hash"] for name in "AB" for text in _texts(events[name], "ReceiptKept")}
    return sorted((pair.bearers["A"].fetched | pair.bearers["B"].fetched) - receipted)


def _texts(events: list[dict[str, Any]], kind: str) -> list[str]:
    return [event["jws"] for event in events if event["event"] == kind]


def _payload(text: str) -> str:
    return jws.split(text).payload.decode()


def _statement(name: str, text: str) -> dict[str, Any]:
    said = json.loads(_payload(text))
    return {
        "from": name,
        "epoch": said["epoch"],
        "seq": said["seq"],
        "type": said["type"],
        "hash": digest(text.encode()),
        "payload": _payload(text),
        "jws": text,
    }


def _signed(text: str) -> dict[str, Any]:
    return {"typ": jws.split(text).typ, "payload": _payload(text), "jws": text}


def _first_of_each(pair: TwoNodes) -> list[tuple[str, str]]:
    """A HELLO and a heartbeat of B with their answers: the first that both could exchange."""
    asked = pair.bearers["B"].asked
    wanted = ("hello", "hello-answer", "heartbeat", "heartbeat-answer")
    return [next(one for one in asked if one[0] == kind) for kind in wanted]


def _catch_up(fingerprints: dict[str, str]) -> str:
    card, keys = card_and_keys("A")
    signer = Signer(card, {role: keys[role] for role in SIGNING})
    request = CatchUp(
        proto=PROTO,
        from_=fingerprints["A"],
        to=fingerprints["B"],
        time=T0,
        nonce=CountedLuck("A").nonce(),
        feed="OURS",
        epoch=1,
        after=3,
        limit=64,
    )
    return signer.sign("machine", request, jws.CATCHUP)


def _ids(payload: dict[str, Any]) -> dict[str, Any]:
    """How the ids of a CFL come about: the texts that are hashed."""
    slots = payload["slots"]
    one, two = slots["notices"]
    pair_text = canonical(["skyparley-pair/1", [one["party"], one["id"]], [two["party"], two["id"]]])
    pair = digest(pair_text)
    text = canonical(["skyparley-conflict/1", pair, one["version"], two["version"], payload["table_hash"]])
    assert (slots["pair_id"], slots["conflict_id"]) == (pair, digest(text)), "the node told the same"
    return {
        "pair_text": pair_text.decode(),
        "pair_id": pair,
        "conflict_text": text.decode(),
        "conflict_id": digest(text),
    }


def _agreement(slots: dict[str, Any]) -> dict[str, Any]:
    text = canonical(slots["agreement"])
    return {"text": text.decode(), "agreement_id": digest(text), "signatures": slots["signatures"]}


# --- feeds that hold and feeds that must not ---------------------------------------------------------------------

Said = dict[str, Any]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def canon(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Forger:
    """Signs whatever it is told with the keys of party A, whose statements go to B."""

    def __init__(self) -> None:
        self.card, self.keys = card_and_keys("A")
        self.to = card_and_keys("B")[0].fingerprint
        self.foreign = card_and_keys("C")[0].fingerprint

    def kid(self, role: str) -> str:
        return next(str(self.card.kid_of(one)) for one in self.card.said.roles if one.role == role)

    def sign(self, payload: bytes, *, role: str = "desk", header: Said | None = None, key: Any = None) -> str:
        head = {"alg": "Ed25519", "kid": self.kid(role), "typ": "skyparley-statement"} | (header or {})
        signed = f"{b64(canon(head))}.{b64(payload)}"
        return f"{signed}.{b64((key or self.keys[role]).sign(signed.encode()))}"

    def said(self, seq: int, before: str | None, **changes: Any) -> Said:
        """The payload of a query, next behind `before`; a change to None takes a member away."""
        payload = {
            "proto": "skyparley/1",
            "epoch": 1,
            "seq": seq,
            "from": self.card.fingerprint,
            "to": self.to,
            "msg_id": f"00000041-0000-4000-8000-{seq:012x}",
            "role": "desk",
            "class": "COORD",
            "type": "NQR",
            "code": "N6",
            "version": 1,
            "created_utc": T0 + seq * 1_000,
            "clock_quality": "GOOD",
            "table_hash": b64(hashlib.sha256(b"a table").digest()),
            "slots": {"id": "B-0001", "field": "LEVELS"},
        }
        if before is not None:
            payload["prev"] = b64(hashlib.sha256(before.encode()).digest())
        return {name: value for name, value in (payload | changes).items() if value is not None}

    def next(self, feed: list[str], **changes: Any) -> str:
        """One more statement of a feed of epoch 1, by its own rules but for the changes."""
        said = self.said(len(feed) + 1, feed[-1] if feed else None, **changes)
        return self.sign(canon(said), role=said["role"])

    def feed(self, count: int, **changes: Any) -> list[str]:
        texts: list[str] = []
        for _ in range(count):
            texts.append(self.next(texts, **changes))
        return texts


def _seen(seq: int, name: str = "") -> Said:
    return {"epoch": 1, "seq": seq, "hash": b64(hashlib.sha256(f"seen {seq}{name}".encode()).digest())}


def _chains(forger: Forger) -> list[Said]:
    """Feeds of sound statements, sound or not as chains."""
    good = forger.feed(3)
    other = forger.next(good[:1], slots={"id": "B-0002", "field": "AREA"})
    opened = forger.sign(canon(forger.said(1, None, epoch=2, seen=_seen(1))))
    heard = [forger.next([], seen=_seen(4))]
    heard.append(forger.next(heard, seen=_seen(5)))
    back, split, gone = (forger.next(heard, seen=one) for one in (_seen(3), _seen(5, " another"), None))
    return [
        _case("a sound feed", good),
        _case("nothing at all", []),
        _case("a new epoch; what was seen may go back with it", [*heard, opened], epochs=[1, 2]),
        _case("a gap", [good[0], good[2]], (1, "GAP")),
        _case("the beginning is missing", good[1:], (0, "GAP")),
        _case("two statements with one number", [*good[:2], other], (2, "FORK")),
        _case("one statement twice", [*good[:2], good[1]], (2, "DUPLICATE")),
        _case("two swapped", [good[0], good[2], good[1]], (1, "GAP"), (2, "OUT_OF_ORDER")),
        _case("prev is that of another", [good[0], forger.next(good[:1], prev=_seen(9)["hash"])], (1, "BROKEN")),
        _case("prev is missing", [good[0], forger.next(good[:1], prev=None)], (1, "BROKEN")),
        _case("prev where the feed begins", [forger.next([], prev=_seen(9)["hash"])], (0, "BROKEN")),
        _case("seen goes back", [*heard, back], (2, "SEEN_BACK")),
        _case("seen is taken back", [*heard, gone], (2, "SEEN_BACK")),
        _case("seen names two hashes under one number", [*heard, split], (2, "SEEN_FORK")),
        _case(
            "an older epoch goes on",
            [*good[:1], forger.sign(canon(forger.said(1, None, epoch=2))), good[1]],
            (2, "OUT_OF_ORDER"),
            epochs=[1, 2],
        ),
    ]


def _singles(forger: Forger) -> list[Said]:
    """Feeds of one statement that must be refused, whatever stands before it."""
    said = forger.said(1, None)
    plain = canon(said)
    good = forger.sign(plain)
    head, body, tail = good.split(".")
    strange = card_and_keys("B")[1]["desk"]
    return [
        _case(why, [text], (0, code))
        for why, code, text in (
            ("a space in the payload", "NOT_CANONICAL", forger.sign(plain.replace(b",", b", ", 1))),
            (
                "members in another order",
                "NOT_CANONICAL",
                forger.sign(json.dumps(said, separators=(",", ":")).encode()),
            ),
            ("one member twice", "NOT_CANONICAL", forger.sign(plain.replace(b'"epoch":1', b'"epoch":1,"epoch":1'))),
            ("a fraction", "NOT_CANONICAL", forger.sign(plain.replace(b'"version":1', b'"version":1.0'))),
            ("an exponent", "NOT_CANONICAL", forger.sign(plain.replace(b'"version":1', b'"version":1e0'))),
            ("null", "NOT_CANONICAL", forger.sign(plain.replace(b'"version":1', b'"version":null'))),
            ("beyond 2**53 - 1", "NOT_CANONICAL", forger.sign(canon(said | {"version": 2**53}))),
            ("a control character", "NOT_CANONICAL", forger.sign(canon(said | {"code": "N\u007f"}))),
            ("a key that is not ASCII", "NOT_CANONICAL", forger.sign(canon(said | {"\u00e9": 1}))),
            ("nested 13 deep", "NOT_CANONICAL", forger.sign(canon(said | {"slots": _nested(12)}))),
            ("another protocol", "BAD_ENVELOPE", forger.sign(canon(said | {"proto": "skyparley/2"}))),
            ("seq 0", "BAD_ENVELOPE", forger.sign(canon(said | {"seq": 0}))),
            ("seq as text", "BAD_ENVELOPE", forger.sign(canon(said | {"seq": "1"}))),
            ("no msg_id", "BAD_ENVELOPE", forger.sign(canon(forger.said(1, None, msg_id=None)))),
            ("a member more in seen", "BAD_ENVELOPE", forger.sign(canon(said | {"seen": {**_seen(1), "x": 1}}))),
            ("seen is no head", "BAD_ENVELOPE", forger.sign(canon(said | {"seen": _seen(0)}))),
            ("no epoch", "BAD_ENVELOPE", forger.sign(canon(forger.said(1, None, epoch=None)))),
            ("to another party", "WRONG_LINE", forger.sign(canon(said | {"to": forger.foreign}))),
            ("in the name of another party", "WRONG_LINE", forger.sign(canon(said | {"from": forger.foreign}))),
            ("alg EdDSA", "NOT_JWS", forger.sign(plain, header={"alg": "EdDSA"})),
            ("alg none", "NOT_JWS", forger.sign(plain, header={"alg": "none"})),
            ("one more member in the header", "NOT_JWS", forger.sign(plain, header={"crit": ["exp"]})),
            ("padding", "NOT_JWS", f"{head}.{body}.{tail}="),
            ("a receipt's typ", "WRONG_TYPE", forger.sign(plain, header={"typ": "skyparley-receipt"})),
            ("the party key", "UNKNOWN_KEY", forger.sign(plain, header={"kid": _party_kid(forger)})),
            ("the kid of another party", "UNKNOWN_KEY", forger.sign(plain, header={"kid": _kid_of("B")})),
            ("signed by another key", "BAD_SIGNATURE", forger.sign(plain, key=strange)),
            ("one bit of the payload changed", "BAD_SIGNATURE", f"{head}.{_flipped(body)}.{tail}"),
        )
    ]


def _case(why: str, texts: list[str], *problems: tuple[int, str], epochs: list[int] | None = None) -> Said:
    said: Said = {"why": why, "problems": [{"place": place, "code": code} for place, code in problems]}
    if epochs is not None:
        said["epochs"] = epochs
    return {**said, "statements": texts}


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def _party_kid(forger: Forger) -> str:
    from skyparley.evidence.keys import make_kid

    return str(make_kid(forger.card.fingerprint, "party", forger.card.party_key))


def _kid_of(name: str) -> str:
    card, _ = card_and_keys(name)
    return str(card.kid_of(card.said.roles[0]))


def _flipped(body: str) -> str:
    """The same payload with the lowest bit of its first number changed: still base64url, still canonical JSON."""
    payload = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    return b64(payload.replace(b'"version":1', b'"version":3'))


def feed_vectors() -> dict[str, Any]:
    """Feeds of A to B, each with what is wrong with it: the place, from 0, and the code of line-v1 3.5."""
    forger = Forger()
    return {"source": SOURCE, "card": forger.card.text, "to": forger.to, "feeds": [*_chains(forger), *_singles(forger)]}


T0_ID = "00000041-0000-4000-8000-000000000001"


# --- meanings ------------------------------------------------------------------------------------------------------


def meaning_vectors() -> dict[str, Any]:
    """Payloads whose chain is right and whose meaning is refused with ERR SCHEMA, each one change away from the story's."""
    said: dict[str, Said] = {}
    for statement in story_vectors()["statements"]:
        said.setdefault(statement["type"], json.loads(statement["payload"]))
    refused = [
        ("a member that is not in the table", "NTC", {"unit": "12 SQN"}),
        ("a type that does not exist", "NTC", {"type": "TGT"}),
        ("a class of another type", "NTC", {"class": "LIFE"}),
        ("a role of another type", "CFL", {"role": "desk"}),
        ("a code of another type", "NTC", {"code": "N2"}),
        ("a code where the type has none", "WDR", {"code": "C6"}),
        ("no code where the type has one", "ACC", {"code": None}),
        ("a phrase of another kind of proposal", "PRO", {"code": "C3"}),
        ("no dialogue", "REJ", {"dialog_id": None}),
        ("a dialogue where there is none", "NTC", {"dialog_id": said["PRO"]["dialog_id"]}),
        ("no version", "NACT", {"version": None}),
        ("version 0", "NACT", {"version": 0}),
        ("no time to answer by", "PRO", {"reply_by": None}),
        ("a time to answer by where nothing is asked", "ACC", {"reply_by": T0}),
        ("exercise false", "NTC", {"exercise": False}),
        ("a clock that is neither good nor bad", "NTC", {"clock_quality": "FAIR"}),
        ("an unknown slot", "NTC", {"slots.target": "x"}),
        ("an unknown kind", "NTC", {"slots.kind": "STRIKE"}),
        ("an id in small letters", "NTC", {"slots.id": "a-0001"}),
        ("no volume", "NTC", {"slots.volumes": []}),
        ("due regard stated, and a reason", "NTC", {"slots.due_regard": {"stated": True, "reason": "WX"}}),
        ("due regard not stated, and no reason", "NTC", {"slots.due_regard": {"stated": False}}),
        ("no key", "NTC", {"slots.key": None}),
        ("a reason that is not on the list", "REJ", {"slots.reason": "POLITICS"}),
        ("one notice of two", "PRO", {"slots.notices": said["PRO"]["slots"]["notices"][:1]}),
        ("a volume beyond 64", "CFL", {"slots.volumes": [0, 64]}),
        ("exercise signed by the desk", "STP", {"exercise": True}),
        ("the exercise key for what is no exercise", "STP", {"role": "exercise"}),
        ("free text of 201 characters", "STP", {"free_text": {"lang": "en", "text": "x" * 201}}),
        ("free text in no language", "STP", {"free_text": {"text": "x"}}),
        ("a hazard told as a notice", "NTC", {"slots.kind": "HAZARD"}),
        ("a search told as a hazard", "HAZ", {"slots.kind": "SAR"}),
        ("a class that is not that of the kind", "NCH", {"class": "LIFE"}),
        ("an acknowledgment of nothing", "ACK", {"reply_to": None}),
        ("a post that does not exist", "ACK", {"slots.post": "GENERAL"}),
        ("an answer without what it answers", "CPR", {"dialog_id": None}),
        ("distress at a point and in an area", "DIS", {"slots.area": said["STP"]["slots"]["area"]}),
        ("distress without a precision", "DIS", {"slots.precision": None}),
        ("a relay of nothing", "RLY", {"slots.distress": None}),
        ("checking without a time", "IDA", {"slots.until": None}),
        ("another phrase than the answer's", "IDA", {"code": "V5"}),
        ("a unit that was told", "PAS", {"slots.unit": "TWR"}),
        ("an answer to a line check, by the phrase of one that asks", "LCK", {"code": "L1", "reply_to": T0_ID}),
        ("a suspension by one person", "SUSP", {"slots.second": None}),
        (
            "an agreement that means more",
            "AGR",
            {"slots.agreement": said["AGR"]["slots"]["agreement"] | {"means": "CLEAR"}},
        ),
    ]
    cases = [
        {"why": why, "type": kind, "payload": canon(_changed(said[kind], changes)).decode()}
        for why, kind, changes in refused
    ]
    return {"source": SOURCE, "refused": cases}


def _changed(payload: Said, changes: Said) -> Said:
    """A copy with members set, those of the slots by their dotted name; None takes one away."""
    made = json.loads(json.dumps(payload))
    for name, value in changes.items():
        owner = made["slots"] if name.startswith("slots.") else made
        member = name.removeprefix("slots.")
        owner.pop(member, None)
        if value is not None:
            owner[member] = value
    return made


# --- what the story does not say ----------------------------------------------------------------------------------


def type_vectors() -> dict[str, Any]:
    """A feed of A to B with what no act of the story says: a hand-over, a newer card, exercise statements, and what is arranged."""
    forger = Forger()
    notice = {
        "id": "A-0900",
        "volumes": [
            {
                "shape": {"type": "circle", "centre": [330_000_000, 330_000_000], "radius_m": 20_000},
                "lower": {"ref": "SFC"},
                "upper": {"ref": "AMSL", "ft": 3_000},
                "start": T0 + 3_600_000,
                "end": T0 + 7_200_000,
            }
        ],
        "due_regard": {"stated": True},
        "key": [],
    }
    on = [{"post": "DESK", "languages": ["en", "ru"]}, {"post": "SUPERVISOR", "languages": ["en"]}]
    drill = {"role": "exercise", "exercise": True}
    said: list[Said] = [
        {"type": "SHIFT", "class": "ADMIN", "slots": {"on": on, "alternates": 2, "since": T0}},
        {"type": "KEY", "class": "ADMIN", "slots": _newer_card(forger, seq=2)},
        {**drill, "type": "SAR", "class": "LIFE", "code": "D2", "version": 1, "slots": {**notice, "kind": "SAR"}},
        {**drill, "type": "HAZ", "class": "SAFETY", "code": "N8", "version": 1, "slots": {**notice, "kind": "HAZARD"}},
        {"type": "TBL", "class": "ADMIN", "slots": _clause(forger)},
        {
            "type": "COV",
            "class": "ADMIN",
            "slots": {
                "forces": ["FIXED WING", "UAS"],
                "allies": ["HUMANITARIAN"],
                "areas": [notice["volumes"][0]["shape"]],
                "air_defence_informed": True,
                "relays": ["UN"],
            },
        },
        {
            "type": "MTG",
            "class": "ADMIN",
            "slots": {"level": "2", "topic": "CROSSING", "start": T0 + 7_200_000, "end": T0 + 10_800_000},
        },
        {
            "type": "XNG",
            "class": "COORD",
            "code": "C7",
            "slots": {
                "id": "A-X0001",
                "version": 1,
                "line": {"id": "RIVER", "version": 1},
                "form": "REQUESTED",
                "volumes": notice["volumes"],
                "reason": "HUM-ESCORT",
            },
        },
        {
            "type": "OOB",
            "class": "ADMIN",
            "slots": {
                "id": "OOB-0001",
                "how": "IN PERSON",
                "who": "ATTACHE",
                "at": T0 - 3_600_000,
                "gist": {"lang": "en", "text": "Activity begins in one hour. No area and no levels were given."},
            },
        },
    ]
    feed: list[str] = []
    for one in said:
        feed.append(forger.next(feed, **{"code": None, "version": None, **one}))
    return {
        "source": SOURCE,
        "card": forger.card.text,
        "to": forger.to,
        "clause": {"text": _clause_text(forger).decode(), "hash": digest(_clause_text(forger))},
        "statements": [_statement("A", text) for text in feed],
    }


def _clause_body(forger: Forger) -> Said:
    """A standing line: A is on the left of it, B on the right."""
    return {
        "clause": "LINE",
        "id": "RIVER",
        "error_m": 50,
        "line": [[330_000_000, 330_000_000], [335_000_000, 331_000_000]],
        "buffer_m": 500,
        "left": forger.card.fingerprint,
        "right": forger.to,
    }


def _clause_text(forger: Forger) -> bytes:
    """The text that both sign."""
    parties = sorted((forger.card.fingerprint, forger.to))
    effective = T0 + 3_600_000
    return canon({"terms": 1, "parties": parties, "body": _clause_body(forger), "version": 1, "effective": effective})


def _clause(forger: Forger) -> Said:
    """The slots of TBL, signed by A's supervisor."""
    kid = next(forger.card.kid_of(one) for one in forger.card.said.roles if one.role == "supervisor")
    signature = jws.sign_detached(_clause_text(forger), forger.keys["supervisor"], kid, jws.CLAUSE)
    return {"body": _clause_body(forger), "version": 1, "effective": T0 + 3_600_000, "signature": signature}


def _newer_card(forger: Forger, *, seq: int) -> Said:
    """The slots of KEY: the same card issued an hour later, and the supervisor's signature under them."""
    later = cards.Draft(
        name="A",
        roles=forger.card.said.roles,
        bearers=forger.card.said.bearers,
        clock="REAL",
        issued_ms=T0 + 3_600_000,
    )
    slots: Said = {"card": cards.make_card(later, forger.keys["party"])}
    said = forger.said(seq, None)
    text = canon({"type": "KEY", "msg_id": said["msg_id"], "to": said["to"], "slots": slots})
    kid = next(forger.card.kid_of(one) for one in forger.card.said.roles if one.role == "supervisor")
    return slots | {"second": jws.sign_detached(text, forger.keys["supervisor"], kid, jws.SECOND)}


ALL = {
    "story.json": story_vectors,
    "types.json": type_vectors,
    "feeds.json": feed_vectors,
    "meaning.json": meaning_vectors,
}


def text_of(name: str) -> str:
    """The text of one vector file."""
    return json.dumps(ALL[name](), indent=2, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    VECTORS.mkdir(parents=True, exist_ok=True)
    for file_name in ALL:
        (VECTORS / file_name).write_text(text_of(file_name), encoding="utf-8")
