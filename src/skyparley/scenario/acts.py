"""The acts that a step can name: every act of the desk door, by a word made of its command, or by its address."""

import re
from typing import Any, Final

import msgspec
from msgspec import inspect

from skyparley.adapters.doors.acts import ACTS
from skyparley.adapters.doors.acts import Act as DoorAct

_WORD = re.compile(r"(?<!^)(?=[A-Z])")
FILLED_IN: Final = ("expected_version", "expected_revision", "proposal")
"""What a desk's screen adds by itself: the version or revision that it shows, and the offer that is open."""


def act_names() -> dict[str, DoorAct]:
    """Word -> act, as `file_notice`; the first address of a command has the word, every address is a name too."""
    found: dict[str, DoorAct] = {}
    for act in ACTS:
        found.setdefault(_WORD.sub("_", act.command.__name__).lower(), act)
    return found | {act.path: act for act in ACTS}


def in_address(act: DoorAct) -> tuple[str, ...]:
    """Members of the command that stand in the address."""
    return tuple(part[1:-1] for part in act.path.split("/") if part.startswith("{"))


def fields_of(act: DoorAct) -> list[inspect.Field]:
    """The members of an act that a timeline may name."""
    info = inspect.type_info(act.command)
    assert isinstance(info, inspect.StructType), "commands are structs"
    return [field for field in info.fields if field.name not in act.given]


def missing(act: DoorAct, body: dict[str, Any]) -> list[str]:
    """Members that must be said and are not."""
    return [
        field.name
        for field in fields_of(act)
        if field.required and field.name not in body and field.name not in FILLED_IN
    ]


def split(act: DoorAct, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The address with its members, and what is left for the body."""
    address = act.path
    for name in in_address(act):
        address = address.replace(f"{{{name}}}", str(body[name]))
    return address, {name: value for name, value in body.items() if name not in in_address(act)}


def command_fields(act: DoorAct) -> tuple[str, ...]:
    """All names of members, those that the door adds not among them."""
    return tuple(field.name for field in msgspec.structs.fields(act.command) if field.name not in act.given)
