"""Commands about who may use the desk: people with passwords, machines with tokens."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyparley.cli.endings import unusable
from skyparley.cli.forms import time_shown
from skyparley.cli.options import Folder, JsonOption, group
from skyparley.cli.screen import as_json, note, say, table
from skyparley.cli.surroundings import luck, now_ms

if TYPE_CHECKING:
    from skyparley.adapters.system.accounts import Accounts

Name = Annotated[str, typer.Argument(help="1 to 32 of a-z 0-9 . _ -", show_default=False)]
RoleOption = Annotated[str, typer.Option(help="desk, supervisor, custodian or observer.")]


def register(app: typer.Typer) -> None:
    """Adds the group `account` and the command `token` to the app."""
    account = group("account", "The people who may use the desk.")
    account.command("add")(add)
    account.command("password")(password)
    account.command("remove")(remove)
    account.command("list")(listed)
    app.add_typer(account)
    app.command("token")(token)


def _accounts(folder: Path) -> "Accounts":
    from skyparley.adapters.system.accounts import Accounts
    from skyparley.adapters.system.node_dir import NodePaths, load_node

    load_node(folder)
    return Accounts(NodePaths(folder).accounts)


def add(folder: Folder, name: Name, role: RoleOption = "desk") -> None:
    """Add a person. A password is made that is good once, to be handed over on paper."""
    from skyparley.adapters.system.accounts import one_time_password

    accounts, made = _accounts(folder), one_time_password(luck)
    accounts.add(name, role, made, luck=luck)
    note(f"{name} ({role}) may log on with this password, once, and then chooses another. It is kept nowhere:")
    say(made)


def password(
    folder: Folder,
    name: Name,
    ask: Annotated[bool, typer.Option("--ask", help="The person is here and types a new password.")] = False,
) -> None:
    """Give a person a new password that is good once; the old one is void."""
    from skyparley.adapters.system.accounts import one_time_password

    accounts = _accounts(folder)
    if ask:
        typed = str(typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))
        accounts.set_password(name, typed, luck=luck)
        note(f"{name} has a new password.")
        return
    made = one_time_password(luck)
    accounts.set_password(name, made, luck=luck, must_change=True)
    note(f"{name} may log on with this password, once, and then chooses another. It is kept nowhere:")
    say(made)


def remove(folder: Folder, name: Name) -> None:
    """Take a person's account away."""
    _accounts(folder).remove(name)
    note(f"{name} may not log on any more.")


def listed(folder: Folder, json: JsonOption = False) -> None:
    """List people and tokens. Passwords and tokens are not kept and cannot be shown."""
    accounts = _accounts(folder)
    people = [{"name": one.name, "role": one.role, "must_change": one.must_change} for one in accounts.people]
    tokens = [{"name": one.name, "role": one.role, "created_ms": one.created_ms} for one in accounts.tokens]
    if json:
        as_json({"people": people, "tokens": tokens})
        return
    table(
        ("Name", "Role", "What", "Note"),
        [
            *(
                (one.name, one.role, "person", "must choose a password" if one.must_change else "")
                for one in accounts.people
            ),
            *((one.name, one.role, "token", f"made {time_shown(one.created_ms)}") for one in accounts.tokens),
        ],
        empty="Nobody may use the desk.",
    )


def token(
    folder: Folder,
    name: Name,
    role: RoleOption = "desk",
    remove: Annotated[bool, typer.Option("--remove", help="Take the token of this name away.")] = False,
) -> None:
    """Make a token for a machine, printed once; or take one away."""
    accounts = _accounts(folder)
    if remove:
        if role != "desk":
            raise unusable("--remove needs no --role")
        accounts.remove_token(name)
        note(f"The token {name} is void.")
        return
    text = accounts.add_token(name, role, luck=luck, now_ms=now_ms())
    note(f"The token {name} ({role}). It is kept nowhere; send it as: Authorization: Bearer TOKEN")
    say(text)
