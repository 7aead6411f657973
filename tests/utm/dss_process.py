"""A DSS as a process of its own: folders, tokens of the trial key, plans, and its start and end."""

import os
import re
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from command_line import run
from real_nodes import free_ports

from skyparley.adapters.system.settings_edit import change_settings

COMMAND = "from skyparley.cli.main import main; main()"
SC = "utm.strategic_coordination"
INTENTS = "/dss/v1/operational_intent_references"
WAIT_S = 60


def made(folder: Path) -> Path:
    """The folder of a node with a key for trials, and a DSS and two doors at free ports."""
    assert run("dss", "key", folder, "--name", "SKY").code == 0
    return moved(folder)


def moved(folder: Path) -> Path:
    """The same folder with other ports."""
    dss, peer, desk = (f"127.0.0.1:{port}" for port in free_ports(3))
    change_settings(folder, "utm.dss", {"listen": dss})
    change_settings(folder, "peer", {"listen": peer})
    change_settings(folder, "desk", {"listen": desk})
    return folder


def token(folder: Path, sub: str = "uss1") -> dict[str, str]:
    """The header of a caller."""
    ran = run("dss", "token", folder, "--sub", sub, "--scope", SC)
    assert ran.code == 0, ran
    return {"authorization": f"Bearer {ran.out.strip()}"}


def start(folder: Path, *words: str, command: str = "dss") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, command, str(folder), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "CREDENTIALS_DIRECTORY"},
    )


def url_of(process: "subprocess.Popen[str]") -> str:
    """The address of the DSS in the READY line.  The pipe ends if the process does, so this waits for one or the other."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("READY"):
            found = re.search(r"dss (https?://\S+)\n", line)
            assert found, line
            return found[1]
    raise AssertionError(process.communicate()[1])


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Its exit code, and what it said on the error stream."""
    _, said = process.communicate(timeout=WAIT_S)
    return process.returncode, said


def intent(place: int = 0, *, hours: float = 1) -> dict[str, Any]:
    """A plan of half an hour; each place is some 10 km from the next."""
    begin = datetime.now(UTC) + timedelta(hours=hours)
    row, column = divmod(place, 100)
    return {
        "extents": [
            {
                "volume": {
                    "outline_circle": {
                        "center": {"lat": 40 + row / 10, "lng": 5 + column / 7},
                        "radius": {"value": 200, "units": "M"},
                    },
                    "altitude_lower": {"value": 500, "reference": "W84", "units": "M"},
                    "altitude_upper": {"value": 600, "reference": "W84", "units": "M"},
                },
                "time_start": _time(begin),
                "time_end": _time(begin + timedelta(minutes=30)),
            }
        ],
        "key": [],
        "state": "Accepted",
        "uss_base_url": "https://uss1.example/utm",
        "new_subscription": {"uss_base_url": "https://uss1.example/utm"},
    }


def new_id() -> str:
    return str(uuid.uuid4())


def _time(moment: datetime) -> dict[str, str]:
    return {"value": moment.isoformat().replace("+00:00", "Z"), "format": "RFC3339"}
