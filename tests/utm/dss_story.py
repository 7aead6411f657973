"""A story that gets every answer of a DSS that there is, and a client that holds each against an OpenAPI document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from dss_door_support import (
    AA,
    CM,
    CONSTRAINTS,
    CP,
    INTENTS,
    SA,
    SC,
    SUBSCRIPTIONS,
    Uss,
    at,
    intent,
    new_id,
    volume,
)
from jsonschema import Draft202012Validator

from skyparley.base import limits

REPORTS = "/dss/v1/reports"
AVAILABILITY = "/dss/v1/uss_availability"


def operations_of(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Path, method and operation of the DSS side."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/dss/") and method in ("get", "put", "post", "delete"):
                yield path, method, operation


def _as_json_schema(value: Any) -> Any:
    """OpenAPI 3.0 to JSON Schema: bounds that a boolean makes exclusive, and null where it is allowed."""
    if isinstance(value, list):
        return [_as_json_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: _as_json_schema(each) for name, each in value.items() if name not in ("example", "nullable")}
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(exclusive), bool):
            if found.pop(exclusive):
                found[exclusive] = found.pop(bound)
    return {"anyOf": [found, {"type": "null"}]} if value.get("nullable") is True else found


class Checked:
    """Looks at each answer that a client gets.  `beside`: statuses that the document does not have; `seen`: those that came."""

    def __init__(self, document: Any, beside: Mapping[str, str]) -> None:
        self._components = {"schemas": _as_json_schema(document["components"]["schemas"])}
        self._operations = [
            (
                re.compile(re.sub(r"\{(ovn|version|uss_id)\}", "(.*)", re.sub(r"\{\w+id\}", "([^/]+)", path))),
                method,
                one,
            )
            for path, method, one in sorted(operations_of(document), key=lambda each: "{" in each[0])
        ]
        self._beside = beside
        self.seen: set[str] = set()

    async def look(self, answer: httpx.Response) -> None:
        await answer.aread()
        request = answer.request
        operation = self._of(request.method.lower(), request.url.path)
        name = f"{operation['operationId']} {answer.status_code}"
        self.seen.add(name)
        known = operation["responses"].get(str(answer.status_code))
        if known is None:
            assert name in self._beside, (name, answer.text)
            schema = {"type": "object", "required": ["message"]}
        else:
            schema = known["content"]["application/json"]["schema"]
        assert answer.headers["content-type"] == "application/json"
        validator = Draft202012Validator({**_as_json_schema(schema), "components": self._components})
        wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer.json())]
        assert not wrong, (name, wrong)

    def _of(self, method: str, path: str) -> Any:
        return next(one for pattern, each, one in self._operations if each == method and pattern.fullmatch(path))


async def told_everything(client: httpx.AsyncClient, document: Any) -> None:
    """All operations of a document, and whatever they may answer but for faults of ours."""
    one, two = Uss(client, "uss1"), Uss(client, "uss2", SC, CP)
    await _intents(one, two)
    await _constraints(one, Uss(client, "uss2", CM))
    await _subscriptions(one, two)
    await _the_rest(one)
    await _whoever_asks(client, document)


async def _intents(one: Uss, two: Uss) -> None:
    name = new_id()
    reference = (await one.done("PUT", f"{INTENTS}/{name}", intent(), status=201))["operational_intent_reference"]
    for key in ((), (reference["ovn"],)):
        answer = await two.ask("PUT", f"{INTENTS}/{new_id()}", intent(key=key))
        assert answer.status_code == (201 if key else 409)
    other = answer.json()["operational_intent_reference"]
    path = f"{INTENTS}/{name}/{reference['ovn']}"
    assert (await one.ask("PUT", path, intent(state="Activated"))).status_code == 409
    assert (await two.ask("PUT", path, intent())).status_code == 403
    assert (await two.ask("DELETE", path)).status_code == 403
    assert (await one.ask("DELETE", f"{INTENTS}/{name}/not-the-current-one")).status_code == 409
    body = intent(state="Activated", key=(other["ovn"],))
    reference = (await one.done("PUT", path, body))["operational_intent_reference"]
    for asker in (one, two):
        found = await asker.done("POST", f"{INTENTS}/query", {"area_of_interest": volume()})
        assert len(found["operational_intent_references"]) == 2
        await asker.done("GET", f"{INTENTS}/{name}")
    path = f"{INTENTS}/{name}/{reference['ovn']}"
    said = await one.done("PUT", f"{AVAILABILITY}/uss1", {"old_version": "", "availability": "Down"})
    for method, where in (("PUT", f"{INTENTS}/{new_id()}"), ("PUT", path), ("DELETE", path)):
        content = intent(key=(other["ovn"],)) if method == "PUT" else None
        assert (await one.ask(method, where, content)).status_code == 412
    await one.done("PUT", f"{AVAILABILITY}/uss1", {"old_version": said["version"], "availability": "Normal"})
    await one.done("DELETE", path)
    assert (await one.ask("DELETE", path)).status_code == 404
    assert (await one.ask("GET", f"{INTENTS}/{name}")).status_code == 404


async def _constraints(one: Uss, two: Uss) -> None:
    name = new_id()
    body = {"extents": [volume(lat=50, heights=None)], "uss_base_url": "https://one.example"}
    made = (await one.done("PUT", f"{CONSTRAINTS}/{name}", body, status=201))["constraint_reference"]
    path = f"{CONSTRAINTS}/{name}/{made['ovn']}"
    assert (await one.ask("PUT", f"{CONSTRAINTS}/{name}", body)).status_code == 409
    assert (await two.ask("PUT", path, body)).status_code == 403
    assert (await two.ask("DELETE", path)).status_code == 403
    changed = (await one.done("PUT", path, body))["constraint_reference"]
    assert (await one.ask("PUT", path, body)).status_code == 409
    for asker in (one, two):
        found = await asker.done("POST", f"{CONSTRAINTS}/query", {"area_of_interest": volume(lat=50)})
        assert len(found["constraint_references"]) == 1
        await asker.done("GET", f"{CONSTRAINTS}/{name}")
    processing = {"uss_base_url": "https://one.example", "notify_for_constraints": True}
    refused = await one.ask("PUT", f"{INTENTS}/{new_id()}", intent(volume(lat=50), new_subscription=processing))
    assert refused.json()["missing_constraints"]
    assert (await one.ask("DELETE", path)).status_code == 409
    path = f"{CONSTRAINTS}/{name}/{changed['ovn']}"
    await one.done("DELETE", path)
    assert (await one.ask("DELETE", path)).status_code == 404
    assert (await one.ask("GET", f"{CONSTRAINTS}/{name}")).status_code == 404


async def _subscriptions(one: Uss, two: Uss) -> None:
    name = new_id()
    body = {
        "extents": volume(),
        "uss_base_url": "https://one.example",
        "notify_for_operational_intents": True,
        "notify_for_constraints": True,
    }
    made = (await one.done("PUT", f"{SUBSCRIPTIONS}/{name}", body))["subscription"]
    path = f"{SUBSCRIPTIONS}/{name}/{made['version']}"
    assert (await one.ask("PUT", f"{SUBSCRIPTIONS}/{name}", body)).status_code == 409
    assert (await two.ask("GET", f"{SUBSCRIPTIONS}/{name}")).status_code == 403
    assert (await two.ask("PUT", path, body)).status_code == 403
    assert (await two.ask("DELETE", path)).status_code == 403
    changed = await one.done("PUT", path, body)
    assert changed["operational_intent_references"]
    assert (await one.ask("PUT", path, body)).status_code == 409
    assert (await one.ask("DELETE", path)).status_code == 409
    found = await one.done("POST", f"{SUBSCRIPTIONS}/query", {"area_of_interest": volume()})
    assert len(found["subscriptions"]) == 1
    await one.done("GET", f"{SUBSCRIPTIONS}/{name}")
    path = f"{SUBSCRIPTIONS}/{name}/{changed['subscription']['version']}"
    await one.done("DELETE", path)
    assert (await one.ask("DELETE", path)).status_code == 404
    assert (await one.ask("GET", f"{SUBSCRIPTIONS}/{name}")).status_code == 404


async def _the_rest(one: Uss) -> None:
    for name in ("uss1", "who-is-it"):
        await one.done("GET", f"{AVAILABILITY}/{name}")
    again = {"old_version": "not-the-current-one", "availability": "Down"}
    assert (await one.ask("PUT", f"{AVAILABILITY}/uss1", again)).status_code == 409
    exchange = {"url": "https://x.example", "method": "GET", "recorder_role": "Client", "request_time": at(0)}
    kept = await one.done("POST", REPORTS, {"exchange": exchange | {"request_source": "uss1"}}, status=201)
    assert kept["exchange"]["request_source"] == "uss1"


async def _whoever_asks(client: httpx.AsyncClient, document: Any) -> None:
    """Of each operation: without a token, without a scope, with something that is wrong, with too much."""
    nobody, every = Uss(client, "uss1", "no.scope"), Uss(client, "uss1", SC, CM, CP, SA, AA)
    for path, method, operation in operations_of(document):
        place = re.sub(r"\{\w+\}", "x", path)
        assert (await client.request(method, place)).status_code == 401
        assert (await nobody.ask(method.upper(), place)).status_code == 403
        name = operation["operationId"]
        wrong = place if name != "getUssAvailability" else f"{AVAILABILITY}/%20"
        assert (await every.ask(method.upper(), wrong, b"{}")).status_code == 400, name
        if method in ("put", "post"):
            large = b" " * (limits.DSS_BODY_BYTES + 1)
            # An id that is sound, since its place is looked at first.
            place = re.sub(r"\{\w+\}", new_id(), path)
            assert (await every.ask(method.upper(), place, large)).status_code == 413, name
