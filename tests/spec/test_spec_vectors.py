"""The vectors of the line: made again they are the same, and three implementations agree about them: nodes, library, stranger."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

import independent
import make_geometry_vectors
import make_line_vectors
import msgspec
import pytest

from reference.slow_levels import slow_signed_gap_ft
from reference.slow_sphere import SlowCore, slow_distance_m
from skyparley.domain.detection import conflict_id, pair_id
from skyparley.domain.messages.catalogue import CATALOGUE
from skyparley.domain.messages.envelope import NotUnderstood, read_chain, read_meaning, write
from skyparley.domain.messages.receipt import read_catch_up, read_heartbeat, read_hello, read_receipt
from skyparley.domain.messages.slots import LevelSlot, ShapeSlot, VolumeSlot
from skyparley.domain.volumes import level_of, shape_of, volume_of
from skyparley.evidence.card import read_card
from skyparley.evidence.feed import verify_feed
from skyparley.geometry.volumes import judge

MAKERS = {"geometry.json": make_geometry_vectors, **dict.fromkeys(make_line_vectors.ALL, make_line_vectors)}


@cache
def vectors(name: str) -> dict[str, Any]:
    return dict(json.loads((make_line_vectors.VECTORS / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", MAKERS)
def test_the_committed_file_is_what_the_generator_gives(name: str) -> None:
    assert (make_line_vectors.VECTORS / name).read_text(encoding="utf-8") == MAKERS[name].text_of(name)


# --- the story -----------------------------------------------------------------------------------------------------


def story() -> tuple[dict[str, Any], dict[str, independent.Card]]:
    told = vectors("story.json")
    return told, {party["name"]: independent.read_card(party["card"]) for party in told["parties"]}


def test_the_story_and_what_it_does_not_say_are_every_type() -> None:
    said = {statement["type"] for name in ("story.json", "types.json") for statement in vectors(name)["statements"]}
    assert said == set(CATALOGUE)
    forms = {
        one["type"] for one in vectors("story.json")["statements"] if "dialog_id" not in json.loads(one["payload"])
    }
    assert {"ACC", "REJ", "CPR", "SBY"} <= forms, "each of the four answers a rescue box too"


def test_what_the_story_does_not_say_is_a_sound_feed() -> None:
    told = vectors("types.json")
    texts = [statement["jws"] for statement in told["statements"]]
    feed, problems = independent.verify_feed(texts, independent.read_card(told["card"]), told["to"])
    assert problems == []
    assert [one.hash for one in feed.held.values()] == [statement["hash"] for statement in told["statements"]]
    for statement in told["statements"]:
        assert write(read_meaning(statement["payload"].encode())) == statement["payload"].encode()


def test_a_newer_card_bears_a_second_signature() -> None:
    """Both implementations of signatures find it over the text of line-v1 10.5, and under no other."""
    told = vectors("types.json")
    said = next(json.loads(one["payload"]) for one in told["statements"] if one["type"] == "KEY")
    second = said["slots"].pop("second")
    covered = {name: said[name] for name in ("type", "msg_id", "to", "slots")}
    card = independent.read_card(told["card"])
    head, _, signature = second.split(".")
    for text, holds in ((covered, True), (covered | {"to": said["from"]}, False)):
        body = base64.urlsafe_b64encode(independent.canonical(text)).rstrip(b"=").decode()
        keys = {kid: key for kid, (key, _, _) in card.keys.items() if kid.split("/")[1] == "supervisor"}
        if holds:
            independent.read_jws(f"{head}.{body}.{signature}", "skyparley-second", keys.get)
        else:
            with pytest.raises(independent.Wrong):
                independent.read_jws(f"{head}.{body}.{signature}", "skyparley-second", keys.get)


@pytest.mark.parametrize("name", ["A", "B"])
def test_both_feeds_verify_in_both_implementations(name: str) -> None:
    told, cards = story()
    mine = [statement for statement in told["statements"] if statement["from"] == name]
    to = next(card.fingerprint for other, card in cards.items() if other != name)
    texts = [statement["jws"] for statement in mine]
    feed, problems = independent.verify_feed(texts, cards[name], to)
    assert problems == []
    assert [one.hash for one in feed.held.values()] == [statement["hash"] for statement in mine]
    assert [one.number for one in feed.held.values()] == [(one["epoch"], one["seq"]) for one in mine]
    theirs = verify_feed(texts, read_card(next(p["card"] for p in told["parties"] if p["name"] == name)), to)  # type: ignore[arg-type]
    assert theirs.holds
    assert theirs.head is not None
    assert theirs.head.hash == feed.head_hash


def test_payloads_are_what_was_signed_and_read_back() -> None:
    for statement in vectors("story.json")["statements"]:
        payload = statement["payload"].encode()
        assert independent.from_b64(statement["jws"].split(".")[1]) == payload
        assert independent.canonical(json.loads(payload)) == payload
        assert write(read_meaning(payload)) == payload


def test_seen_names_true_statements_of_the_other_feed() -> None:
    told, _ = story()
    hashes = {(one["from"], one["epoch"], one["seq"]): one["hash"] for one in told["statements"]}
    for statement in told["statements"]:
        seen = json.loads(statement["payload"]).get("seen")
        if seen:
            other = "B" if statement["from"] == "A" else "A"
            assert hashes[(other, seen["epoch"], seen["seq"])] == seen["hash"]


def test_every_statement_that_was_not_fetched_has_its_receipt() -> None:
    told, cards = story()
    by_print = {card.fingerprint: card for card in cards.values()}
    receipted = set()
    for receipt in told["receipts"]:
        said = json.loads(receipt["payload"])
        assert independent.read_receipt(receipt["jws"], by_print[said["from"]], said["to"]) == said
        read_receipt(receipt["payload"].encode())
        receipted.add(said["hash"])
        assert ("lead_class" in said) == (_type_of(told, said["hash"]) in ("NTC", "HAZ", "HUM", "SAR", "NCH"))
    # Nothing is silent: it was brought, and has a receipt, or its receiver fetched it.
    assert receipted.isdisjoint(told["fetched"])
    assert receipted | set(told["fetched"]) == {statement["hash"] for statement in told["statements"]}
    assert {_type_of(told, hash_) for hash_ in told["fetched"]} <= {"LCK"}, "only a jump of the clock has any fetched"


def _type_of(told: dict[str, Any], hash_: str) -> str:
    return next(str(one["type"]) for one in told["statements"] if one["hash"] == hash_)


READERS = {
    "hello": read_hello,
    "hello-answer": read_hello,
    "heartbeat": read_heartbeat,
    "heartbeat-answer": read_heartbeat,
    "catchup": read_catch_up,
}


def test_requests_are_signed_by_machines() -> None:
    told, cards = story()
    keys = {kid: key for card in cards.values() for kid, (key, _, _) in card.keys.items()}
    for request in told["requests"]:
        kid, payload = independent.read_jws(request["jws"], request["typ"], keys.get)
        assert kid.split("/")[1] == "machine"
        assert payload.decode() == request["payload"]
        READERS[request["typ"].removeprefix("skyparley-")](payload)
    assert [request["typ"].removeprefix("skyparley-") for request in told["requests"]] == [
        "hello",
        "hello-answer",
        "heartbeat",
        "heartbeat-answer",
        "catchup",
    ]


def test_ids_are_the_same_three_times() -> None:
    told, _ = story()
    assert len(told["ids"]) == 2 * 4, "three pairs and one of them again after a change, each told by both"
    for ids in told["ids"]:
        _, one, two = json.loads(ids["pair_text"])
        _, pair, first, second, table = json.loads(ids["conflict_text"])
        assert (independent.digest(ids["pair_text"].encode()), pair) == (ids["pair_id"], ids["pair_id"])
        assert independent.ids_of((*two, second), (*one, first), table) == (ids["pair_id"], ids["conflict_id"])
        assert pair_id(tuple(two), tuple(one)) == ids["pair_id"]
        assert conflict_id(pair, (tuple(two), second), (tuple(one), first), table) == ids["conflict_id"]


def test_the_agreement_is_signed_by_both() -> None:
    told, cards = story()
    by_print = {card.fingerprint: card for card in cards.values()}
    (agreement,) = told["agreements"]
    assert independent.digest(agreement["text"].encode()) == agreement["agreement_id"]
    assert {one["party"] for one in agreement["signatures"]} == set(by_print)
    for one in agreement["signatures"]:
        independent.check_signature(one["jws"], agreement["text"].encode(), by_print[one["party"]])
        with pytest.raises(independent.Wrong):
            independent.check_signature(one["jws"], agreement["text"].encode() + b" ", by_print[one["party"]])


def test_the_table_has_its_hash() -> None:
    told, _ = story()
    assert independent.digest(told["table"].encode()) == told["table_hash"]
    assert independent.canonical(json.loads(told["table"])).decode() == told["table"]
    payloads = [json.loads(one["payload"]) for one in told["statements"]]
    assert {said["table_hash"] for said in payloads if said["class"] != "LIFE"} == {told["table_hash"]}
    assert not [said["type"] for said in payloads if said["class"] == "LIFE" and "table_hash" in said]


# --- what must fail ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", vectors("feeds.json")["feeds"], ids=lambda case: case["why"])
def test_feeds_in_both_implementations(case: dict[str, Any]) -> None:
    told = vectors("feeds.json")
    expected = [(problem["place"], problem["code"]) for problem in case["problems"]]
    feed, problems = independent.verify_feed(case["statements"], independent.read_card(told["card"]), told["to"])
    assert problems == expected
    report = verify_feed(case["statements"], read_card(told["card"]), told["to"])
    assert [(problem.place, problem.code) for problem in report.problems] == expected
    if "epochs" in case:
        assert feed.epochs == list(report.epochs) == case["epochs"]


def test_the_feeds_that_must_fail_fail_in_every_way_the_page_names() -> None:
    codes = {problem["code"] for case in vectors("feeds.json")["feeds"] for problem in case["problems"]}
    page = (make_line_vectors.ROOT / "docs/spec/line-v1.md").read_text(encoding="utf-8")
    steps = page[page.index("3.5 **Verifying a feed**") : page.index("3.6 **Exercise.**")]
    assert codes == {word for word in steps.split("`") if word.isupper() and len(word) > 2}


@pytest.mark.parametrize("case", vectors("meaning.json")["refused"], ids=lambda case: case["why"])
def test_meanings_that_must_be_refused(case: dict[str, Any]) -> None:
    payload = case["payload"].encode()
    read_chain(payload)
    with pytest.raises(NotUnderstood):
        read_meaning(payload)


@pytest.mark.parametrize("case", vectors("card.json")["refused"], ids=lambda case: case["why"])
def test_cards_that_must_be_refused_are_so_by_the_stranger(case: dict[str, Any]) -> None:
    with pytest.raises(independent.Wrong):
        independent.read_card(case["card"])


def test_cards_that_hold_are_read_by_the_stranger() -> None:
    for case in vectors("card.json")["cards"]:
        card = independent.read_card(case["card"])
        assert card.fingerprint == case["fingerprint"]
        assert list(card.keys) == case["role_kids"]


@pytest.mark.parametrize("case", vectors("jws.json")["refused"], ids=lambda case: case["why"])
def test_signed_texts_that_must_be_refused_are_so_by_the_stranger(case: dict[str, Any]) -> None:
    keys = {one["kid"]: independent.from_b64(one["public"]) for one in vectors("keys.json")["keys"]}
    with pytest.raises(independent.Wrong) as refused:
        independent.read_jws(case["jws"], "skyparley-statement", keys.get)
    assert refused.value.code == case["code"]


def test_signed_texts_that_hold_are_read_by_the_stranger() -> None:
    keys = {one["kid"]: independent.from_b64(one["public"]) for one in vectors("keys.json")["keys"]}
    for case in vectors("jws.json")["signed"]:
        kid, payload = independent.read_jws(case["jws"], case["typ"], keys.get)
        assert (kid, payload.decode()) == (case["kid"], case["payload"])
        assert independent.digest(case["jws"].encode()) == case["hash"]


# --- geometry, against the slow twins ------------------------------------------------------------------------------

PAIRS = vectors("geometry.json")["pairs"]


def distance_and_radii_m(one: dict[str, Any], two: dict[str, Any]) -> tuple[float, float]:
    """The distance of the cores and the sum of radii, by the slow twin."""
    a, b = (shape_of(msgspec.convert(told["shape"], ShapeSlot)) for told in (one, two))
    return slow_distance_m(a, b), SlowCore(a).radius_m + SlowCore(b).radius_m


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["why"])
def test_pairs_of_volumes_by_the_slow_twin(pair: dict[str, Any]) -> None:
    table = vectors("geometry.json")[pair.get("table", "table")]
    one, two = pair["volumes"]
    distance_m, radii_m = distance_and_radii_m(one, two)
    time_ms = max(two["start"] - one["end"], one["start"] - two["end"])
    vertical_ft = _slow_vertical(one, two, table)
    assert pair["gaps"]["lateral_m"] == pytest.approx(max(0, distance_m - radii_m), abs=1.001)
    assert pair["gaps"]["time_ms"] == max(0, time_ms)
    assert pair["gaps"]["vertical_ft"] == max(0, vertical_ft)
    near = time_ms < table["separation_time_ms"] and vertical_ft < table["separation_vertical_ft"]
    touching = distance_m == radii_m == table["separation_lateral_m"] == 0
    if not touching:
        close = distance_m * (1 - 0.0056) - radii_m < table["separation_lateral_m"]
        assert pair["conflict"] == (near and close)


def test_polygons_that_touch_are_apart_and_those_that_share_area_are_not() -> None:
    """Where a table of zeros asks for overlap and distances alone cannot tell."""
    told = {pair["why"].split(";")[0]: pair["conflict"] for pair in PAIRS if pair.get("table")}
    assert told["polygons with an edge in common"] is False
    assert told["polygons with a corner in common"] is False
    assert told["polygons with area in common"] is True


def test_the_verdict_does_not_hang_on_the_order() -> None:
    for pair in PAIRS:
        one, two = (volume_of(msgspec.convert(told, VolumeSlot)) for told in pair["volumes"])
        sep = make_geometry_vectors.separation(vectors("geometry.json")[pair.get("table", "table")])
        assert judge(two, one, sep).conflict == judge(one, two, sep).conflict == pair["conflict"]


def _slow_vertical(one: dict[str, Any], two: dict[str, Any], table: dict[str, int]) -> int:
    bands = [
        tuple(level_of(msgspec.convert(told[end], LevelSlot)) for end in ("lower", "upper")) for told in (one, two)
    ]
    return int(slow_signed_gap_ft(*bands, table["reference_margin_ft"], table["highest_ground_ft"]))


@pytest.mark.parametrize("case", vectors("geometry.json")["bands"], ids=lambda case: json.dumps(case["bands"]))
def test_bands_by_the_slow_twin(case: dict[str, Any]) -> None:
    table = vectors("geometry.json")["table"]
    one, two = ({"lower": band[0], "upper": band[1]} for band in case["bands"])
    gap = _slow_vertical(one, two, table)
    assert (max(0, gap), gap < table["separation_vertical_ft"]) == (case["vertical_ft"], case["conflict"])
