"""The terms of a line over HTTP: drafted and shown with what would change, signed by no machine, refused with reasons."""

import asyncio
from pathlib import Path

import door_support as d

from skyparley.adapters.system.identity import own_card

RADIO = {"clause": "FREQUENCIES", "frequencies": [{"hz": 121_500_000, "use": "GUARD"}]}


def test_a_clause_is_drafted_and_shown_and_no_machine_signs_it(folder: Path, tmp_path: Path) -> None:
    other = own_card(d.make(tmp_path / "other", "OTHER")).text

    async def run() -> None:
        async with d.started(folder) as parts, d.desk(parts, d.token_of(folder)) as client:
            await parts.node.pin(other)
            post = "/desk/v1/lines/OTHER/terms"
            done = await client.post(f"{post}/draft", json={"body": RADIO}, headers=d.key())
            assert done.status_code == 200, done.text
            assert done.json()["refs"] == {"peer": "OTHER", "clause": "FREQUENCIES"}
            terms = next(one for one in (await client.get("/desk/v1/terms")).json() if one["peer"] == "OTHER")
            clause = next(one for one in terms["clauses"] if one["clause"] == "FREQUENCIES")
            assert clause["state"] == "DRAFT"
            assert {"field": "frequencies.0.hz", "new": "121500000"} in clause["diff"]
            assert {one["state"] for one in terms["clauses"] if one["clause"] != "FREQUENCIES"} == {"UNSETTLED"}
            assert terms["radio"]["settled"] is False
            refused = await client.post(f"{post}/propose", json={"clause": "FREQUENCIES"}, headers=d.key())
            assert refused.status_code == 403
            assert refused.json()["error"]["code"] == "PERSON_NEEDED"
            wrong = {"clause": "FREQUENCIES", "frequencies": [{"hz": 121_600_000, "use": "GUARD"}]}
            refused = await client.post(f"{post}/draft", json={"body": wrong}, headers=d.key())
            assert [one["code"] for one in d.reasons(refused)] == ["GUARD"]
            done = await client.post(f"{post}/drop", json={"clause": "FREQUENCIES"}, headers=d.key())
            assert done.status_code == 200
            terms = (await client.get("/desk/v1/terms")).json()[0]
            assert {one["state"] for one in terms["clauses"]} == {"UNSETTLED"}

    asyncio.run(run())
