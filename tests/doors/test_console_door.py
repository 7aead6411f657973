"""The console door: the page's files and nothing else, each with its hash."""

import asyncio
from pathlib import Path

import httpx
import pytest

import skyparley.adapters.doors as doors
from skyparley.adapters.doors.console import ConsoleApp

STATIC = Path(doors.__file__).parent / "static"


def ask(path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app=ConsoleApp())
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(run())


def test_every_file_of_the_page_is_served_as_it_is() -> None:
    files = [path for path in STATIC.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert len(files) > 5
    for path in files:
        said = ask("/" + path.relative_to(STATIC).as_posix())
        assert said.status_code == 200, path
        assert said.content == path.read_bytes()
    assert ask("/").content == (STATIC / "index.html").read_bytes()
    assert ask("/").headers["content-type"] == "text/html; charset=utf-8"
    assert ask("/vendor/maplibre-gl.mjs").headers["content-type"] == "text/javascript; charset=utf-8"


def test_what_a_browser_has_already_is_not_sent_again() -> None:
    first = ask("/vendor/maplibre-gl.css")
    tag = first.headers["etag"]
    again = ask("/vendor/maplibre-gl.css", **{"if-none-match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert ask("/vendor/maplibre-gl.css", **{"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/../desk.py", "/..%2fdesk.py", "/vendor/../../desk.py", "//etc/passwd", "/static/index.html", "/vendor", "/x"],
)
def test_there_is_nothing_else(path: str) -> None:
    assert ask(path).status_code == 404


def test_files_are_only_read() -> None:
    said = ask("/", "POST")
    assert (said.status_code, said.headers["allow"]) == (405, "GET, HEAD")
