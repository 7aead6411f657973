"""Fetches the web assets that the console carries and writes their table of hashes; for maintainers, not a build step.

Usage: python scripts/vendor_assets.py

Needs npm, which fetches the packages named in PACKAGES at exactly those versions. Files are copied byte for byte, so
that anyone can compare them with the published package. After a change of version, look at the map in a browser
before committing; `make test` renders one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "src/skyparley/adapters/doors/static/vendor"


@dataclass(frozen=True)
class Package:
    """One published package and the files that are taken from it, as {path in the package: name here}."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "maplibre-gl",
        "6.17.0",
        "BSD-3-Clause",
        {
            "dist/maplibre-gl.mjs": "maplibre-gl.mjs",
            "dist/maplibre-gl-worker.mjs": "maplibre-gl-worker.mjs",
            "dist/maplibre-gl.css": "maplibre-gl.css",
            "LICENSE.txt": "maplibre-gl.LICENSE.txt",
        },
    ),
    Package(
        "world-atlas",
        "2.0.2",
        "ISC; the data is Natural Earth, public domain",
        {"countries-50m.json": "countries-50m.json", "LICENSE": "world-atlas.LICENSE.txt"},
    ),
    Package(
        "topojson-client",
        "3.1.0",
        "ISC",
        {"dist/topojson-client.min.js": "topojson-client.min.js", "LICENSE": "topojson-client.LICENSE.txt"},
    ),
)
BUNDLED = "maplibre-gl.bundled.LICENSES.txt"
README_HEAD = """\
# Vendored web assets

The map of the console works with no network, so what it needs is kept here, byte for byte as published. Nothing here
is edited by hand: `scripts/vendor_assets.py` writes this folder and this page, and `tests/repo/test_vendor.py` fails
when a file's hash differs from the table, or a file is missing or unlisted.

- **MapLibre GL** is the ES-module build: `import { Map } from "./vendor/maplibre-gl.mjs"`. It starts its worker from
  the file beside it, so a page needs no more than `script-src 'self'; worker-src 'self'; style-src 'self'; img-src
  'self' data:; connect-src 'self'`. The data images are the icons in its style sheet. It asks no other origin for
  anything unless a style tells it to.
- **No text layers.** Text drawn by MapLibre needs glyph files, which are not here: labels are HTML markers.
- **topojson-client** unpacks the atlas in the browser (`import "./vendor/topojson-client.min.js"`, then
  `self.topojson`): the same shapes as GeoJSON are four times larger. `feature(atlas, atlas.objects.land)` is land,
  and `mesh(atlas, atlas.objects.countries, (a, b) => a !== b)` is the borders between countries, each once.
- **Borders are those of Natural Earth**, 1:50 million, drawn by who controls the ground. They are a background to
  find one's bearings by. They take no side, have no part in any computation, and are of no use for judging on which
  side of a line an aircraft was.

| File | Package | Version | Licence | SHA-256 |
|---|---|---|---|---|
"""


def main() -> int:
    """Fetches every package, writes the folder anew and prints its size in kB. Returns 0; a failed fetch raises."""
    with tempfile.TemporaryDirectory() as scratch:
        shutil.rmtree(VENDOR, ignore_errors=True)
        VENDOR.mkdir(parents=True)
        rows: list[tuple[str, Package]] = []
        for package in PACKAGES:
            rows += [(name, package) for name in take_files(package, Path(scratch))]
        (VENDOR / BUNDLED).write_text(licences_bundled_in(PACKAGES[0], Path(scratch)), encoding="utf-8")
        rows.append((BUNDLED, PACKAGES[0]))
    digests = {name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name, _ in rows}
    lines = [f"| {name} | {p.name} | {p.version} | {p.licence} | `{digests[name]}` |" for name, p in rows]
    (VENDOR / "README.md").write_text(README_HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(rows)} files, {sum((VENDOR / name).stat().st_size for name, _ in rows) // 1000} kB")
    return 0


def take_files(package: Package, scratch: Path) -> list[str]:
    """Copies the package's wanted files into the vendor folder and returns their names there."""
    reply = subprocess.run(
        ["npm", "pack", "--json", f"{package.name}@{package.version}"],
        cwd=scratch,
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(scratch / json.loads(reply.stdout)[0]["filename"]) as archive:
        for inside, name in package.files.items():
            content = archive.extractfile(f"package/{inside}")
            assert content is not None, f"{package.name} no longer holds {inside}"
            (VENDOR / name).write_bytes(content.read())
    return list(package.files.values())


def licences_bundled_in(package: Package, scratch: Path) -> str:
    """The licence texts of the packages inside a bundle: it holds their code, so their notices travel with it."""
    subprocess.run(
        [
            "npm",
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefix",
            "tree",
            f"{package.name}@{package.version}",
        ],
        cwd=scratch,
        check=True,
        capture_output=True,
    )
    parts = [f"Licences of the packages that {package.name} {package.version} depends on and may bundle.\n"]
    for manifest in sorted((scratch / "tree/node_modules").glob("**/package.json")):
        about = json.loads(manifest.read_text(encoding="utf-8"))
        if "version" not in about or about.get("name") in (None, package.name) or about["name"].startswith("@types/"):
            continue
        texts = sorted(p for p in manifest.parent.iterdir() if p.name.lower().startswith(("licen", "copying")))
        body = "\n".join(p.read_text(encoding="utf-8").strip() for p in texts if p.is_file())
        stated = f"(The package holds no licence text. Its manifest states: {about.get('license', 'nothing')}.)"
        parts.append(f"{'-' * 79}\n{about['name']} {about['version']}\n\n{body or stated}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
