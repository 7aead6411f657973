"""Small changes to volumes as an officer says them: `B-0001#1 upper=FL180 end=09:30Z`.  Pure.

`ID#N` names one volume, counted from 1; `ID` alone means all of them; `PARTY:ID` where both sides use one id.
Keys: lower, upper, start, end; and shift, which moves start and end together, like shift=+30min.  A time of day stands
on the day of the time that it replaces.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from skyparley.cli.forms import BadForm, read_span_ms, read_time
from skyparley.cli.volume_forms import read_level
from skyparley.domain.messages.slots import VolumeSlot

_TARGET = re.compile(r"(?:([A-Za-z0-9-]{1,16}):)?([A-Za-z][A-Za-z0-9-]{0,31})?(?:#(\d{1,2}))?", re.ASCII)
_SETTING = re.compile(r"\s*([A-Za-z]+)\s*=\s*(.+?)(?=\s+[A-Za-z]+\s*=|\s*$)", re.ASCII | re.DOTALL)
KEYS: Final = ("lower", "upper", "start", "end", "shift")
RIGHT: Final = "write it like 'B-0001#1 upper=FL180 end=09:30Z'; the keys are " + ", ".join(KEYS)


class Edit(msgspec.Struct, frozen=True):
    """One change: of which notice ("" where only one can be meant), of which volume (0: all), and what."""

    party: str
    id: str
    volume: int
    settings: tuple[tuple[str, str], ...]


def read_edit(text: str) -> Edit:
    """An edit from its text.  Raises BadForm."""
    target, _, rest = text.strip().partition(" ")
    if "=" in target:  # `end=09:30Z` alone, where only one notice can be meant
        target, rest = "", text.strip()
    match = _TARGET.fullmatch(target)
    if match is None:
        raise BadForm(f"{target!r} names no notice; {RIGHT}")
    party, notice_id, number = match.groups()
    settings: list[tuple[str, str]] = []
    place = 0
    while place < len(rest) and rest[place:].strip():
        found = _SETTING.match(rest, place)
        if found is None or found[1].lower() not in KEYS:
            raise BadForm(f"{rest[place:].strip()!r} says no change; {RIGHT}")
        settings.append((found[1].lower(), found[2]))
        place = found.end()
    if not settings:
        raise BadForm(f"{text!r} says no change; {RIGHT}")
    if number is not None and int(number) == 0:
        raise BadForm(f"{target!r}: volumes are counted from 1")
    return Edit((party or "").upper(), (notice_id or "").upper(), int(number or 0), tuple(settings))


def apply_edit(edit: Edit, volumes: Sequence[VolumeSlot], *, now_ms: int) -> tuple[VolumeSlot, ...]:
    """The volumes after an edit.  Raises BadForm: there is no such volume, or a value is no level or time."""
    if edit.volume > len(volumes):
        raise BadForm(f"{edit.id or 'the notice'} has {len(volumes)} volumes; there is no volume {edit.volume}")
    return tuple(
        _edited(volume, edit.settings, now_ms) if edit.volume in (0, place) else volume
        for place, volume in enumerate(volumes, 1)
    )


def _edited(volume: VolumeSlot, settings: Sequence[tuple[str, str]], now_ms: int) -> VolumeSlot:
    for key, value in settings:
        match key:
            case "lower":
                volume = replace(volume, lower=read_level(value, rounding="down"))
            case "upper":
                volume = replace(volume, upper=read_level(value, rounding="up"))
            case "start":
                volume = replace(volume, start=read_time(value, now_ms=now_ms, day_ms=volume.start))
            case "end":
                volume = replace(volume, end=read_time(value, now_ms=now_ms, day_ms=volume.end))
            case "shift":
                span = read_span_ms(value)
                volume = replace(volume, start=volume.start + span, end=volume.end + span)
    return volume


def edit_both(
    edits: Sequence[Edit], notices: Mapping[tuple[str, str], Sequence[VolumeSlot]], *, now_ms: int
) -> dict[tuple[str, str], tuple[VolumeSlot, ...]]:
    """New volumes of those of the notices, by (party, id), that the edits change; edits apply one after the other."""
    changed: dict[tuple[str, str], tuple[VolumeSlot, ...]] = {}
    for edit in edits:
        key = _meant(edit, tuple(notices))
        changed[key] = apply_edit(edit, changed.get(key, tuple(notices[key])), now_ms=now_ms)
    return changed


def _meant(edit: Edit, keys: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The one notice that an edit names."""
    found = [key for key in keys if edit.id == key[1] and edit.party in ("", key[0])]
    if len(found) == 1:
        return found[0]
    here = " and ".join(f"{party}:{notice_id}" for party, notice_id in keys)
    if found:
        raise BadForm(f"both sides have a notice {edit.id}; say whose: {here}")
    raise BadForm(f"{edit.id or 'a change without a notice'} is not one of the two; they are {here}")
