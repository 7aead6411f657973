"""The phrases: one code is one sentence, and the same slots stand in it in every language.

What is said is the code and its slots; every text is made from them here and none is the message itself (LNG-01).
Values in slots are ASCII and are never localised: digits, times with Z, levels, ids (LNG-03).  In a language that is
written from right to left each value stands in a bidi isolate, so that the sentence keeps its order and no value can
change that of another; marks and embeddings that reorder are never written.
Source: DOMAIN 9.9, 10.4; Unicode Standard Annex 9, 2.4 "Explicit Directional Isolates".
"""

import difflib
import functools
import re
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from skyparley.base import limits
from skyparley.language import glossary
from skyparley.language.languages import (
    DRAFT_MARK,
    LANGUAGES,
    BadPhrase,
    Direction,
    Lang,
    Review,
    language,
    least_reviewed,
    read_data,
)

PhraseClass = Literal["LIFE", "SAFETY", "PRIORITY", "COORD", "ADMIN"]
CLASSES: Final[tuple[PhraseClass, ...]] = ("LIFE", "SAFETY", "PRIORITY", "COORD", "ADMIN")
LRI: Final = "\u2066"  # LEFT-TO-RIGHT ISOLATE
PDI: Final = "\u2069"  # POP DIRECTIONAL ISOLATE
SEVERAL: Final = ", "
"""Between several codes in one slot."""

_SLOT: Final = re.compile(r"\{([a-z0-9]+)\}")
_VALUE: Final = re.compile(r"[!-z|~](?:[ -z|~]*[!-z|~])?")
"""Printable ASCII without braces, no space at its ends: whatever is read aloud, and nothing that moves other text."""


class Phrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A phrase as phrasebook.json has it.  `lists`: which slots hold codes, and of which list of the glossary."""

    code: str
    cls: PhraseClass
    reply: str
    text: dict[Lang, str]
    review: dict[Lang, Review]
    lists: dict[str, str] = {}

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of its slots, in the order of the English sentence."""
        return slots_of(self.text["en"])


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence to show or read aloud.  `lang` is the language that it is in: English where `fallback` is true."""

    code: str
    text: str
    lang: Lang
    direction: Direction
    review: Review
    fallback: bool = False

    @property
    def mark(self) -> str:
        """What must stand beside the sentence; empty where it was reviewed."""
        marks = [DRAFT_MARK] if self.review == "draft" else []
        if self.fallback:
            marks.append("ENGLISH: the phrasebook has no such text yet")
        return ". ".join(marks)


def slots_of(template: str) -> tuple[str, ...]:
    """The names of the slots of a text, each once, in the order in which they come."""
    return tuple(dict.fromkeys(_SLOT.findall(template)))


@functools.cache
def phrases() -> tuple[Phrase, ...]:
    """All phrases, in the order of the book; read once."""
    return read_data("phrasebook.json", tuple[Phrase, ...])


@functools.cache
def _by_code() -> Mapping[str, Phrase]:
    return {one.code: one for one in phrases()}


def phrase(code: str) -> Phrase:
    """A phrase by its code.  Raises BadPhrase that names the nearest codes."""
    found = _by_code().get(code)
    if found is None:
        near = difflib.get_close_matches(code.upper(), list(_by_code()), n=3, cutoff=0.5) or list(_by_code())
        raise BadPhrase(f"{code!r} is no phrase; codes are like {', '.join(near)}")
    return found


def render(code: str, slots: Mapping[str, str], lang: str) -> Rendered:
    """The sentence of a code in a language, from ASCII texts for exactly its slots.

    A language that has no text for it says it in English and says so.  A slot that holds a code shows the code and its
    word.  Raises BadPhrase: an unknown phrase or language, a slot missing or too many, a value that cannot stand there.
    """
    one, wanted = phrase(code), language(lang)
    _check(one, slots)
    said = wanted.code if wanted.code in one.text else "en"
    values = {name: _value(name, value, one, said) for name, value in slots.items()}
    reviews = [one.review[said]]
    if one.lists and said in glossary.glossary().review:
        reviews.append(glossary.glossary().review[said])
    return Rendered(
        code=one.code,
        text=_SLOT.sub(lambda found: values[found[1]], one.text[said]),
        lang=said,
        direction=LANGUAGES[said].direction,
        review=least_reviewed(reviews),
        fallback=said != wanted.code,
    )


def template(one: Phrase, lang: Lang) -> Rendered:
    """The sentence of a phrase with its slots unfilled, as a book shows it; in English where the language has none."""
    said: Lang = lang if lang in one.text else "en"
    text = _SLOT.sub(lambda found: isolated(found[0], said), one.text[said])
    direction = LANGUAGES[said].direction
    return Rendered(
        code=one.code, text=text, lang=said, direction=direction, review=one.review[said], fallback=said != lang
    )


def isolated(text: str, lang: Lang) -> str:
    """A value inside a sentence: in an isolate where the sentence runs from right to left, as it is elsewhere."""
    return f"{LRI}{text}{PDI}" if LANGUAGES[lang].direction == "rtl" else text


def _check(one: Phrase, slots: Mapping[str, str]) -> None:
    """Raises BadPhrase that lists everything wrong at once."""
    wrong = [f"slot {name} is missing" for name in one.slots if name not in slots]
    wrong += [f"there is no slot {name}" for name in slots if name not in one.slots]
    wrong += [problem for name, value in slots.items() if (problem := _problem(name, value))]
    if wrong:
        has = f"has the slots {', '.join(one.slots)}" if one.slots else "has no slots"
        raise BadPhrase(f"phrase {one.code} {has}: {'; '.join(wrong)}")


def _problem(name: str, value: str) -> str:
    """What keeps a value from standing in a slot; empty when nothing does."""
    if len(value) > limits.SLOT_CHARS:
        return f"slot {name} is {len(value)} characters; {limits.SLOT_CHARS} at most are right"
    if _VALUE.fullmatch(value) is None:
        return f"slot {name} = {value!a}: plain ASCII without braces, with no space at its ends, is right"
    return ""


def _value(name: str, value: str, one: Phrase, lang: Lang) -> str:
    """A value as the sentence shows it; of a code also its word, unless the word says no more than the code."""
    if name not in one.lists:
        return isolated(value, lang)
    parts = []
    for part in value.split(SEVERAL):
        entry = glossary.find(one.lists[name], part)
        word = glossary.word(one.lists[name], entry, lang, level=isolated(entry.level, lang))
        gloss = f" ({word})" if word and word.upper() != entry.said.upper() else ""
        parts.append(isolated(entry.said, lang) + gloss)
    return SEVERAL.join(parts)
