"""What a timeline says of an act, in human forms, as the body that the desk door takes: the types of the body say how.

A text where a position, a level, a shape, a volume, a time or a length is wanted is read as one; so every act that the
desk has can be written without a word about it here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect

from skyparley.cli.forms import BadForm, read_bearing_mdeg, read_length_m, read_position, read_positions
from skyparley.cli.shape_forms import SHAPE_WORDS, read_shape
from skyparley.cli.volume_forms import read_level, read_volume, volume_of
from skyparley.domain.messages import slots
from skyparley.domain.messages.catalogue import CATALOGUE
from skyparley.scenario.moments import BadMoment, Calendar, span_ms
from skyparley.scenario.problems import unknown

REFERENCE = re.compile(r"\{([^{}]+)\}")
_VOLUME_KEYS: Final = ("area", "lower", "upper", "start", "end")
_LEVELS: Final = (
    slots.SfcSlot,
    slots.UnlSlot,
    slots.FlSlot,
    slots.AmslSlot,
    slots.AglSlot,
    slots.W84Slot,
)
_SHAPES: Final = (
    slots.CircleSlot,
    slots.PolygonSlot,
    slots.CorridorSlot,
    slots.OrbitSlot,
    slots.LineSlot,
    slots.ArcSlot,
)


def has_reference(said: Any) -> bool:
    """Whether something in it is only known when it is played."""
    if isinstance(said, dict):
        return any(map(has_reference, said.values()))
    if isinstance(said, list | tuple):
        return any(map(has_reference, said))
    return isinstance(said, str) and REFERENCE.search(said) is not None


Problems = Callable[[str, str], None]
"""Hears where in a body something is wrong, and what."""


class Gazetteer:
    """What a timeline gives names: days, places and areas."""

    def __init__(self, calendar: Calendar, places: Mapping[str, str], areas: Mapping[str, str]) -> None:
        self.calendar = calendar
        self.places = places
        self.areas = areas
        words = "|".join(re.escape(name) for name in sorted(places, key=len, reverse=True))
        self._names = re.compile(rf"(?<![\w.-])({words})(?![\w.-])") if words else None

    def placed(self, text: str) -> str:
        """The text with names of places written as positions, and days as dates.  Raises BadMoment."""
        text = self.calendar.dated(text)
        return self._names.sub(lambda match: self.places[match[1]], text) if self._names else text

    def shape(self, text: str) -> slots.ShapeSlot:
        """A shape by its name or as `circle 36.1N 37.2E 20NM`.  Raises BadForm, BadMoment."""
        text = self.placed(self.areas.get(text.strip(), text))
        kind, _, rest = text.strip().partition(" ")
        if kind.lower() not in SHAPE_WORDS:
            raise BadForm(f"{text!r} is no area of this file and begins with none of {', '.join(SHAPE_WORDS)}")
        return read_shape(kind.lower(), rest)

    def volume(self, said: Any) -> slots.VolumeSlot:
        """A volume from one text as --volume takes it, or a table of area, lower, upper, start, end."""
        if isinstance(said, str):
            first, mark, rest = said.partition(";")
            area = self.areas.get(first.strip(), first)
            return read_volume(self.placed(area + mark + rest), {})
        if not isinstance(said, dict):
            raise BadForm(f"{said!r} is no volume; write a table of {', '.join(_VOLUME_KEYS)}")
        for name in said:
            if name not in _VOLUME_KEYS:
                raise BadForm(unknown(name, _VOLUME_KEYS))
        texts = {name: value if isinstance(value, str) else "" for name, value in said.items()}
        if missing := [name for name in _VOLUME_KEYS if not texts.get(name)]:
            raise BadForm(f"a volume lacks {', '.join(missing)}")
        edges = {name: self.placed(texts[name]) for name in _VOLUME_KEYS[1:]}
        return volume_of(self.shape(texts["area"]), edges)


def wire(said: Any, kind: Any, names: Gazetteer, problems: Problems) -> Any:
    """`said` in the forms of a type of the desk API; what cannot be read is told to `problems` and stays as it was."""
    return _Reader(names, problems).read(said, inspect.type_info(kind), "")


class _Reader:
    """One walk through what was said and the type beside it."""

    def __init__(self, names: Gazetteer, problems: Problems) -> None:
        self._names = names
        self._problems = problems

    def read(self, said: Any, kind: inspect.Type, place: str) -> Any:
        """`place`: where in the body, for problems; its last part is the member's name."""
        if isinstance(said, str) and REFERENCE.search(said):
            return said  # It is known when it is played.
        try:
            return self._read(said, kind, place)
        except (BadForm, BadMoment) as error:
            self._problems(place, str(error))
            return said

    def _read(self, said: Any, kind: inspect.Type, place: str) -> Any:
        match kind:
            case inspect.Metadata():
                return self._read(said, kind.type, place)
            case inspect.UnionType():
                return self._union(said, kind, place)
            case inspect.StructType():
                return self._struct(said, kind, place)
            case inspect.VarTupleType() | inspect.ListType():
                if isinstance(said, str) and _is_position(kind.item_type):
                    return msgspec.to_builtins(read_positions(self._names.placed(said)))
                if isinstance(said, list):
                    return [self.read(one, kind.item_type, f"{place}[{at}]") for at, one in enumerate(said)]
            case inspect.TupleType():
                if isinstance(said, str) and _is_position(kind):
                    return list(read_position(self._names.placed(said)))
                if isinstance(said, list):
                    pairs = zip(said, kind.item_types, strict=False)
                    return [self.read(one, part, f"{place}[{at}]") for at, (one, part) in enumerate(pairs)]
            case inspect.IntType():
                return self._whole(said, place) if isinstance(said, str) else said
            case inspect.StrType():
                return self._names.calendar.dated(said) if isinstance(said, str) else said
        return said

    def _struct(self, said: Any, kind: inspect.StructType, place: str) -> Any:
        if kind.cls is slots.VolumeSlot and not (isinstance(said, dict) and "shape" in said):
            return msgspec.to_builtins(self._names.volume(said))
        if not isinstance(said, dict):
            return said
        fields = {field.encode_name: field for field in kind.fields}
        read = {}
        for name, value in said.items():
            inner = f"{place}.{name}" if place else name
            if name == "slots" and str(said.get("type")) in CATALOGUE:
                # The members of a statement are those of its type.
                read[name] = self.read(value, inspect.type_info(CATALOGUE[said["type"]].slots), inner)
            elif name in fields:
                read[name] = self.read(value, fields[name].type, inner)
            else:
                if name != kind.tag_field:
                    self._problems(inner, unknown(name, fields))
                read[name] = value
        missing = [name for name, field in fields.items() if field.required and name not in said]
        if missing and place:  # What is missing at the top may stand in the address, or be filled in by the desk.
            self._problems(place, f"lacks {', '.join(missing)}")
        return read

    def _union(self, said: Any, kind: inspect.UnionType, place: str) -> Any:
        structs = [one for one in kind.types if isinstance(one, inspect.StructType)]
        classes = {one.cls for one in structs}
        if isinstance(said, str) and classes & set(_LEVELS):
            return msgspec.to_builtins(read_level(said))
        if isinstance(said, str) and classes & set(_SHAPES):
            return msgspec.to_builtins(self._names.shape(said))
        if isinstance(said, dict) and structs:
            fitting = [one for one in structs if one.tag_field and said.get(one.tag_field) == one.tag]
            return self._struct(said, (fitting or structs)[0], place)
        plain = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        texts = any(isinstance(_bare(one), inspect.StrType | inspect.LiteralType) for one in plain)
        if isinstance(said, str) and texts:
            return self._names.calendar.dated(said)
        return self._read(said, plain[0], place) if plain else said

    def _whole(self, said: str, place: str) -> int:
        """A whole number written as a text: its name says what it counts."""
        name = place.rpartition(".")[2].partition("[")[0]
        if name.endswith("_mdeg"):
            return read_bearing_mdeg(said)
        if name.endswith("_m"):
            return read_length_m(said)
        if name.endswith("_ms") and not said.strip().startswith("D"):
            return span_ms(said)
        return self._names.calendar.moment(said)


def _bare(kind: inspect.Type) -> inspect.Type:
    return _bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def _is_position(kind: inspect.Type) -> bool:
    """Whether a type is the pair of whole numbers that stands for a position."""
    kind = _bare(kind)
    return (
        isinstance(kind, inspect.TupleType)
        and len(kind.item_types) == 2
        and all(isinstance(_bare(one), inspect.IntType) for one in kind.item_types)
    )
