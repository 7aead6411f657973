"""Which notices of a file say the very same as one that is filed already, or as one before them in the file."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from skyparley.cli.notice_file_plans import Entry
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.state.views import Overview

_Same: TypeAlias = tuple[str, tuple[bytes, ...]]
"""Kind and volumes, in whatever order these stand."""


def with_same(entries: Sequence[Entry], seen: Overview) -> tuple[Entry, ...]:
    """The notices, each with what it repeats: the same kind and volumes, whoever is told.

    What is past, ended or cancelled is not repeated: it says nothing any more.
    """
    known: dict[_Same, str] = {}
    for notice in seen.notices:
        if notice.own and not notice.past and notice.state not in ("ENDED", "CANCELLED"):
            known.setdefault(_same(notice.kind, notice.volumes), f"{notice.id}, filed already")
    marked = []
    for entry in entries:
        same = _same(entry.body["kind"], entry.volumes)
        marked.append(replace(entry, same_as=known.get(same, "")))
        known.setdefault(same, f"{entry.file_id} of this file")
    return tuple(marked)


def _same(kind: str, volumes: Iterable[VolumeSlot]) -> _Same:
    return kind, tuple(sorted(map(msgspec.json.encode, volumes)))
