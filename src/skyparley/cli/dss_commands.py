"""Commands about a DSS for drone traffic: serve one alone, and keys and tokens to try it with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from skyparley.cli.endings import NO, Ending, unusable
from skyparley.cli.node_commands import name_from, tell_init
from skyparley.cli.options import Folder
from skyparley.cli.screen import note, say
from skyparley.cli.surroundings import luck, now_ms

if TYPE_CHECKING:
    from skyparley.adapters.system.dss_settings import DssSettings
    from skyparley.adapters.system.settings_edit import Value

SECTION: Final = "utm.dss"
TRIAL_ISSUER: Final = "skyparley-trial"
TRIAL_AUDIENCE: Final = "localhost"
LONGEST_S: Final = 3600
"""A DSS takes no token that is good for longer."""


class FolderIsEnough(TyperGroup):
    """`skyparley dss DIR` is `skyparley dss serve DIR`.  A folder with the name of a command is written ./key."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["serve", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Adds the group `dss` to the app."""
    dss = typer.Typer(
        name="dss",
        cls=FolderIsEnough,
        help="A DSS for drone traffic (ASTM F3548-21). `skyparley dss DIR` serves the one of a folder.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
    )
    dss.command("serve")(serve)
    dss.command("key")(key)
    dss.command("token")(token)
    app.add_typer(dss)


NameOption = Annotated[
    str, typer.Option(help="For a new folder: what it is called. Without it: the folder's name, if that will do.")
]


def serve(
    folder: Folder,
    listen: Annotated[
        str, typer.Option(metavar="ADDRESS:PORT", help="Where the DSS is served; 127.0.0.1:8442 at first.")
    ] = "",
    key: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Public keys that tokens are verified with, PEM or JWKS. Repeat for several."
        ),
    ] = None,
    jwks: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="An address of such keys. Repeat for several.")
    ] = None,
    audience: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What tokens call this DSS (aud). Repeat for several."),
    ] = None,
    name: NameOption = "",
) -> None:
    """Serve the DSS of a folder, and nothing else of its node, until it is stopped.

    What is given is written into node.toml and holds from then on. A folder that is not there is made.
    """
    from skyparley.adapters.system.node_dir import NodePaths
    from skyparley.cli.serve import serve_dss

    given: dict[str, Value] = {}
    if listen:
        given["listen"] = listen
    if key:
        given["keys"] = tuple(_as_seen_from(folder, one) for one in key)
    if jwks:
        given["jwks"] = tuple(jwks)
    if audience:
        given["audience"] = tuple(audience)
    if not NodePaths(folder).settings.exists():
        _made(folder, name, given)
    raise typer.Exit(serve_dss(folder, _with_listen(folder, given)))


def _as_seen_from(folder: Path, path: Path) -> str:
    """A file that was named from where the command runs, as the settings name it."""
    whole = path.resolve()
    if not whole.is_file():
        raise unusable(f"{path} is no file; it should hold public keys, PEM or JWKS")
    root = folder.resolve()
    return str(whole.relative_to(root) if whole.is_relative_to(root) else whole)


def _made(folder: Path, name: str, given: dict[str, "Value"]) -> None:
    """Make the folder of a node for a DSS, unless its settings would not do.  Says what a person must be told."""
    from skyparley.adapters.system.dss_settings import DEFAULT_LISTEN, DssSettings, dss_problems
    from skyparley.adapters.system.node_dir import NewNode, init_node

    settings: Any = {"listen": DEFAULT_LISTEN, **given}
    if wrong := dss_problems(DssSettings(**settings), "REAL"):
        raise unusable(*wrong, f"To try it without an authority: skyparley dss key {folder}")
    new = NewNode(name=name or name_from(folder))
    tell_init(folder, new.name, init_node(folder, new, luck=luck, now_ms=now_ms()))
    say()


def _with_listen(folder: Path, changes: dict[str, "Value"]) -> dict[str, "Value"]:
    """Changes that switch the DSS on too, at the usual address, where it is off."""
    from skyparley.adapters.system.dss_settings import DEFAULT_LISTEN
    from skyparley.adapters.system.node_dir import load_node

    if load_node(folder).utm.dss.listen:
        return changes
    return {"listen": DEFAULT_LISTEN, **changes}


# --- for trials ----------------------------------------------------------------------------------------------------


def key(folder: Folder, name: NameOption = "") -> None:
    """Make a key that signs tokens for trials, and let the DSS of the folder trust it. Not for real traffic."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    from skyparley.adapters.system.files import PUBLIC, write_atomic
    from skyparley.adapters.system.node_dir import NodePaths, load_node
    from skyparley.adapters.system.settings_edit import change_settings

    paths = NodePaths(folder)
    if paths.dss_trial_key.exists():
        raise Ending(NO, f"{paths.dss_trial_key} is there already; nothing was changed.")
    if not paths.settings.exists():
        _made(folder, name, {"keys": (paths.dss_trial_public.name,), "audience": (TRIAL_AUDIENCE,)})
    made = ec.generate_private_key(ec.SECP256R1())
    public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_atomic(paths.dss_trial_public, public, mode=PUBLIC)
    dss = load_node(folder).utm.dss
    changes = _with_listen(
        folder,
        {
            "keys": tuple(dict.fromkeys((*dss.keys, paths.dss_trial_public.name))),
            "audience": dss.audience or (TRIAL_AUDIENCE,),
            "issuer": (*dss.issuer, TRIAL_ISSUER) if dss.issuer and TRIAL_ISSUER not in dss.issuer else dss.issuer,
        },
    )
    change_settings(folder, SECTION, changes)
    # The key itself last: if the process dies before, nobody can sign, and the command may be given again.
    write_atomic(paths.dss_trial_key, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    say(f"The key for trials lies in {paths.dss_trial_key}. A DSS that runs already trusts it from its next start on.")
    say("FOR TRIALS ONLY: whoever can read this file can be any USS. Before real traffic begins, remove it, and take")
    say(f"{paths.dss_trial_public.name} out of utm.dss.keys in node.toml.")
    say("\nNext:")
    say(f"    skyparley dss {folder}")
    say(f"    skyparley dss token {folder} --sub uss1 --scope utm.strategic_coordination")


def token(
    folder: Folder,
    sub: Annotated[str, typer.Option(help="Who asks: the manager of what is made with it.")],
    scope: Annotated[list[str], typer.Option(help="What it allows. Repeat for several.")],
    audience: Annotated[str, typer.Option(help="For whom it is. Without it: as the settings have it.")] = "",
    lasts: Annotated[
        int, typer.Option(metavar="SECONDS", min=1, max=LONGEST_S, help="How long it is good.")
    ] = LONGEST_S,
) -> None:
    """Sign a token for trials with the key that `skyparley dss key` made, and print it."""
    from skyparley.adapters.system.dss_settings import missing_packages
    from skyparley.adapters.system.files import read_private
    from skyparley.adapters.system.node_dir import NodePaths, load_node

    if missing := missing_packages():
        raise Ending(NO, missing)
    _check_scopes(scope)
    _check_sub(sub)
    path = NodePaths(folder).dss_trial_key
    if not NodePaths(folder).settings.exists():
        raise unusable(
            f"{folder} is not there, or no folder of a node; make one with a key: skyparley dss key {folder}"
        )
    settings = load_node(folder).utm.dss
    if not path.exists():
        raise unusable(f"{folder} has no key for trials; make one with: skyparley dss key {folder}")
    said = {
        "sub": sub,
        "iss": TRIAL_ISSUER,
        "aud": audience or _audience(settings),
        "scope": " ".join(scope),
        "exp": now_ms() // 1000 + lasts,
    }
    import jwt

    note(f"A token for trials: {sub}, good for {lasts} s.")
    say(jwt.encode(said, read_private(path, what="the key for trials"), algorithm="ES256"))


def _audience(settings: "DssSettings") -> str:
    return settings.audience[0] if settings.audience else TRIAL_AUDIENCE


def _check_sub(sub: str) -> None:
    """Ends the command where the DSS would refuse whoever is named so."""
    from skyparley.utm.idents import NAME_RULE, is_name

    if not is_name(sub):
        raise unusable(f"--sub {sub!r} is no name that a DSS takes; it should have {NAME_RULE}")


def _check_scopes(scopes: list[str]) -> None:
    """Ends the command where a scope is none: a slip of the pen would be a 403 that nobody understands."""
    import difflib

    from skyparley.utm.scopes import EVERY

    for one in scopes:
        if one not in EVERY:
            near = difflib.get_close_matches(one, EVERY, n=1)
            hint = f" (perhaps {near[0]})" if near else ""
            raise unusable(f"{one!r} is no scope{hint}; these are: {', '.join(EVERY)}")
