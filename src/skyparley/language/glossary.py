"""The glossary: the codes that stand in slots of phrases, with their word in each language.

A code may hold a level, as `CLIMBING TO {level}` does.  Source: DOMAIN 10.4 below the tables, 11.1, INC-01.
"""

import difflib
import functools
import re
from typing import Final

import msgspec

from skyparley.language.languages import BadPhrase, Lang, Review, language, read_data

_LEVEL: Final = "{level}"


class Glossary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """glossary.json: how far each language was reviewed, and the lists: name, code, language, word."""

    review: dict[Lang, Review]
    lists: dict[str, dict[str, dict[Lang, str]]]


class Entry(msgspec.Struct, frozen=True):
    """A code as it was said: `code` as the list has it, and the level in it, empty where there is none."""

    code: str
    level: str = ""

    @property
    def said(self) -> str:
        """The code as it stands on the line, with its level."""
        return self.code.replace(_LEVEL, self.level)


@functools.cache
def glossary() -> Glossary:
    """All lists, read once."""
    return read_data("glossary.json", Glossary)


def codes(name: str) -> tuple[str, ...]:
    """The codes of a list.  Raises BadPhrase that names the lists there are."""
    return tuple(_list(name))


def find(name: str, value: str) -> Entry:
    """The code of a list that a value says.  Raises BadPhrase with the nearest codes, or all of them."""
    entries = _list(name)
    if value in entries and _LEVEL not in value:
        return Entry(value)
    for code in entries:
        before, mark, after = code.partition(_LEVEL)
        held = re.fullmatch(f"{re.escape(before)}([!-z|~][ -z|~]*){re.escape(after)}", value) if mark else None
        if held is not None:
            return Entry(code, held[1])
    near = difflib.get_close_matches(value.upper(), list(entries), n=3)
    right = f"perhaps {' or '.join(near)}" if near else f"it is one of {', '.join(entries)}"
    raise BadPhrase(f"{value!r} is no code of the list {name}; {right}")


def word(name: str, entry: Entry, lang: str, *, level: str = "") -> str:
    """The word for a code, empty where the language has none.  `level` is the level as the sentence shows it."""
    text = _list(name)[entry.code].get(language(lang).code, "")
    return text.replace(_LEVEL, level or entry.level)


def _list(name: str) -> dict[str, dict[Lang, str]]:
    lists = glossary().lists
    if name not in lists:
        raise BadPhrase(f"{name!r} is no list of the glossary; one of {', '.join(lists)} is")
    return lists[name]
