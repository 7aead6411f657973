"""Paths into what a desk sees: `lines[peer=B].state`, `conflicts[own_notice=A-0001].offer.turn`.  Read, checked, followed.

A path names members with points between them.  Brackets choose from a list: `[0]` by place, `[name=value, other!=value]` by
what stands inside, `~` for a text or a list that contains the value.  A list without brackets means each of its members.
A path is checked against the types of what it walks through before anything is played: a slip of the pen would else look
like something that is absent.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec import inspect

from skyparley.scenario.problems import unknown

_STEP = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)?(?P<brackets>(?:\[[^\]]*\])*)")
_BRACKET = re.compile(r"\[([^\]]*)\]")
_CONDITION = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(!=|=|~)\s*(.*?)\s*")
RIGHT: Final = "write it like lines[peer=B].state or conflicts[own_notice=A-0001, other_notice=B-0001].conflict_id"

Reader = Callable[[str, Any], bool]
"""Whether a written value means a found one."""


class BadPath(ValueError):
    """A path that leads nowhere; the message says what would be right."""


class Condition(msgspec.Struct, frozen=True):
    """One condition in brackets."""

    member: tuple[str, ...]
    how: str
    value: str


class PathStep(msgspec.Struct, frozen=True):
    """One member, and what is chosen from it.  `place` is -1 where none is named."""

    name: str
    conditions: tuple[Condition, ...] = ()
    place: int = -1


Path = tuple[PathStep, ...]


def read_path(text: str) -> Path:
    """A path from its text.  Raises BadPath."""
    steps: list[PathStep] = []
    for part in _split(text.strip(), "."):
        match = _STEP.fullmatch(part.strip())
        if match is None or not match["name"]:
            raise BadPath(f"{part!r} in {text!r} is no member of a path; {RIGHT}")
        conditions: list[Condition] = []
        place = -1
        for inside in _BRACKET.findall(match["brackets"]):
            if inside.strip().isdigit():
                place = int(inside)
                continue
            conditions += [_condition(one, text) for one in inside.split(",")]
        steps.append(PathStep(match["name"], tuple(conditions), place))
    return tuple(steps)


def _condition(text: str, whole: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None or not match[3]:
        raise BadPath(f"[{text.strip()}] in {whole!r} chooses nothing; {RIGHT}")
    return Condition(tuple(match[1].split(".")), match[2], match[3].strip("\"'"))


def _split(text: str, mark: str) -> Iterator[str]:
    """Parts between marks that do not stand in brackets."""
    depth, part = 0, ""
    for letter in text:
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if letter == mark and not depth:
            yield part
            part = ""
        else:
            part += letter
    yield part


# --- checking -----------------------------------------------------------------------------------------------------


def check_path(path: Path, root: Any) -> None:
    """Hold a path against the type of what it walks through.  Raises BadPath naming the nearest right member."""
    kinds = _plain(inspect.type_info(root))
    for step in path:
        kinds = _members(kinds, step.name)
        for condition in step.conditions:
            inner = kinds
            for name in condition.member:
                inner = _members(inner, name)


def members(root: Any) -> list[tuple[str, str]]:
    """The members of a type with the words for what stands there, for `show`."""
    found: list[tuple[str, str]] = []
    for kind in _plain(inspect.type_info(root)):
        if isinstance(kind, inspect.StructType):
            found += [(field.name, type_words(field.type)) for field in kind.fields]
    return found


def _members(kinds: Sequence[inspect.Type], name: str) -> list[inspect.Type]:
    """What stands under a name, whichever of the kinds it is; a kind that may hold anything holds everything."""
    found: list[inspect.Type] = []
    known: list[str] = []
    for kind in kinds:
        match kind:
            case inspect.AnyType() | inspect.RawType():
                return [inspect.AnyType()]
            case inspect.DictType():
                found += _plain(kind.value_type)
            case inspect.StructType():
                known += [field.name for field in kind.fields]
                if kind.tag_field:
                    known.append(kind.tag_field)
                    found += [inspect.StrType()] if kind.tag_field == name else []
                for field in kind.fields:
                    if field.name == name:
                        found += _plain(field.type)
    if not found:
        if not known:
            raise BadPath(f"{name!r} leads on from what has no members")
        raise BadPath(unknown(name, dict.fromkeys(known)))
    return found


def _plain(kind: inspect.Type) -> list[inspect.Type]:
    """The kinds of a type without unions and lists around them: a path looks at each member of a list."""
    match kind:
        case inspect.Metadata():
            return _plain(kind.type)
        case inspect.UnionType():
            return [one for part in kind.types for one in _plain(part)]
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            return _plain(kind.item_type)
        case inspect.TupleType():
            return [one for part in kind.item_types for one in _plain(part)]
        case inspect.NoneType():
            return []
    return [kind]


def type_words(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata():
            return type_words(kind.type)
        case inspect.UnionType():
            return " or ".join(dict.fromkeys(type_words(one) for one in kind.types))
        case inspect.ListType() | inspect.VarTupleType():
            return f"list of {type_words(kind.item_type)}"
        case inspect.TupleType():
            return f"({', '.join(map(type_words, kind.item_types))})"
        case inspect.StructType():
            return kind.cls.__name__
        case inspect.LiteralType():
            return " | ".join(map(str, kind.values))
        case inspect.StrType():
            return "text"
        case inspect.IntType():
            return "whole number"
        case inspect.BoolType():
            return "true or false"
        case inspect.NoneType():
            return "nothing"
        case inspect.DictType():
            return f"table of {type_words(kind.value_type)}"
    return "anything"


# --- following ----------------------------------------------------------------------------------------------------


def follow(path: Path, root: Any, means: Reader) -> list[Any]:
    """Everything that a path leads to; empty where it leads to nothing.  `means` compares a written value with a found one."""
    found = [root]
    for step in path:
        found = [inner for value in found for inner in _step(step, value, means)]
    return found


def _step(step: PathStep, value: Any, means: Reader) -> list[Any]:
    inner = _get(value, step.name)
    if inner is None:
        return []
    # Brackets choose among the members of a list; without them a list of plain values stays one value.
    if not isinstance(inner, list | tuple):
        return [inner] if _chosen(inner, step, means) else []
    several = [one for one in inner if _chosen(one, step, means)]
    if step.place >= 0:
        return several[step.place : step.place + 1]
    if step.conditions or any(isinstance(one, msgspec.Struct | dict) for one in inner):
        return several
    return [inner]


def _chosen(value: Any, step: PathStep, means: Reader) -> bool:
    return all(_holds(condition, value, means) for condition in step.conditions)


def _holds(condition: Condition, value: Any, means: Reader) -> bool:
    found = [value]
    for name in condition.member:
        found = [inner for one in found for inner in _each(_get(one, name))]
    equal = [means(condition.value, one) for one in found]
    if condition.how == "!=":
        return not any(equal)
    if condition.how == "~":
        return any(condition.value in str(one) for one in found)
    return any(equal)


def _each(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _get(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, msgspec.Struct):
        if name in type(value).__struct_fields__:
            inner = getattr(value, name)
            return None if inner is msgspec.UNSET else inner
        plain = msgspec.to_builtins(value)  # The tag of a union, like `ref` of a level, is no member of the struct.
        return plain.get(name) if isinstance(plain, dict) else None
    return None
