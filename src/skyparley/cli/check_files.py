"""Files of a check: what is read, under which name, and a page that is written whole or not at all."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from skyparley.base import limits
from skyparley.base.errors import Reason
from skyparley.check.rules import BadEdge, Edge, Rules, read_edge
from skyparley.cli.endings import unusable
from skyparley.cli.surroundings import read_text
from skyparley.domain.profiles import PROFILES, profile_text
from skyparley.domain.table import BadTable, parse_table, table_hash
from skyparley.formats.reading import read
from skyparley.formats.records import Flaw, Reading

STANDARD_INPUT: Final = "standard input"


class Source(NamedTuple):
    """A file to read: as the person named it, and under which name its plans are read.

    The stem of that name is the party of plans that name none, so no two files may have one.
    """

    given: str
    read_as: str


def rules_of(*, table: str, profile: str, edge: str, within: bool) -> Rules:
    """What the check goes by.  Ends the command for a table or an edge that cannot be used."""
    if table and profile:
        raise unusable("--table or --profile: one of them")
    profile = profile or "military"
    if table:
        name, text = table, read_text(table, what="a table of numbers")
    elif profile in PROFILES:
        name = f"profile {profile}"
        text = profile_text(profile)
    else:
        raise unusable(f"{profile!r} is not a profile; the profiles are {', '.join(PROFILES)}")
    try:
        numbers = parse_table(text)
    except BadTable as error:
        raise unusable(f"{name} is not a table: {error}", "See: skyparley table show") from None
    try:
        off = read_edge(edge) if edge else Edge()
    except BadEdge as error:
        raise unusable(f"--edge: {error}") from None
    return Rules(table=name, table_hash=table_hash(numbers), separation=numbers.separation, edge=off, within=within)


def sources(given: Sequence[str]) -> tuple[list[Source], list[str]]:
    """The files to read, each once, and what a person must know about how they were taken."""
    taken: list[Source] = []
    remarks: list[str] = []
    known: set[object] = set()
    stems: dict[str, int] = {}
    for name in given:
        identity = _identity(name)
        if identity in known:
            remarks.append(f"{name} is named twice; it is read once.")
            continue
        known.add(identity)
        path = Path("stdin" if name == "-" else name)
        stems[path.stem] = stems.get(path.stem, 0) + 1
        if stems[path.stem] == 1:
            taken.append(Source(name, path.name))
            continue
        party = f"{path.stem}-{stems[path.stem]}"
        taken.append(Source(name, party + path.suffix))
        remarks.append(
            f"{name}: another file is called {path.stem!r} too; what names no party in this one is of {party!r}."
        )
    return taken, remarks


def _identity(name: str) -> object:
    """What tells one file from another under any name; the name itself where there is no file."""
    if name == "-":
        return name
    try:
        found = os.stat(name)
    except OSError:
        return name
    return (found.st_dev, found.st_ino)


def reading_of(source: Source) -> Reading:
    """One file, read.  A file that cannot be had is a reading with one flaw: the others are still checked."""
    shown = STANDARD_INPUT if source.given == "-" else source.given
    try:
        data = _bytes(source.given)
    except OSError as error:
        hint = "; name the files in it" if isinstance(error, IsADirectoryError) else ""
        return _unreadable(shown, f"cannot be read: {error.strerror or error}{hint}")
    if len(data) > limits.CHECK_FILE_BYTES:
        return _unreadable(shown, f"is larger than {limits.CHECK_FILE_BYTES >> 20} MiB; split it")
    found = read(source.read_as, data)
    renamed = msgspec.structs.replace
    return renamed(
        found,
        file=shown,
        plans=tuple(renamed(plan, file=shown) for plan in found.plans),
        flaws=tuple(renamed(flaw, file=shown) for flaw in found.flaws),
    )


def _bytes(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(limits.CHECK_FILE_BYTES + 1)
    with Path(name).open("rb") as stream:
        return stream.read(limits.CHECK_FILE_BYTES + 1)


def _unreadable(file: str, text: str) -> Reading:
    flaw = Flaw(file=file, place="", reason=Reason("FILE_UNREADABLE", text))
    return Reading(file=file, format="unreadable", features=0, flaws=(flaw,))


@contextlib.contextmanager
def written_whole(target: Path | None, read: Sequence[str] = ()) -> Iterator[Path | None]:
    """A file aside that takes the target's place when all went well, and is gone when not; None for None.

    The target's folder is tried at once, so that nobody waits for a page that cannot be written.  If the process dies,
    the target is what it was before and a hidden file is left beside it.  None of the files to `read` is written over.
    """
    if target is None:
        yield None
        return
    if target.exists() and _identity(str(target)) in map(_identity, read):
        raise unusable(f"{target} is one of the files to be checked, and is not written over; name another for the map")
    if target.is_dir():
        raise unusable(f"{target} is a folder; name a file in it, like {target / 'check.html'}")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise unusable(f"{target} cannot be written: {error.strerror or error}") from None
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        aside.chmod(0o666 & ~_umask())
        aside.replace(target)
    except OSError as error:
        raise unusable(f"{target} cannot be written: {error.strerror or error}") from None
    finally:
        aside.unlink(missing_ok=True)


def _umask() -> int:
    """The process's mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
