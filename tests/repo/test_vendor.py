"""The vendored web assets are the published files that their table names, and make a map under a strict policy."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

VENDOR = Path(__file__).resolve().parents[2] / "src/skyparley/adapters/doors/static/vendor"
ROW = re.compile(
    r"^\| (?P<file>[^|]+) \| (?P<package>[^|]+) \| (?P<version>[^|]+) \| [^|]+ \| `(?P<sha256>[0-9a-f]{64})` \|$", re.M
)
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'"
)
TEXT = {
    "/": (
        "text/html",
        """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>map</title><link rel="icon" href="data:,">
        <link rel="stylesheet" href="/maplibre-gl.css"><link rel="stylesheet" href="/page.css"></head>
        <body><div id="map"></div><script type="module" src="/page.js"></script></body></html>""",
    ),
    "/page.css": ("text/css", "html, body, #map { margin: 0; height: 100%; }"),
    "/page.js": (
        "text/javascript",
        """
        import { Map } from "/maplibre-gl.mjs";
        import "/topojson-client.min.js";
        const atlas = await (await fetch("/countries-50m.json")).json();
        const land = self.topojson.feature(atlas, atlas.objects.land);
        const borders = self.topojson.mesh(atlas, atlas.objects.countries, (a, b) => a !== b);
        const map = new Map({
          container: "map", center: [36, 34.5], zoom: 5, attributionControl: false, fadeDuration: 0,
          canvasContextAttributes: { preserveDrawingBuffer: true },
          style: {
            version: 8,
            sources: {
              land: { type: "geojson", data: land }, borders: { type: "geojson", data: borders },
            },
            layers: [
              { id: "sea", type: "background", paint: { "background-color": "#0000ff" } },
              { id: "land", type: "fill", source: "land", paint: { "fill-color": "#00ff00" } },
              { id: "borders", type: "line", source: "borders", paint: { "line-color": "#ff0000", "line-width": 2 } },
            ],
          },
        });
        map.on("idle", () => { window.drawn = map; document.body.dataset.drawn = "yes"; });
        """,
    ),
}


class Door(SimpleHTTPRequestHandler):
    """Serves the vendored files and the test's own page, each under the strict policy."""

    extensions_map: ClassVar[dict[str, str]] = {
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".css": "text/css",
        ".json": "application/json",
    }

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def do_GET(self) -> None:
        if self.path not in TEXT:
            super().do_GET()
            return
        kind, text = TEXT[self.path]
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Keeps the test's output quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Door, directory=str(VENDOR)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def table() -> dict[str, dict[str, str]]:
    rows = [match.groupdict() for match in ROW.finditer((VENDOR / "README.md").read_text(encoding="utf-8"))]
    assert len({row["file"] for row in rows}) == len(rows), "a file is listed twice"
    return {row["file"]: row for row in rows}


def test_every_vendored_file_is_listed_and_none_is_missing() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()} - {"README.md"}
    assert present == set(table())


def test_every_vendored_file_has_the_hash_of_the_table() -> None:
    stated = {name: row["sha256"] for name, row in table().items()}
    found = {name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name in stated}
    assert found == stated


def test_every_package_carries_its_licence() -> None:
    for package in {row["package"] for row in table().values()}:
        text = (VENDOR / f"{package}.LICENSE.txt").read_text(encoding="utf-8")
        assert "Copyright" in text
        assert "GNU" not in text


def test_the_atlas_covers_the_whole_world() -> None:
    atlas = json.loads((VENDOR / "countries-50m.json").read_text(encoding="utf-8"))
    west, south, east, north = atlas["bbox"]
    assert (west, east) == (-180, 180)
    assert south < -85
    assert north > 83
    assert {"land", "countries"} <= set(atlas["objects"])


@pytest.mark.browser
def test_map_is_drawn_from_the_vendored_files_alone(watched: Any, address: str) -> None:
    """Sea, land and a border come out where they are, from one origin, with no inline code, eval or blob allowed."""
    page = watched.page
    page.goto(address)
    # Waiting for an element and not for an expression: the policy forbids eval to the test's own waiting as well.
    page.wait_for_selector("body[data-drawn]", timeout=60_000)
    colour_at = """([lon, lat]) => {
        const map = window.drawn, canvas = map.getCanvas(), ratio = canvas.width / canvas.clientWidth;
        const at = map.project([lon, lat]), gl = canvas.getContext("webgl2"), pixel = new Uint8Array(4);
        gl.readPixels(at.x * ratio, canvas.height - at.y * ratio, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
        return Array.from(pixel.slice(0, 3));
    }"""
    assert page.evaluate(colour_at, [32.0, 34.0]) == [0, 0, 255], "the sea south of Cyprus"
    assert page.evaluate(colour_at, [38.3, 34.5]) == [0, 255, 0], "Palmyra"
    # A border line is two pixels wide and drawn smoothly, so that red is looked for in all of the picture.
    reddish = """() => {
        const canvas = window.drawn.getCanvas(), gl = canvas.getContext("webgl2");
        const all = new Uint8Array(canvas.width * canvas.height * 4);
        gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, all);
        let count = 0;
        for (let i = 0; i < all.length; i += 4) count += all[i] > 200 && all[i + 1] < 60 && all[i + 2] < 60;
        return count;
    }"""
    assert page.evaluate(reddish) > 500, "borders between countries"
    assert page.evaluate("() => window.drawn.queryRenderedFeatures({ layers: ['borders'] }).length") > 0
