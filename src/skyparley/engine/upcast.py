"""Raises the content of an old entry to the schema of today, one number at a time.

Source: docs/spec/journal-v1.md 5.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from skyparley.base.errors import JournalFault

Step = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes a content of one schema and returns it in the next; it gives back a new dict and leaves the old one alone."""

UPCASTS: Final[Mapping[tuple[str, int], Step]] = {}
"""(kind, schema) to the step from that schema to schema + 1.  No step is ever removed: old journals stay readable."""


def upcast(
    kind: str,
    schema: int,
    current_schema: int,
    content: dict[str, Any],
    table: Mapping[tuple[str, int], Step] = UPCASTS,
) -> dict[str, Any]:
    """The content in schema `current_schema`; the same object when it is already there.

    Raises JournalFault, which names kind and schema, when the content is newer than `current_schema` or a step is
    missing: a content is never interpreted by guessing.
    """
    if schema < 1:
        raise JournalFault(f"{kind}: schema {schema} does not exist; they are counted from 1")
    if schema > current_schema:
        raise JournalFault(
            f"{kind}: the journal has schema {schema}, this program knows {current_schema}; run the newer program"
        )
    for number in range(schema, current_schema):
        step = table.get((kind, number))
        if step is None:
            raise JournalFault(f"{kind}: no step raises schema {number} to {number + 1}")
        content = step(content)
    return content
