"""What a writer of timelines can name: acts with their members, parts of a desk's view, faults, events, statements."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from skyparley.domain.events import EVENTS
from skyparley.domain.messages.catalogue import CATALOGUE
from skyparley.scenario import acts
from skyparley.scenario.paths import members, type_words
from skyparley.scenario.reading_steps import FAULTS
from skyparley.state.views import Overview


def act_lines() -> Iterator[str]:
    """Every act: its name, what it does, its members; those with a question mark may be left away."""
    for name, act in acts.act_names().items():
        if name.startswith("/"):
            continue
        yield f"{name}  {act.summary}"
        for field in acts.fields_of(act):
            filled = " (filled in where it is left away)" if field.name in acts.FILLED_IN else ""
            mark = "" if field.required else "?"
            yield f"    {field.name}{mark}: {type_words(field.type)}{filled}"


def view_lines() -> Iterator[str]:
    """Every member that a path can name, type after type, from the overview on."""
    waiting: list[Any] = [Overview]
    told: set[Any] = set()
    while waiting:
        kind = waiting.pop(0)
        if kind in told:
            continue
        told.add(kind)
        yield f"{'a path begins here: ' if kind is Overview else ''}{kind.__name__}"
        for name, words in members(kind):
            yield f"    {name}: {words}"
        waiting += _inside(inspect.type_info(kind))


def name_lines() -> Iterator[str]:
    """Faults, types of statements, kinds of entries."""
    yield "faults: " + ", ".join(FAULTS)
    yield "statements: " + ", ".join(CATALOGUE)
    yield "entries: " + ", ".join(EVENTS)


def _inside(kind: inspect.Type) -> list[type[msgspec.Struct]]:
    """The structs of the views that a type holds: those of the wire are described by the line's specification."""
    match kind:
        case inspect.Metadata():
            return _inside(kind.type)
        case inspect.UnionType():
            return [one for part in kind.types for one in _inside(part)]
        case inspect.ListType() | inspect.VarTupleType():
            return _inside(kind.item_type)
        case inspect.TupleType():
            return [one for part in kind.item_types for one in _inside(part)]
        case inspect.StructType():
            if not kind.cls.__module__.startswith(Overview.__module__.rpartition(".")[0]):
                return []
            return [kind.cls, *(one for field in kind.fields for one in _inside(field.type))]
    return []
