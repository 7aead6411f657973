"""The settings of hooks, `[[hooks]]` in DIR/node.toml: what each is, and what is wrong with them."""

import ipaddress
import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final, get_args
from urllib.parse import urlsplit

import msgspec

from skyparley.base import limits
from skyparley.domain.messages.codes import Class
from skyparley.domain.rings import LEVELS

CLASSES: Final[tuple[str, ...]] = get_args(Class)
KINDS: Final = (*LEVELS, *CLASSES, "EXERCISE")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_SECONDS: Final = limits.HOOK_TIMEOUT_LONGEST_MS // 1000


class HookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One way out of the node for what rings: an address or a command."""

    name: str
    on: tuple[str, ...] = ()
    url: str = ""
    secret_file: str = ""
    command: tuple[str, ...] = ()
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=_SECONDS)] = limits.HOOK_TIMEOUT_MS // 1000
    details: bool = False


HOOK_SETTINGS: Final[dict[str, str]] = {
    "hooks.name": "What the hook is called in alarms and in the journal: 1 to 32 of a-z, 0-9 and the hyphen. Write "
    "[[hooks]] and these settings once for each hook: a pager, a siren, a telephone.",
    "hooks.on": f"What it rings for: levels ({', '.join(LEVELS)}) and classes ({', '.join(CLASSES)}). Empty: "
    "everything that rings. An exercise rings only where EXERCISE is named too.",
    "hooks.url": "An address to which each ring is posted as JSON, http or https. Or give a command instead.",
    "hooks.secret_file": "With url: the file with a secret that the receiver knows, seen from this folder, mode 0600. "
    "It is sent as Authorization: Bearer. Over https, or to this machine, only. Empty: none is sent.",
    "hooks.command": "A command and its arguments, each a text of its own; no shell reads it. The ring is on its "
    "standard input, as JSON. It runs in this folder, with PATH and LANG and nothing else of the environment.",
    "hooks.timeout_s": f"How long one try may take, in seconds, 1 to {_SECONDS}. Then it is ended and counts as failed.",
    "hooks.details": "true: the text of the alarm goes along, with names of notices. Only to where your own desk reads. "
    "false: peer, class, level, codes and time, and nothing of what was said.",
}
"""Every setting of a hook and what it means."""


def hook_problems(hooks: Sequence[HookSettings]) -> list[str]:
    """What is wrong with hooks whose types are right, one sentence each."""
    found = []
    if len(hooks) > limits.HOOKS:
        found.append(f"there are {len(hooks)} hooks; at most {limits.HOOKS}")
    for name, times in Counter(hook.name for hook in hooks).items():
        if times > 1:
            found.append(f"hooks.name is {name!r} {times} times; give each hook a name of its own")
    return found + [f"hook {hook.name!r}: {problem}" for hook in hooks for problem in _problems(hook)]


def _problems(hook: HookSettings) -> list[str]:
    found = []
    if _NAME.fullmatch(hook.name) is None:
        found.append("hooks.name takes 1 to 32 of a-z, 0-9 and the hyphen")
    if odd := [one for one in hook.on if one not in KINDS]:
        found.append(f"hooks.on names {', '.join(odd)}; use {', '.join(KINDS)}")
    if bool(hook.url) == bool(hook.command):
        found.append("it needs either hooks.url or hooks.command")
    if hook.url:
        found += _url_problems(hook)
    elif hook.secret_file:
        found.append("hooks.secret_file goes with hooks.url; a command reads its own secrets")
    if hook.command and not hook.command[0]:
        found.append("hooks.command begins with the program, a file or a name on the PATH")
    return found


def _url_problems(hook: HookSettings) -> list[str]:
    try:
        parts = urlsplit(hook.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return [f"hooks.url is {hook.url!r}; write an address like https://pager.example/ring"]
    if parts.scheme not in ("http", "https") or not host:
        return [f"hooks.url is {hook.url!r}; write an address like https://pager.example/ring"]
    if parts.username is not None or parts.password is not None:
        return ["hooks.url holds a name or password, which logs would show; use hooks.secret_file"]
    if hook.secret_file and parts.scheme == "http" and not _this_machine(host):
        return ["hooks.secret_file would be sent in the clear; use https"]
    return []


def _this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
