"""Peers and notices that options name, held against what the node knows before anything else is said or done."""

import re
from collections.abc import Iterable
from typing import Final

from skyparley.cli.endings import NO, UNUSABLE, Ending
from skyparley.state.views import NoticeView, Overview

_KEY: Final = re.compile(r"(?:(\S+) )?([A-Z][A-Z0-9-]{0,31}) v([1-9][0-9]{0,8})")
"""Party or nothing, notice, version; as refusals and previews write it: `B B-0001 v1`."""


def known_peers(seen: Overview, names: Iterable[str]) -> None:
    """Ends the command where one is no pinned peer, by name or fingerprint."""
    pinned = {name for line in seen.lines for name in (line.peer, line.fingerprint)}
    for name in names:
        if name not in pinned:
            known = ", ".join(sorted(line.peer for line in seen.lines)) or "none"
            text = f"UNKNOWN_PEER: no peer is called {name!r}; pinned: {known}"
            raise Ending(NO, "Refused. Nothing was filed:", f"  {text}")


def known_keys(seen: Overview, keys: Iterable[str]) -> None:
    """Ends the command where one is not written as a version, or is of no notice of theirs that the node knows.

    An older version than theirs is now passes: whether it matters, the node says when the two conflict.
    """
    for key in keys:
        written = _KEY.fullmatch(key)
        if written is None:
            right = f"a notice of theirs and its version, like --key '{_like(seen)}'"
            raise Ending(
                UNUSABLE, f"Cannot use this: --key {key!r} names no version; it is {right}. Nothing was filed."
            )
        party, notice_id, version = written.groups()
        theirs = [one for one in seen.notices if not one.own and one.id == notice_id and party in (None, one.party)]
        if not theirs or int(version) > max(one.version for one in theirs):
            there = f"there is {_full(theirs[0])}" if theirs else f"theirs are: {_some(seen)}"
            raise Ending(
                NO, f"--key {key!r} names no notice of theirs that this node knows; {there}. Nothing was filed."
            )


def _full(notice: NoticeView) -> str:
    return f"{notice.party} {notice.ref}"


def _theirs(seen: Overview) -> list[str]:
    return [_full(one) for one in seen.notices if not (one.own or one.past or one.state in ("ENDED", "CANCELLED"))]


def _like(seen: Overview) -> str:
    return next(iter(_theirs(seen)), "B B-0001 v1")


def _some(seen: Overview) -> str:
    """The live ones, as far as a person reads."""
    refs = _theirs(seen)
    more = f" and {len(refs) - 8} more" if len(refs) > 8 else ""
    return f"{', '.join(refs[:8])}{more}" if refs else "none"
