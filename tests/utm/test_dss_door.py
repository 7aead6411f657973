"""The door of a DSS, asked as a USS asks."""

from pathlib import Path

import httpx
import pytest
from dss_door_support import (
    AA,
    CM,
    CONSTRAINTS,
    CP,
    INTENTS,
    SC,
    SUBSCRIPTIONS,
    Uss,
    at,
    intent,
    new_id,
    played,
    volume,
)

from skyparley.base import limits

AN_ID = "1c6d5f0e-6f0a-4d8e-9a65-7a1c3c6a4a11"


def test_an_intent_lives_from_its_creation_to_its_end(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        uss, name = Uss(client, "uss1"), new_id()
        made = await uss.done("PUT", f"{INTENTS}/{name}", intent(), status=201)
        reference = made["operational_intent_reference"]
        assert (reference["version"], reference["state"], reference["manager"]) == (1, "Accepted", "uss1")
        changed = await uss.done("PUT", f"{INTENTS}/{name}/{reference['ovn']}", intent(state="Activated"))
        after = changed["operational_intent_reference"]
        assert (after["version"], after["state"]) == (2, "Activated")
        assert after["ovn"] != reference["ovn"]
        assert after["subscription_id"] != reference["subscription_id"]
        assert (await uss.done("GET", f"{INTENTS}/{name}"))["operational_intent_reference"] == after
        ended = await uss.done("DELETE", f"{INTENTS}/{name}/{after['ovn']}")
        assert ended["operational_intent_reference"]["id"] == name
        assert (await uss.ask("GET", f"{INTENTS}/{name}")).status_code == 404
        gone = await uss.ask("GET", f"{SUBSCRIPTIONS}/{after['subscription_id']}")
        assert gone.status_code == 404, "the implicit subscription went with it"

    played(story, tmp_path)


def test_who_does_not_know_the_airspace_is_told_what_is_missing(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        one, two = Uss(client, "uss1"), Uss(client, "uss2")
        first = await one.done("PUT", f"{INTENTS}/{new_id()}", intent(), status=201)
        refused = await two.ask("PUT", f"{INTENTS}/{new_id()}", intent())
        assert refused.status_code == 409
        (missing,) = refused.json()["missing_operational_intents"]
        assert missing["id"] == first["operational_intent_reference"]["id"]
        assert missing["ovn"] == "Available from USS"
        assert "missing_constraints" not in refused.json()
        key = (first["operational_intent_reference"]["ovn"],)
        second = await two.done("PUT", f"{INTENTS}/{new_id()}", intent(key=key), status=201)
        told = {one["uss_base_url"]: one["subscriptions"] for one in second["subscribers"]}
        ids = {state["subscription_id"] for states in told.values() for state in states}
        assert first["operational_intent_reference"]["subscription_id"] in ids

    played(story, tmp_path)


def test_a_constraint_is_required_of_who_processes_constraints(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        authority, uss = Uss(client, "authority", CM), Uss(client, "uss1", SC, CP)
        body = {"extents": [volume(heights=None)], "uss_base_url": "https://authority.example"}
        made = await authority.done("PUT", f"{CONSTRAINTS}/{new_id()}", body, status=201)
        ovn = made["constraint_reference"]["ovn"]
        processing = {"uss_base_url": "https://uss.example", "notify_for_constraints": True}
        refused = await uss.ask("PUT", f"{INTENTS}/{new_id()}", intent(new_subscription=processing))
        assert refused.status_code == 409
        assert [one["id"] for one in refused.json()["missing_constraints"]] == [made["constraint_reference"]["id"]]
        await uss.done("PUT", f"{INTENTS}/{new_id()}", intent(new_subscription=processing, key=(ovn,)), status=201)
        await uss.done("PUT", f"{INTENTS}/{new_id()}", intent(volume(lat=47.5)), status=201)

    played(story, tmp_path)


def test_who_asks_is_known_before_a_body_is_read(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        path = f"{INTENTS}/{new_id()}"
        nobody = await client.put(path, content=b"{ no JSON")
        assert nobody.status_code == 401
        assert nobody.headers["www-authenticate"].startswith("Bearer")
        other = await Uss(client, "uss1", AA).ask("PUT", path, b"{ no JSON")
        assert other.status_code == 403
        assert "utm.strategic_coordination" in other.json()["message"]
        wrong = await Uss(client, "uss1").ask("PUT", path, b"{ no JSON")
        assert wrong.status_code == 400

    played(story, tmp_path)


@pytest.mark.parametrize(
    "path",
    [f"{INTENTS}/{AN_ID}/", f"{CONSTRAINTS}/{AN_ID}/", f"{SUBSCRIPTIONS}/{AN_ID}/", f"{INTENTS}/no-uuid/x"],
)
def test_an_empty_version_or_a_wrong_id_is_said(path: str, tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        refused = await Uss(client, "uss1").ask("DELETE", path)
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["field"]
        assert refused.json()["errors"][0]["expected"]

    played(story, tmp_path)


def test_a_subscription_tells_what_stands_in_it_and_hears_what_comes(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        one, two = Uss(client, "uss1"), Uss(client, "uss2")
        standing = (await one.done("PUT", f"{INTENTS}/{new_id()}", intent(), status=201))[
            "operational_intent_reference"
        ]
        name = new_id()
        body = {"extents": volume(), "uss_base_url": "https://two.example", "notify_for_operational_intents": True}
        made = await two.done("PUT", f"{SUBSCRIPTIONS}/{name}", body)
        assert [each["id"] for each in made["operational_intent_references"]] == [standing["id"]]
        assert "constraint_references" not in made
        assert made["subscription"]["notification_index"] == 0
        ended = await one.done("DELETE", f"{INTENTS}/{standing['id']}/{standing['ovn']}")
        told = {each["uss_base_url"]: each["subscriptions"] for each in ended["subscribers"]}
        assert told["https://two.example"] == [{"subscription_id": name, "notification_index": 1}]
        assert (await one.ask("GET", f"{SUBSCRIPTIONS}/{name}")).status_code == 403
        version = made["subscription"]["version"]
        assert (await two.done("DELETE", f"{SUBSCRIPTIONS}/{name}/{version}"))["subscription"]["id"] == name

    played(story, tmp_path)


def test_a_declared_availability_counts(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        uss, arbiter = Uss(client, "uss1"), Uss(client, "arbiter", AA)
        path = "/dss/v1/uss_availability/uss1"
        unknown = {"version": "", "status": {"uss": "uss1", "availability": "Unknown"}}
        assert await uss.done("GET", path) == unknown
        said = await arbiter.done("PUT", path, {"old_version": "", "availability": "down"})
        assert said["status"] == {"uss": "uss1", "availability": "Down"}
        assert (await uss.ask("PUT", f"{INTENTS}/{new_id()}", intent())).status_code == 412
        assert (await arbiter.ask("PUT", path, {"old_version": "", "availability": "Normal"})).status_code == 409
        await arbiter.done("PUT", path, {"old_version": said["version"], "availability": "Normal"})
        made = await uss.done("PUT", f"{INTENTS}/{new_id()}", intent(), status=201)
        assert made["operational_intent_reference"]["uss_availability"] == "Normal"

    played(story, tmp_path)


@pytest.mark.parametrize("name", ["%20", "a%0Ab", "a%00", "%E2%80%8B", "%FF", "a" * 257])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_what_no_token_can_be_named_is_no_name_of_a_uss(method: str, name: str, tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        arbiter = Uss(client, "arbiter", AA)
        body = {"old_version": "", "availability": "Down"} if method == "PUT" else None
        refused = await arbiter.ask(method, f"/dss/v1/uss_availability/{name}", body)
        assert refused.status_code == 400
        (error,) = refused.json()["errors"]
        assert (error["field"], "1 to 256 printable characters" in error["expected"]) == ("uss_id", True)
        for good in ("a" * 256, "%C3%A9", "a/b"):
            assert (await arbiter.ask(method, f"/dss/v1/uss_availability/{good}", body)).status_code == 200

    played(story, tmp_path)


def test_every_error_says_what_is_wrong_and_what_would_be_right(tmp_path: Path) -> None:
    """Also where nothing of the body is."""

    async def story(client: httpx.AsyncClient) -> None:
        one, two = Uss(client, "uss1"), Uss(client, "uss2")
        name, path = new_id(), f"{INTENTS}/{new_id()}"
        made = (await one.done("PUT", f"{INTENTS}/{name}", intent(), status=201))["operational_intent_reference"]
        subscription = f"{SUBSCRIPTIONS}/{made['subscription_id']}"
        answers = [
            (401, await client.get(path)),
            (403, await Uss(client, "uss1", AA).ask("GET", path)),
            (404, await one.ask("GET", path)),
            (404, await one.ask("DELETE", f"{path}/x")),
            (404, await one.ask("DELETE", path.replace(INTENTS, CONSTRAINTS) + "/x")),
            (404, await one.ask("DELETE", path.replace(INTENTS, SUBSCRIPTIONS) + "/x")),
            (404, await client.get("/nowhere")),
            (405, await one.ask("DELETE", path)),
            (405, await client.put("/healthy")),
            (403, await two.ask("DELETE", f"{INTENTS}/{name}/{made['ovn']}")),
            (403, await two.ask("GET", subscription)),
            (400, await one.ask("PUT", path, b"[]")),
            (400, await one.ask("PUT", path, b"null")),
            (400, await one.ask("PUT", path, b"")),
            (400, await one.ask("PUT", path, b'{"state": NaN, "key": [1e999], "extents": "\\ud800"}')),
            (409, await two.ask("PUT", path, intent())),
            (413, await one.ask("PUT", path, b" " * (limits.DSS_BODY_BYTES + 1))),
        ]
        for status, said in answers:
            assert said.status_code == status, (status, said.status_code, said.text)
            errors = said.json()["errors"]
            assert errors, said.text
            for error in errors:
                assert error["field"], said.text
                assert error["problem"], said.text
                assert error["expected"], said.text
        assert answers[-2][1].json()["errors"][0]["problem"].startswith("1 OVN is missing")

    played(story, tmp_path)


def test_an_area_too_large_is_said_with_the_status_of_its_query(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        uss = Uss(client, "uss1")
        corners = [(46.0, 7.0), (46.0, 8.0), (47.0, 8.0), (47.0, 7.0)]
        polygon = {"vertices": [{"lat": lat, "lng": lng} for lat, lng in corners]}
        area = {"area_of_interest": {"volume": {"outline_polygon": polygon}}}
        said = [
            (await uss.ask("POST", f"{one}/query", area)).status_code for one in (INTENTS, CONSTRAINTS, SUBSCRIPTIONS)
        ]
        assert said == [400, 413, 413]

    played(story, tmp_path)


def test_a_report_is_kept_under_a_name(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        exchange = {"url": "https://x.example", "method": "GET", "recorder_role": "Client", "request_time": at(0)}
        body = {"exchange": exchange | {"request_source": "uss1"}}
        said = await Uss(client, "uss1", SC).done("POST", "/dss/v1/reports", body, status=201)
        assert said["report_id"]
        assert said["exchange"]["url"] == "https://x.example"

    played(story, tmp_path)


def test_what_stands_beside_the_standard(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        assert (await client.get("/healthy")).status_code == 200
        assert (await client.get("/ready")).status_code == 200
        assert (await client.get("/aux/v1/version")).json() == {"version": "1"}
        assert (await client.get("/aux/v1/configuration/ca_certs")).json() == {"CAs": []}
        assert (await client.get("/nowhere")).json()["message"].startswith("there is nothing at /nowhere")
        assert (await client.put("/healthy")).status_code == 405
        assert (await client.get("/aux/v1/pool")).status_code == 401
        pool = Uss(client, "op", "interuss.pool_status.read", "interuss.pool_status.heartbeat.write")
        assert await pool.done("GET", "/aux/v1/pool") == {"dar_id": "here"}
        beaten = await pool.done("PUT", "/aux/v1/pool/dss_instances/heartbeat?source=cron")
        assert beaten["dss_instances"][0]["most_recent_heartbeat"]["source"] == "cron"
        assert await pool.done("GET", "/aux/v1/pool/dss_instances") == beaten
        versions = Uss(client, "op", "interuss.versioning.read_system_versions")
        assert (await versions.done("GET", "/versions/some.system"))["system_version"] == "1"
        rid = Uss(client, "op", "rid.service_provider")
        assert (await rid.ask("GET", "/aux/v1/validate_oauth?owner=op")).status_code == 200
        assert (await rid.ask("GET", "/aux/v1/validate_oauth?owner=else")).status_code == 403

    played(story, tmp_path)


def test_a_request_has_a_name_that_both_sides_can_say(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        uss = Uss(client, "uss1")
        said = await uss.ask("GET", f"{INTENTS}/{new_id()}", x_request_id="ours-7")
        assert (said.status_code, said.headers["x-request-id"]) == (404, "ours-7")
        ours = await uss.ask("GET", f"{INTENTS}/{new_id()}", x_request_id="bad name")
        assert len(ours.headers["x-request-id"]) > 8

    played(story, tmp_path)
