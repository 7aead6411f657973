"""The tables that come with the program, one for each kind of pair of parties.  Source: DOMAIN 8."""

from importlib.resources import files
from typing import Final, Literal, TypeAlias

from skyparley.domain.table import Table, parse_table

Profile: TypeAlias = Literal["military", "civil-military", "utm"]
PROFILES: Final[tuple[Profile, ...]] = ("military", "civil-military", "utm")


def profile_text(name: Profile) -> str:
    """The text of a profile's table, as `skyparley table show` prints it."""
    return (files("skyparley.domain") / "tables" / f"{name}.toml").read_text("utf-8")


def profile(name: Profile) -> Table:
    """The table of a profile: `profile("utm").separation` is what conflicts are judged by.  Raises KeyError."""
    if name not in PROFILES:
        raise KeyError(f"{name!r} is not a profile; one of {', '.join(PROFILES)} is")
    return parse_table(profile_text(name))
