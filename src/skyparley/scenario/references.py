"""References in a body: `{conflicts[own_notice=B-0001].pair_id}` is what the acting desk sees when the step is played.

`{B:path}` looks at B's desk; `{#id.path}` into the answer to the act with that id.
"""

from collections.abc import Mapping
from typing import Any

from skyparley.scenario.bodies import REFERENCE
from skyparley.scenario.judging import Meaning, shown
from skyparley.scenario.paths import BadPath, follow, read_path


class Unresolved(Exception):
    """A reference that leads to nothing, or to several things, when the step is played."""


def resolved(said: Any, by: str, *, seen: Mapping[str, Any], answers: Mapping[str, Any], meaning: Meaning) -> Any:
    """A body with its references replaced.  One that stands alone keeps the kind of what it leads to."""
    if isinstance(said, dict):
        return {name: resolved(one, by, seen=seen, answers=answers, meaning=meaning) for name, one in said.items()}
    if isinstance(said, list):
        return [resolved(one, by, seen=seen, answers=answers, meaning=meaning) for one in said]
    if not isinstance(said, str):
        return said

    def value(text: str) -> Any:
        return _value(text, by, seen, answers, meaning)

    whole = REFERENCE.fullmatch(said)
    return value(whole[1]) if whole else REFERENCE.sub(lambda match: shown(value(match[1])), said)


def _value(text: str, by: str, seen: Mapping[str, Any], answers: Mapping[str, Any], meaning: Meaning) -> Any:
    root: Any = seen[by]
    path = text.strip()
    if path.startswith("#"):
        name, _, path = path[1:].partition(".")
        root = answers.get(name)
    else:
        first, mark, rest = path.partition(":")
        if mark and first in seen:
            root, path = seen[first], rest
    try:
        found = follow(read_path(path), root, meaning.same)
    except BadPath as error:
        raise Unresolved(str(error)) from None
    if len(found) != 1:
        raise Unresolved(f"{{{text}}} leads to {len(found)} things where one is wanted")
    return found[0]
