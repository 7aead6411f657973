"""The page about the DSS is true: its commands run in its order, its plan is taken once, and its tables name what there is."""

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dss_process as d
import httpx
import pytest
from command_line import run

from skyparley.adapters.system.dss_settings import DSS_SETTINGS
from skyparley.base import limits

GUIDE = (Path(__file__).parents[2] / "docs/guide/dss.md").read_text(encoding="utf-8")
DAY = "2027-03-01"


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.M | re.S)
    return [text for named, text in found if named == language]


def asked(line: str, url: str, token: str) -> httpx.Response:
    """What `curl` would be answered."""
    words = shlex.split(line.replace("$(cat token)", token))
    assert (words[:2], words[4], words[6]) == (["curl", "-X"], "-H", "-d")
    method, address, header, file = words[2], words[3], words[5], words[7]
    name, _, value = header.partition(": ")
    body = Path(file.removeprefix("@")).read_bytes()
    return httpx.request(
        method, address.replace("http://127.0.0.1:8442", url), content=body, headers={name: value}, timeout=30
    )


def test_the_two_minutes_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    begin, token, (put,), real = [text.splitlines() for text in blocks("")]
    assert begin == ["skyparley dss key sky", "skyparley dss sky"]
    assert run(*begin[0].split()[1:]).code == 0
    process = d.start(d.moved(tmp_path / "sky"))
    url = d.url_of(process)
    words = token[0].partition(" > ")[0].split()[1:]
    (plan,) = blocks("json")
    Path("intent.json").write_text(plan.replace(DAY, (datetime.now(UTC) + timedelta(days=1)).date().isoformat()))
    first = asked(put, url, run(*words).out.strip())
    assert first.status_code == 201, first.text
    again = asked(put.replace("7d10", "7d11"), url, run(*words).out.strip())
    assert again.status_code == 409
    missing = [one["id"] for one in again.json()["missing_operational_intents"]]
    assert missing == ["0b8de4ba-9a1c-4d5e-8d1f-6a3c1f2e7d10"]
    process.terminate()
    assert d.ended(process)[0] == 0
    assert real[0].startswith("skyparley dss sky --listen ")
    Path("authority.pem").write_bytes(Path("sky/dss-trial-key.public.pem").read_bytes())
    port = url.rpartition(":")[2]
    words = real[0].replace("0.0.0.0:8442", f"127.0.0.1:{port}").split()[3:]
    process = d.start(tmp_path / "sky", *words)
    assert d.url_of(process) == url
    process.terminate()
    assert d.ended(process)[0] == 0


def test_the_plan_of_the_page_is_json() -> None:
    (plan,) = blocks("json")
    assert json.loads(plan)["state"] == "Accepted"
    assert DAY in plan


def test_every_setting_stands_in_the_table() -> None:
    table = GUIDE.partition("| setting in `[utm.dss]` |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z_]+)`", "\n".join(line.split("|")[1] for line in table.splitlines()[2:])))
    assert named == {key.rpartition(".")[2] for key in DSS_SETTINGS}


def test_the_limits_of_the_page_are_those_of_the_program() -> None:
    table = GUIDE.partition("## Limits")[2].partition("##")[0]
    for number in (
        limits.DSS_POLYGON_KM2,
        limits.DSS_CIRCLE_KM2,
        limits.DSS_VERTICES,
        limits.DSS_FOUND,
        limits.DSS_CONNECTIONS,
        limits.DSS_CONNECTIONS_PER_ADDRESS,
    ):
        assert f"{number:,}" in table
    assert f"{limits.SNAPSHOT_AT_END_ENTRIES:,} entries" in GUIDE
    assert f"within {limits.DSS_KEYS_SOUGHT_S} s of a look" in GUIDE
    assert f"do not come in {limits.HEADERS_ARRIVE_MS // 1000} s" in GUIDE
    assert f"{limits.DSS_BODY_BYTES // 2**20} MB" in table
