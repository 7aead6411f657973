"""The table of requirements: each names a test that there is, or says that it is not covered and why."""

import re
from pathlib import Path

import httpx
import pytest
from dss_door_support import INTENTS, SUBSCRIPTIONS, Uss, intent, new_id, played, volume

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/spec/f3548.md").read_text(encoding="utf-8")
TESTS = {
    name
    for file in Path(__file__).parent.glob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)
}
OF_A_PROVIDER = [
    "DSS0005,1",
    "DSS0005,2",
    "DSS0005,3",
    "DSS0005,4",
    "DSS0005,5",
    "DSS0010",
    "DSS0015",
    "DSS0020",
    "DSS0100,1",
    "DSS0100,2",
    "DSS0200",
    "DSS0205",
    "DSS0210",
    "DSS0215",
    "DSS0300",
]
"""Source: the public list of what a provider of a DSS is held to by ASTM F3548-21."""


def _rows(heading: str) -> list[list[str]]:
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_every_test_that_is_named_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 50
    assert named <= TESTS, named - TESTS


def test_every_requirement_has_a_row_and_every_row_a_test_or_a_reason() -> None:
    rows = _rows("Requirements of a DSS")
    numbers = [row[0] for row in rows]
    for wanted in OF_A_PROVIDER:
        assert any(number == wanted or number.startswith(f"{wanted},") for number in numbers), wanted
    for row in rows:
        number, asks, _, proof, known = row
        assert asks
        assert "`test_" in proof or "not covered: " in proof, number
        assert known in ("sure", "likely", "number only"), number


def test_every_rule_has_a_test_or_a_reason() -> None:
    rows = _rows("Rules of the interface file")
    assert rows
    for row in rows:
        assert "`test_" in row[-1] or "not covered: " in row[-1], row[0]


@pytest.mark.parametrize("heading", ["Requirements of a DSS", "Rules of the interface file"])
def test_every_place_that_is_named_is_there(heading: str) -> None:
    column = 2 if heading == "Requirements of a DSS" else 1
    for row in _rows(heading):
        for file in re.findall(r"`([\w/]+\.py)`", row[column]):
            assert (ROOT / "src/skyparley" / file).is_file(), file


def test_whatever_is_done_otherwise_has_its_reason() -> None:
    rows = _rows("What deployed systems do that the interface does not say")
    assert len(rows) >= 15
    for what, theirs, ours in rows:
        assert theirs, what
        assert "as they" in ours or "because" in ours, what


# --- what is proved nowhere else ---------------------------------------------------------------------------------


def test_a_deleted_subscription_is_gone_and_nobody_is_told_of_it(tmp_path: Path) -> None:
    """Source: ASTM F3548-21 DSS0210, A2-7-2, 5a to 5c."""

    async def story(client: httpx.AsyncClient) -> None:
        one, two = Uss(client, "uss1"), Uss(client, "uss2")
        kept, gone, name = new_id(), new_id(), new_id()
        body = {"extents": volume(), "uss_base_url": "https://two.example", "notify_for_operational_intents": True}
        await two.done("PUT", f"{SUBSCRIPTIONS}/{kept}", body)
        version = (await two.done("PUT", f"{SUBSCRIPTIONS}/{gone}", body))["subscription"]["version"]
        await two.done("DELETE", f"{SUBSCRIPTIONS}/{gone}/{version}")
        assert (await two.ask("GET", f"{SUBSCRIPTIONS}/{gone}")).status_code == 404
        found = await two.done("POST", f"{SUBSCRIPTIONS}/query", {"area_of_interest": volume()})
        assert [each["id"] for each in found["subscriptions"]] == [kept]
        made = await one.done("PUT", f"{INTENTS}/{name}", intent(), status=201)
        ovn = made["operational_intent_reference"]["ovn"]
        changed = await one.done("PUT", f"{INTENTS}/{name}/{ovn}", intent())
        for answer in (made, changed):
            told = {each["uss_base_url"]: each["subscriptions"] for each in answer["subscribers"]}
            assert [state["subscription_id"] for state in told["https://two.example"]] == [kept]

    played(story, tmp_path)
