"""The settings of a node, DIR/node.toml: one table says what each is, comments the file, and refuses the rest."""

import difflib
import re
import textwrap
import tomllib
from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Any, Final, Literal

import msgspec

from skyparley.adapters.system.dss_settings import DSS_SETTINGS, UtmSettings, dss_problems
from skyparley.adapters.system.hook_settings import HOOK_SETTINGS, HookSettings, hook_problems
from skyparley.base.errors import Fault
from skyparley.domain.profiles import Profile
from skyparley.evidence.card import is_name

LEVELS: Final = ("debug", "info", "warning", "error")
RATE_MAX: Final = (
    100  # times faster than real; a human cannot follow more, and deadlines of seconds would race the disk
)

_ADDRESS = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", re.ASCII)


class SettingsFault(Fault):
    """The settings cannot be used.  The message names each setting at fault and says what would be right."""

    code = "SETTINGS"


class PeerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where other parties reach this node."""

    listen: str
    url: tuple[str, ...] = ()


class DeskSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where this party's own desk reaches this node."""

    listen: str
    allowed_origins: tuple[str, ...] = ()


class ClockSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which clock the node goes by.  SCALED is for demonstrations and exercises; a REAL node refuses a SCALED one."""

    kind: Literal["REAL", "SCALED"] = "REAL"
    rate: Annotated[float, msgspec.Meta(gt=0, le=RATE_MAX)] = 1.0
    anchor_real_ms: int | None = None
    anchor_ms: int | None = None

    def at(self, real_ms: int) -> int:
        """What this clock shows when the real one shows `real_ms`."""
        if self.anchor_real_ms is None or self.anchor_ms is None:
            return real_ms
        return self.anchor_ms + round((real_ms - self.anchor_real_ms) * self.rate)


class TableSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which table of numbers this node holds."""

    profile: Profile = "military"
    file: str = ""


class KeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the keys are opened."""

    passphrase_file: str = ""


class FileSettings(msgspec.Struct, frozen=True, kw_only=True, rename={"in_": "in"}):
    """Folders that files are carried from and to."""

    out: str = ""
    in_: str = ""
    one_way: tuple[str, ...] = ()


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class NodeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of a node."""

    name: str
    peer: PeerSettings
    desk: DeskSettings
    clock: ClockSettings = ClockSettings()
    table: TableSettings = TableSettings()
    keys: KeySettings = KeySettings()
    files: FileSettings = FileSettings()
    log: LogSettings = LogSettings()
    utm: UtmSettings = UtmSettings()
    hooks: tuple[HookSettings, ...] = ()


SETTINGS: Final[dict[str, str]] = {
    "name": "What this party is called on the line: 1 to 16 of A-Z, 0-9 and the hyphen. It stands on the card.",
    "peer.listen": "Address and port of the peer door, where other parties' nodes call. Everything there is signed.",
    "peer.url": "Where other parties find the peer door, best first, as it stands on the card. Make a new card after a "
    "change (skyparley card) and give it to each peer.",
    "desk.listen": "Address and port of the desk door: the console and the commands. Keep it inside your own network.",
    "desk.allowed_origins": "Web origins, such as https://wall.example, that may show the console in a frame of their "
    "page. Empty: none.",
    "clock.kind": "REAL, or SCALED for demonstrations and exercises. A REAL node refuses to talk to a SCALED one.",
    "clock.rate": "SCALED only: how many times faster than real time the clock runs, above 0 and up to 100.",
    "clock.anchor_real_ms": "SCALED only: a real instant, in milliseconds since 1970 UTC, at which the scaled clock "
    "shows anchor_ms.",
    "clock.anchor_ms": "SCALED only: what the scaled clock shows at anchor_real_ms, in milliseconds since 1970 UTC.",
    "table.profile": "The table of numbers (separation, clocks): military, civil-military or utm. Both sides of a line "
    "must hold the same.",
    "table.file": "A table of your own instead of a profile: a file, seen from this folder. Empty: the profile holds.",
    "keys.passphrase_file": "The file with the passphrase of the keys, seen from this folder, mode 0600. A service "
    "credential named skyparley-passphrase goes before it. Empty: no file; a person is asked. Whoever can read this "
    "file and the keys beside it can sign in your name, so a service credential is better.",
    "files.out": "A folder, seen from this one, where files for peers are put, one sub-folder a peer: for a line that is "
    "carried by hand, disk, mail or modem. Empty: none are written by themselves (skyparley bearer export).",
    "files.in": "A folder, seen from this one, where files of peers are looked for, one sub-folder a peer. What was taken "
    "moves to done/, what was refused to refused/ with its reason. Empty: none (skyparley bearer import).",
    "files.one_way": "Peers, by name or fingerprint, from which nothing can come back, as behind a diode: each statement "
    "is written once, and no receipt is possible.",
    "log.level": "How much is logged: debug, info, warning or error.",
    **DSS_SETTINGS,
    **HOOK_SETTINGS,
}
"""Every setting and what it means.  A setting that is not here is refused."""


def parse_settings(data: bytes, where: str) -> NodeConfig:
    """The settings in a TOML file's bytes.  Raises SettingsFault; unknown settings are all named at once."""
    try:
        plain = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsFault(f"{where} is not TOML: {error}") from None
    if unknown := [_unknown(key) for key in _keys(plain) if key not in SETTINGS]:
        raise SettingsFault(f"{where} has settings that do not exist: {'; '.join(unknown)}")
    try:
        config = msgspec.convert(plain, NodeConfig)
    except msgspec.ValidationError as error:
        raise SettingsFault(f"{where}: {error}".replace("`$.", "`")) from None
    if wrong := problems(config):
        raise SettingsFault(f"{where}: " + "; ".join(wrong))
    return config


def problems(config: NodeConfig) -> list[str]:
    """What is wrong with settings whose types are right, one sentence each."""
    found = []
    if not is_name(config.name):
        found.append(f"name is {config.name!r}; use 1 to 16 of A-Z, 0-9 and the hyphen")
    found += _listen_problems(config)
    anchors = (config.clock.anchor_real_ms, config.clock.anchor_ms)
    if config.clock.kind == "SCALED" and None in anchors:
        found.append("clock.kind is SCALED; it needs clock.anchor_real_ms and clock.anchor_ms")
    if config.clock.kind == "REAL" and (anchors != (None, None) or config.clock.rate != 1):
        found.append("clock.kind is REAL; clock.rate and the anchors belong to SCALED: take them out")
    return found + dss_problems(config.utm.dss, config.clock.kind) + hook_problems(config.hooks)


_USUAL_PORTS: Final = {"desk.listen": 8440, "peer.listen": 8441, "utm.dss.listen": 8442, "utm.dss.metrics_listen": 8443}


def _listen_problems(config: NodeConfig) -> list[str]:
    """What is wrong with the addresses of doors: what they are, and that two are the same."""
    doors = {"peer.listen": config.peer.listen, "desk.listen": config.desk.listen}
    beside = {"utm.dss.listen": config.utm.dss.listen, "utm.dss.metrics_listen": config.utm.dss.metrics_listen}
    doors |= {key: listen for key, listen in beside.items() if listen}
    found = []
    for key, listen in doors.items():
        match = _ADDRESS.fullmatch(listen)
        if match is None or not 1 <= int(match[1]) <= 65535:
            found.append(f"{key} is {listen!r}; write an address and a port, like 127.0.0.1:{_USUAL_PORTS[key]}")
    for (one, listen), (other, same) in combinations(doors.items(), 2):
        if listen == same:
            found.append(f"{one} and {other} are the same; the two doors need a port each")
    return found


def write_settings(config: NodeConfig) -> bytes:
    """The settings as a TOML file with a comment above each; what is not set stands there as a comment."""
    lines = [
        "# The settings of this node. A setting that is not known is refused, so a slip of the pen is noticed.",
        "",
    ]
    section = ""
    for key, meaning in SETTINGS.items():
        if key in HOOK_SETTINGS:
            continue
        head, _, name = key.rpartition(".")
        if head != section:
            section = head
            lines += [f"[{section}]", ""]
        value: Any = config
        for part in key.split("."):
            value = getattr(value, "in_" if part == "in" else part)
        lines += textwrap.wrap(meaning, 110, initial_indent="# ", subsequent_indent="# ")
        idle = key in _SCALED_ONLY and config.clock.kind == "REAL"
        lines += [f"# {name} =" if idle else f"{name} = {toml(value)}", ""]
    return "\n".join([*lines, *_hooks_written(config.hooks)]).encode("utf-8")


def _hooks_written(hooks: Sequence[HookSettings]) -> list[str]:
    """What each setting of a hook means, once, and then the hooks; a table of its own for each, so they stand last."""
    lines = ["# [[hooks]]", ""]
    for key, meaning in HOOK_SETTINGS.items():
        lines += textwrap.wrap(meaning, 110, initial_indent="# ", subsequent_indent="# ")
        lines += [f"# {key.rpartition('.')[2]} =", ""]
    for hook in hooks:
        lines += [
            "[[hooks]]",
            *(f"{name} = {toml(value)}" for name, value in msgspec.structs.asdict(hook).items()),
            "",
        ]
    return lines


_SCALED_ONLY: Final = ("clock.rate", "clock.anchor_real_ms", "clock.anchor_ms")


def toml(value: str | int | float | bool | tuple[str, ...]) -> str:
    """A value as TOML.  A JSON text, number or array of texts is the same in TOML, but for U+007F, which TOML escapes."""
    return msgspec.json.encode(value).decode("utf-8").replace("\x7f", "\\u007F")


def _keys(plain: dict[str, Any], above: str = "") -> list[str]:
    """The dotted names of all values in nested tables; an empty table of no known name counts, for it may be a slip."""
    names: list[str] = []
    for name, value in plain.items():
        if isinstance(value, dict) and value:
            names += _keys(value, f"{above}{name}.")
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            names += dict.fromkeys(key for one in value for key in _keys(one, f"{above}{name}."))
        elif not (value == {} and f"{above}{name}" in {key.rpartition(".")[0] for key in SETTINGS}):
            names.append(f"{above}{name}")
    return names


def _unknown(key: str) -> str:
    near = difflib.get_close_matches(key, SETTINGS, n=1)
    return f"{key} (perhaps {near[0]})" if near else key
