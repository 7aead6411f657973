"""Commands about hooks: whether they ring, and how each is on a running node."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyparley.cli.endings import NO, Ending, unusable
from skyparley.cli.options import Folder, JsonOption, NodeOption, group
from skyparley.cli.screen import as_json, table
from skyparley.cli.surroundings import now_ms

if TYPE_CHECKING:
    from skyparley.adapters.hooks.hook import Hook


def register(app: typer.Typer) -> None:
    """Adds the group `hooks` to the app."""
    hooks = group("hooks", "What rings outside the node: a pager, a siren, a telephone.")
    hooks.command("test")(ring_all)
    hooks.command("list")(listed)
    app.add_typer(hooks)


def ring_all(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="One hook; without it, each.", show_default=False)] = "",
    json: JsonOption = False,
) -> None:
    """Ring each hook once with a ring marked TEST, and tell what came of it. The node need not run."""
    import asyncio

    found = asyncio.run(_tried(folder, name))
    if json:
        as_json([{"hook": hook, "outcome": "FAILED" if text else "OK", "text": text} for hook, text in found])
    else:
        rows = [(hook, "FAILED" if text else "OK", text) for hook, text in found]
        table(("Hook", "Outcome", "Why"), rows, empty="No hook is set: see [[hooks]] in node.toml.")
    if any(text for _, text in found):
        raise Ending(NO, "A hook failed: whom it should ring does not hear it.")


async def _tried(folder: Path, name: str) -> list[tuple[str, str]]:
    """Each hook with what failed; empty where it worked.  All at once, as they would ring."""
    import asyncio

    from skyparley.adapters.hooks.hook import told, trial_ring
    from skyparley.adapters.hooks.making import hooks_of
    from skyparley.adapters.system.node_dir import load_node

    config = load_node(folder)
    hooks = [hook for hook in hooks_of(folder, config) if name in ("", hook.name)]
    if name and not hooks:
        known = ", ".join(hook.name for hook in config.hooks) or "none"
        raise unusable(f"no hook is called {name!r} in {folder}; there is: {known}")
    ring = trial_ring(now_ms())
    texts = await asyncio.gather(
        *(_try(hook, told(ring, node=config.name, peer="", details=hook.details, test=True)) for hook in hooks)
    )
    return [(hook.name, text) for hook, text in zip(hooks, texts, strict=True)]


async def _try(hook: "Hook", said: bytes) -> str:
    from skyparley.adapters.hooks.hook import HookFault

    try:
        await hook.ring(said)
    except HookFault as fault:
        return str(fault)
    return ""


def listed(node: NodeOption = None, json: JsonOption = False) -> None:
    """List the hooks of a running node: which fail, since when, and how many rings wait for each."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import time_shown

    with open_desk(node) as desk:
        found = desk.overview().hooks
    if json:
        as_json(found)
        return
    rows = [
        (
            one.name,
            f"FAILING since {time_shown(one.since)}: {one.text}" if one.since is not None else "works",
            str(one.waiting),
        )
        for one in found
    ]
    table(("Hook", "State", "Waiting"), rows, empty="No hook is set: see [[hooks]] in node.toml.")
