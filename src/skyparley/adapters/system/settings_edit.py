"""Changes to some settings of one section of DIR/node.toml; every other line stays as its owner wrote it."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skyparley.adapters.system.files import FileFault, locked, read_public, write_atomic
from skyparley.adapters.system.node_dir import NodeFault, NodePaths
from skyparley.adapters.system.settings import NodeConfig, SettingsFault, parse_settings, toml

_HEAD = re.compile(r"\[\[?[A-Za-z0-9_.-]+\]\]?\s*(?:#.*)?$", re.ASCII)
Value = str | int | bool | tuple[str, ...]


def change_settings(folder: Path, section: str, changes: Mapping[str, Value]) -> NodeConfig:
    """Write settings into a node's folder.  If the process dies in here, they are all written or none.

    Raises SettingsFault where the settings as they would be cannot be used, NodeFault; then nothing was changed.
    """
    path = NodePaths(folder).settings
    with locked(path):
        before = _read(path)
        after = changed(before, section, changes, str(path))
        config = parse_settings(after, str(path))
        if after != before:
            write_atomic(path, after)
    return config


def settings_with(folder: Path, section: str, changes: Mapping[str, Value]) -> NodeConfig:
    """The settings as change_settings would leave them; nothing is written.  Raises as it does."""
    path = NodePaths(folder).settings
    return parse_settings(changed(_read(path), section, changes, str(path)), str(path))


def _read(path: Path) -> bytes:
    try:
        return read_public(path, what="the settings of a node")
    except FileFault as fault:
        raise NodeFault("NODE_DAMAGED", str(fault)) from None


def changed(data: bytes, section: str, changes: Mapping[str, Value], where: str) -> bytes:
    """The bytes of settings with other values in a section, which is added at the end where there is none.

    Raises SettingsFault where they are not TOML, before or after: the section may be written in a way that this
    does not follow.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsFault(f"{where} is not TOML: {error}") from None
    _plain(text, where)
    lines = text.removesuffix("\n").split("\n")
    begin = next((place for place, line in enumerate(lines) if _is_head(line, section)), None)
    if begin is None:
        lines += ["", f"[{section}]"]
        begin = len(lines) - 1
    for name, value in changes.items():
        _set(lines, begin + 1, name, f"{name} = {toml(value)}")
    text = "\n".join(lines) + "\n"
    found: Any = _plain(text, where)
    for part in section.split("."):
        found = found[part]
    wanted = {name: list(value) if isinstance(value, tuple) else value for name, value in changes.items()}
    if {name: found.get(name) for name in wanted} != wanted:
        raise SettingsFault(f"{where}: [{section}] is written in a way that no command can change; change it by hand")
    return text.encode("utf-8")


def _set(lines: list[str], begin: int, name: str, line: str) -> None:
    """Put a line in place of the setting `name` in the section whose first line is `begin`, or at its end."""
    end = next((place for place in range(begin, len(lines)) if _HEAD.match(lines[place])), len(lines))
    for place in range(begin, end):
        if lines[place].partition("=")[0].strip() == name:
            last = place
            # A value may go on over several lines: it ends where it can be read.
            while last + 1 < end and not _reads("\n".join(lines[place : last + 1])):
                last += 1
            lines[place : last + 1] = [line]
            return
    while end > begin and not lines[end - 1].strip():
        end -= 1
    lines.insert(end, line)


def _is_head(line: str, section: str) -> bool:
    return line.partition("#")[0].strip() == f"[{section}]"


def _reads(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _plain(text: str, where: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsFault(f"{where} is not TOML, or cannot be changed by a command: {error}") from None
