"""The JSON Schemas of the specification, by which everything that the tested node says is judged."""

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from skyparley.conform.requirement import Fails

_NAME: Final = re.compile(r"[A-Za-z-]{1,32}", re.ASCII)  # a name may come from the node, and is no path
SHOWN: Final = 160  # characters of what was wrong


def what_is_wrong(name: str, payload: Any) -> str:
    """The first thing that the schema of this name has against a payload; empty when there is none."""
    error = next(iter(_validator(name).iter_errors(payload)), None)
    if error is None:
        return ""
    place = ".".join(str(part) for part in error.absolute_path) or "the payload"
    return f"{place}: {error.message[:SHOWN]}"


def check(name: str, payload: Any) -> None:
    """Raises Fails when the schema does not let the payload pass."""
    wrong = what_is_wrong(name, payload)
    if wrong:
        raise Fails(f"{name} does not fit its schema: {wrong}")


def known(name: str) -> bool:
    """Whether the specification has a schema of this name."""
    return _NAME.fullmatch(name) is not None and _file(name).is_file()


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(_file(name).read_text(encoding="utf-8")))


def _file(name: str) -> Any:
    """Where the schema lies: in an installed package beside this file, in a checkout among the documents."""
    packed = files("skyparley.conform") / "schemas"
    folder = packed if packed.is_dir() else Path(__file__).parents[3] / "docs" / "spec" / "schemas"
    return folder / f"{name}.json"
