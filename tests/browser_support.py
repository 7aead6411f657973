"""Finds a Chromium and drives it: the one place that knows which browser tests use. As a script, prints its path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Playwright, Request, Route, sync_playwright

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "No Chromium was found, and the browser tests are never skipped. Do one of these, then run again: install your "
    "system's package (apt-get install chromium), or run `.venv/bin/playwright install --with-deps chromium`."
)
VERSION_WAIT_S = 30  # A cold Chromium on a busy machine answers in a few seconds; one that hangs is not usable.
LOOPBACK = ("127.0.0.1", "localhost", "::1")

# WebGL is drawn by software, because test machines have no graphics card; what Chromium would ask of its maker's
# servers in the background is switched off, because a test run talks to loopback only.
ARGUMENTS = (
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


def find_chromium() -> Path | None:
    """The system's Chromium, else the one that playwright has installed, else None. Only one that runs is returned."""
    for name in SYSTEM_NAMES:
        found = shutil.which(name)
        if found is not None and runs(Path(found)):
            return Path(found)
    with sync_playwright() as playwright:
        installed = Path(playwright.chromium.executable_path)
    return installed if runs(installed) else None


def runs(executable: Path) -> bool:
    """Whether the browser states its version: a placeholder package or a missing library is no browser."""
    try:
        reply = subprocess.run([executable, "--version"], capture_output=True, timeout=VERSION_WAIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return reply.returncode == 0


def launch(playwright: Playwright, executable: Path) -> Browser:
    """Starts Chromium headless. Its own sandbox cannot be had by root, and is kept for everybody else."""
    as_root = os.geteuid() == 0
    return playwright.chromium.launch(
        executable_path=executable, headless=True, args=[*ARGUMENTS, *(["--no-sandbox"] if as_root else [])]
    )


@dataclass
class Watched:
    """A page, what it asked of other hosts (each refused), and every error it met, refusals by its policy included."""

    page: Page
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def watched_page(browser: Browser) -> Iterator[Watched]:
    """A page of its own context whose requests beyond loopback are refused and kept."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    watched = Watched(context.new_page())

    def beyond_loopback(url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme not in ("data", "blob", "about") and parts.hostname not in LOOPBACK

    def refuse(route: Route, request: Request) -> None:
        watched.outside.append(request.url)
        route.abort()

    context.route(beyond_loopback, refuse)
    watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
    watched.page.on("console", lambda message: watched.errors.append(message.text) if message.type == "error" else None)
    try:
        yield watched
    finally:
        context.close()


if __name__ == "__main__":
    path = find_chromium()
    print(path if path is not None else MISSING)
    sys.exit(0 if path is not None else 1)
