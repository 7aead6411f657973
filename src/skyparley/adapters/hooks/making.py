"""Hooks as the settings of a node name them, with their secrets read."""

from pathlib import Path

from skyparley.adapters.hooks.command import CommandHook
from skyparley.adapters.hooks.hook import Hook
from skyparley.adapters.hooks.webhook import Webhook
from skyparley.adapters.system.files import FileFault, read_private
from skyparley.adapters.system.hook_settings import HookSettings
from skyparley.adapters.system.settings import NodeConfig, SettingsFault


def hooks_of(folder: Path, config: NodeConfig) -> list[Hook]:
    """The hooks of a node, in the order of its settings.  Raises SettingsFault where a secret cannot be used."""
    return [_hook(folder, hook) for hook in config.hooks]


def _hook(folder: Path, said: HookSettings) -> Hook:
    timeout_ms = said.timeout_s * 1000
    if said.command:
        return CommandHook(
            name=said.name,
            on=said.on,
            command=said.command,
            folder=folder,
            timeout_ms=timeout_ms,
            details=said.details,
        )
    secret = _secret(folder / said.secret_file, said.name) if said.secret_file else ""
    return Webhook(name=said.name, on=said.on, url=said.url, secret=secret, timeout_ms=timeout_ms, details=said.details)


def _secret(path: Path, hook: str) -> str:
    try:
        secret = read_private(path, what=f"the secret of hook {hook!r}").decode("ascii").strip()
    except FileFault as fault:
        raise SettingsFault(f"hook {hook!r}: {fault}") from None
    except UnicodeDecodeError:
        secret = ""
    if not secret or not secret.isprintable() or " " in secret:
        raise SettingsFault(f"hook {hook!r}: {path} should hold one word of visible ASCII characters")
    return secret
