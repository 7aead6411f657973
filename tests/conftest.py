"""What every folder of tests may use: settings of Hypothesis, a Chromium, and a page of it that talks to loopback only."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# The import mode decides whether this folder is on the path; the fixtures should not depend on it.
sys.path.insert(0, str(Path(__file__).parent))

from how_many import THOROUGH

# How long one example takes is no law of any test: a busy machine, or the first compilation, is slow now and then.
# The same examples each time, so that a change is red by itself and not by luck; `make thorough` tries its luck.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("luck", deadline=None)
hypothesis.settings.load_profile("luck" if THOROUGH else "same")


@pytest.fixture(scope="session", autouse=True)
def keys_opened_once() -> Iterator[None]:
    """The same key file with the same passphrase is opened once in a process, and so is the work of closing it done.

    That is dear on purpose (scrypt: 50 ms and more a key, seven keys a node), and nothing but bytes goes in and out,
    so hundreds of nodes started on copies of one folder need not pay for it again.  What fails is tried each time.
    """
    from skyparley.evidence import pem

    scrypt = pem.Scrypt

    @functools.lru_cache(maxsize=4096)
    def derived(secret: bytes, **costs: Any) -> bytes:
        return scrypt(**costs).derive(secret)

    class Remembered:
        def __init__(self, **costs: Any) -> None:
            self._costs = costs

        def derive(self, secret: bytes) -> bytes:
            return derived(secret, **self._costs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pem, "Scrypt", Remembered)
        patch.setattr(pem, "load_any", functools.lru_cache(maxsize=4096)(pem.load_any))
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """One headless Chromium for a file of tests. With none on the machine the test fails and names the step to do.

    Not for the session: while Playwright runs, this process has a running event loop, and `asyncio.run` refuses.
    """
    # Playwright is imported here, so that tests without a browser do not wait for it.
    from playwright.sync_api import expect, sync_playwright

    import browser_support

    # A page that is right is right sooner; on two busy cores a browser may want longer than the usual 5 s.
    expect.set_options(timeout=20_000)

    executable = browser_support.find_chromium()
    if executable is None:
        pytest.fail(browser_support.MISSING, pytrace=False)
    with sync_playwright() as playwright:
        chromium = browser_support.launch(playwright, executable)
        yield chromium
        chromium.close()


@pytest.fixture
def watched(browser: object) -> Iterator[object]:
    """A watched page. At the end the test fails if the page met an error or asked for anything beyond loopback."""
    import browser_support

    with browser_support.watched_page(browser) as page:
        yield page
        assert page.outside == [], "the page asked another host for something"
        assert page.errors == [], "the page met errors"
