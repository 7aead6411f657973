"""The clocks of a node, its luck, and what its logs do not say."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.adapters.system import clock as clocks
from skyparley.adapters.system.clock import RealClock, ScaledClock
from skyparley.adapters.system.luck import SystemLuck
from skyparley.adapters.system.settings import ClockSettings

SCALED = ClockSettings(kind="SCALED", rate=2.5, anchor_real_ms=1_000_000, anchor_ms=5_000_000)


def scaled(real_ms: int) -> ScaledClock:
    clock = ScaledClock(SCALED)
    clock.real_ms = lambda: real_ms  # type: ignore[method-assign]
    return clock


def test_a_scaled_clock_shows_what_the_settings_say() -> None:
    assert scaled(1_000_000).now_ms() == 5_000_000
    assert scaled(1_000_100).now_ms() == 5_000_250 == SCALED.at(1_000_100)
    assert scaled(999_900).now_ms() == 4_999_750


def test_an_anchor_takes_effect_from_its_instant() -> None:
    clock = scaled(2_000_000)
    clock.anchor(2_000_000, 9_000_000, 500)
    assert clock.now_ms() == 9_000_000
    clock.real_ms = lambda: 2_000_010  # type: ignore[method-assign]
    assert clock.now_ms() == 9_000_005


@given(until=st.integers(0, 10**12), rate=st.integers(1, 1_000_000), real=st.integers(0, 10**12))
def test_who_waits_is_woken_when_the_clock_shows_it_and_not_later(until: int, rate: int, real: int) -> None:
    clock = scaled(real)
    clock.anchor(0, 0, rate)
    wait = clock.wait_ms(until)
    assert wait >= 0
    clock.real_ms = lambda: real + wait  # type: ignore[method-assign]
    assert clock.now_ms() >= until
    if wait > 0:
        clock.real_ms = lambda: real + wait - 1  # type: ignore[method-assign]
        assert clock.now_ms() < until


def test_a_machine_whose_clock_was_moved_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RealClock()
    assert clock.quality() == "GOOD"
    moved = clocks._offset_ms() + clocks.STEP_BAD_MS + 10_000
    monkeypatch.setattr(clocks, "_offset_ms", lambda: moved)
    assert clock.quality() == "BAD"


def test_a_real_clock_is_not_anchored() -> None:
    with pytest.raises(AssertionError):
        RealClock().anchor(0, 0, 1000)


def test_luck_is_never_the_same_and_of_the_right_form() -> None:
    luck = SystemLuck()
    assert len({luck.message_id() for _ in range(100)}) == len({luck.nonce() for _ in range(100)}) == 100
    assert len(luck.nonce()) == 22
    assert luck.message_id()[14] == "4"
    assert all(0.5 <= luck.jitter() <= 1.0 for _ in range(100))


FAILING = """
import structlog, sys
from skyparley.adapters.system.logs import start_logs
start_logs({level!r})
log = structlog.get_logger("skyparley.test")
import logging
def sign(passphrase):
    raise ValueError("it failed")
try:
    sign("the-secret-passphrase")
except ValueError:
    log.error("our_fault", exc_info=True)
    logging.getLogger("uvicorn.error").error("from a library", exc_info=True)
log.info("quiet", n=1)
"""


def test_a_traceback_carries_no_values_and_every_line_is_json() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING.format(level="info")], capture_output=True, text=True, check=True, timeout=60
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["our_fault", "from a library", "quiet"]
    assert all("ValueError: it failed" in line["exception"] for line in lines[:2])
    for line in lines[:2]:
        assert "passphrase = " not in line["exception"], "a local variable"
        assert line["exception"].count("the-secret-passphrase") == 0
    assert done.stdout == ""


def test_a_level_keeps_what_is_below_it_away() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING.format(level="error")], capture_output=True, text=True, check=True, timeout=60
    )
    assert "quiet" not in done.stderr
    assert "our_fault" in done.stderr


GONE = """
import os, structlog
from skyparley.adapters.system.logs import start_logs
start_logs("info")
os.close(2)
structlog.get_logger("skyparley.test").info("nobody reads this")
print("it goes on")
"""


def test_a_line_that_cannot_be_written_stops_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", GONE], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "it goes on\n"
