"""The JSON Schemas: made again they are the same, every vector passes, and nothing that was changed in one place does."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from two_nodes import ROOT

from skyparley.domain.messages.catalogue import CATALOGUE
from skyparley.domain.messages.envelope import NotUnderstood, read_meaning
from skyparley.evidence import jws

SCHEMAS = ROOT / "docs" / "spec" / "schemas"
VECTORS = ROOT / "docs" / "spec" / "vectors"
OTHERS = (
    "card",
    "receipt",
    "hello",
    "hello-answer",
    "heartbeat",
    "heartbeat-answer",
    "catchup",
    "file",
    "agreement",
    "clause",
    "table",
)
NAMES = (*CATALOGUE, *OTHERS)


def _load_script() -> Any:
    spec = importlib.util.spec_from_file_location("make_schemas", ROOT / "scripts" / "make_schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_schemas = _load_script()


@cache
def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@cache
def samples() -> dict[str, list[Any]]:
    """Payloads that hold, by the name of their schema, from the vectors."""
    story = json.loads((VECTORS / "story.json").read_text(encoding="utf-8"))
    found: dict[str, list[Any]] = {name: [] for name in NAMES}
    types = json.loads((VECTORS / "types.json").read_text(encoding="utf-8"))
    for statement in (*story["statements"], *types["statements"]):
        found[statement["type"]].append(json.loads(statement["payload"]))
    for request in story["requests"]:
        found[request["typ"].removeprefix("skyparley-")].append(json.loads(request["payload"]))
    found["receipt"] = [json.loads(receipt["payload"]) for receipt in story["receipts"]]
    found["card"] = [json.loads(jws.split(party["card"]).payload) for party in story["parties"]]
    found["agreement"] = [json.loads(agreement["text"]) for agreement in story["agreements"]]
    found["clause"] = [json.loads(types["clause"]["text"])]
    sealed = json.loads((VECTORS / "sealed.json").read_text(encoding="utf-8"))
    found["file"] = [json.loads(one["head"]) for one in sealed["files"]]
    found["table"] = [json.loads(story["table"])]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schema_is_what_the_script_gives(name: str) -> None:
    schema = make_schemas.all_schemas()[name]
    assert (SCHEMAS / f"{name}.json").read_text(encoding="utf-8") == make_schemas.text_of(schema)


def test_there_is_a_schema_for_each_and_no_other() -> None:
    assert {path.stem for path in SCHEMAS.iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_vector_validates(name: str) -> None:
    assert samples()[name], "the vectors say each at least once"
    for payload in samples()[name]:
        assert list(validator(name).iter_errors(payload)) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_object_at_any_depth_lets_an_unknown_member_pass(name: str) -> None:
    """Read from the schema itself, so that members no vector has are judged too."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    objects = list(_objects(schema))
    assert objects
    assert all(found["additionalProperties"] is False for found in objects)
    assert not [found for found in _nodes(schema) if str(found.get("$ref", "#")).partition("#")[0]], "it stands alone"


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(inner)


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    return (node for node in _nodes(schema) if node.get("type") == "object")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_changed_in_one_place_passes(name: str) -> None:
    """At each place of a vector: a member more, a fraction, null, another type, a huge number; a member less if it must be there."""
    forms = {"dialog_id" in payload: payload for payload in reversed(samples()[name])}
    for payload in forms.values():
        tried = 0
        for why, changed in mutations(payload):
            tried += 1
            assert not validator(name).is_valid(changed), f"{why} passes"
        assert tried > 20


def mutations(payload: Any) -> Iterator[tuple[str, Any]]:
    for path in paths(payload):
        value = at(payload, path)
        where = ".".join(map(str, path)) or "the whole"
        if isinstance(value, dict):
            yield f"an unknown member in {where}", put(payload, path, value | {"target": "x"})
        if isinstance(value, int) and not isinstance(value, bool):
            yield f"a fraction in {where}", put(payload, path, value + 0.5)
            yield f"a huge number in {where}", put(payload, path, 2**53)
            yield f"text in {where}", put(payload, path, str(value))
        if isinstance(value, str):
            yield f"a number in {where}", put(payload, path, 1)
            yield f"a control character in {where}", put(payload, path, value + "\u0007")
        if isinstance(value, list):
            yield f"an object in {where}", put(payload, path, {})
        yield f"null in {where}", put(payload, path, None)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from paths(one, (*path, name))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


def put(payload: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(payload)
    at(changed, path[:-1])[path[-1]] = value
    return changed


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_schema_and_the_node_agree_on_what_may_be_absent(name: str) -> None:
    """Each member of each object taken away: the schema says yes exactly where the node understands it."""
    for payload in samples()[name]:
        for path in paths(payload):
            if not path or not isinstance(path[-1], str):
                continue
            changed = copy.deepcopy(payload)
            del at(changed, path[:-1])[path[-1]]
            assert validator(name).is_valid(changed) == understood(changed), f"{name} without {path}"


def understood(payload: Any) -> bool:
    try:
        read_meaning(json.dumps(payload).encode())
    except NotUnderstood:
        return False
    return True


CASES = json.loads((VECTORS / "meaning.json").read_text(encoding="utf-8"))["refused"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_meanings_that_must_be_refused_do_not_validate(case: dict[str, Any]) -> None:
    assert not validator(case["type"]).is_valid(json.loads(case["payload"]))
