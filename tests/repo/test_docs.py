"""The documents keep their word: commands exist, links resolve, and no file names a machine or a host that it should not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "src/skyparley/adapters/doors/static/vendor"
MADE = {".git", ".venv", ".make", "build", "dist", "demo-run", "node_modules", "__pycache__", ".hypothesis"}
BINARY = {".png", ".jpg", ".ico", ".db", ".pyc", ".gz", ".woff2"}

# A host in a committed file is a promise that a machine may ask it something. These are the names that promise nothing.
HOSTS_ALLOWED = {
    "127.0.0.1": "loopback",
    "127.9.9.9": "loopback",
    "localhost": "loopback",
    "[::1]": "loopback",
    "0.0.0.0": "all interfaces of the same machine",
    "json-schema.org": "the identifier of the schema language, never fetched",
    "www.w3.org": "identifiers of XML namespaces, never fetched",
    "www.apache.org": "the text of our licence",
}
# Names that can never be registered (RFC 2606, RFC 6761), for examples and tests.
ENDINGS_ALLOWED = (".example", ".invalid", ".test", ".localhost", "example.org", "example.com", "example.net")
# Addresses kept for documents (RFC 5737, RFC 3849).
BEGINNINGS_ALLOWED = ("192.0.2.", "198.51.100.", "203.0.113.", "[2001:db8:")

# Written in pieces, so that this file does not name what it looks for.
REGISTRIES = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "crates" + ".io",
    "debian" + ".org",
)
MACHINE = re.compile(r"(?<![\w.$}/-])/(?:wo" + r"rk|ro" + r"ot)/")


def files() -> Iterator[Path]:
    """Every text file that is ours: not what commands make, not what others wrote."""
    for folder, folders, names in os.walk(ROOT):
        here = Path(folder)
        folders[:] = [
            name for name in folders if name not in MADE and not name.endswith("_cache") and here / name != VENDOR
        ]
        yield from (here / name for name in sorted(names) if Path(name).suffix not in BINARY)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def documents() -> list[Path]:
    return [path for path in [*files(), VENDOR / "README.md"] if path.suffix == ".md"]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", text_of(ROOT / "Makefile"), re.M))


def commands_in(text: str) -> set[str]:
    """The X of every `make X` that is written as code: between backticks, or on a line of a code block."""
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.M | re.S)
    indented = [line for line in text.splitlines() if line.startswith("    ")]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    return set(re.findall(r"(?:^|[\s;&])make ([a-z][a-z-]*)", "\n".join([*fenced, *indented, *inline]), re.M))


def test_commands_are_found_where_documents_write_them() -> None:
    text = (
        "Say `make demo`, or\n\n    make test\n\nand\n```sh\ncd x && make check\n```\nbut make no haste: `cmake it`.\n"
    )
    assert commands_in(text) == {"demo", "test", "check"}


def test_every_make_command_in_a_document_exists() -> None:
    targets = make_targets()
    unknown = {
        f"{path.relative_to(ROOT)}: make {name}"
        for path in documents()
        for name in commands_in(text_of(path))
        if name not in targets
    }
    assert unknown == set()


def test_the_promised_commands_exist_and_help_tells_of_each() -> None:
    promised = {"demo", "test", "thorough", "check", "bench", "simulate", "lint", "fmt", "clean", "help"}
    told = set(re.findall(r"^([a-z-]+):.*## ", text_of(ROOT / "Makefile"), re.M))
    assert promised <= make_targets()
    assert promised == told


def test_contributing_names_the_one_command_before_a_push() -> None:
    assert "check" in commands_in(text_of(ROOT / "CONTRIBUTING.md"))


def test_every_relative_link_resolves() -> None:
    broken = []
    for path in documents():
        prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", text_of(path), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)", prose):
            parts = urlsplit(target)
            if parts.scheme or not parts.path:
                continue
            if not (path.parent / parts.path).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs/decisions"
    records = {path.name for path in folder.glob("*.md")} - {"README.md"}
    assert records == set(re.findall(r"\]\(([^)/]+\.md)\)", text_of(folder / "README.md")))
    assert len({name[:5] for name in records if re.match(r"\d{4}-", name)}) == len(records)


def test_no_file_names_a_path_of_one_machine() -> None:
    found = {str(path.relative_to(ROOT)) for path in files() if MACHINE.search(text_of(path))}
    assert found == set()


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_the_host_of_a_package_registry(host: str) -> None:
    found = {str(path.relative_to(ROOT)) for path in files() if host in text_of(path)}
    assert found == set()


def test_no_file_names_a_host_of_a_network() -> None:
    found = set()
    for path in files():
        for host in re.findall(r"\b(?:https?|wss?)://(\[[0-9a-f:]+\]|[^\s/:\"'`)>\],;?#]+)", text_of(path)):
            name = host.rsplit("@", 1)[-1].lower()
            # A host put together by code (an f-string, a shell variable, a template) names none here.
            if any(mark in name for mark in "{$<") or ("." not in name and ":" not in name):
                continue
            if name in HOSTS_ALLOWED or name.endswith(ENDINGS_ALLOWED) or name.startswith(BEGINNINGS_ALLOWED):
                continue
            found.add(f"{path.relative_to(ROOT)}: {name}")
    assert found == set()


def on_the_map() -> dict[str, str]:
    """Folder below src/skyparley -> its paragraph in ARCHITECTURE.md, with the list under it."""
    parts = re.split(r"^\*\*`([a-z]+)/`", text_of(ROOT / "ARCHITECTURE.md"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_map_shows_every_folder_of_the_program() -> None:
    source = ROOT / "src/skyparley"
    there = {path.name for path in source.iterdir() if (path / "__init__.py").exists()}
    heads = re.findall(r"^\*\*(.+?)\*\*:", text_of(ROOT / "ARCHITECTURE.md"), re.M)
    assert there <= {name for head in heads for name in re.findall(r"`([a-z]+)/`", head)}


def test_every_file_on_the_map_is_where_the_map_puts_it() -> None:
    source = ROOT / "src/skyparley"
    for folder, told in on_the_map().items():
        names = re.findall(r"`((?:[a-z_]+/)*[a-z_0-9*]+\.(?:py|json))`", told) if (source / folder).exists() else []
        for name in names:
            # What is not below the folder of its paragraph is named from the top.
            found = [*(source / folder).rglob(name), *source.glob(name)]
            assert found, f"ARCHITECTURE.md puts {name} into {folder}/"
