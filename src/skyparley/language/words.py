"""Words that the line avoids, in free text: banned ones and false friends, each with the word to use.

They stand in words.json: `forms` and `allowed` are regular expressions for each language, where a space means what may
stand between two words; `allowed` are expressions in which the word is no trouble (a bird strike).  Text and forms are
compared folded: without regard to case, accents, vowel signs and the dots of the Turkish i.  A form counts only as a
whole word of its script, with the letters that Arabic and Hebrew write at a word's beginning and end; Chinese has no
such borders.  What is shown to people stays as it was written.  Source: DOMAIN 10.3, DIS-06, LNG-05.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import msgspec

from skyparley.base import limits
from skyparley.base.errors import Reason
from skyparley.language.languages import LANGS, LANGUAGES, Lang, Review, Script, language, read_data

LETTERS: Final[dict[Script, str]] = {
    "latin": "a-z\u00df-\u024f",
    "cyrillic": "\u0400-\u04ff",
    "arabic": "\u0620-\u06ff",
    "hebrew": "\u05d0-\u05f4",
    "han": "",
}
"""The letters of each script as they are after folding: a form must not touch one on either side."""
_BEFORE: Final[dict[Script, str]] = {"arabic": "[وف]?(?:لل|[بكل]?(?:ال)?)", "hebrew": "[והבלמכש]{0,3}"}
_AFTER: Final[dict[Script, str]] = {"arabic": "(?:ها|هم|هما|نا|كم|ه|ك|ي|ا|ان|ين|ات)?"}
_SAME: Final = str.maketrans({"ı": "i", "ى": "ي", "ة": "ه", "ٱ": "ا", "ـ": None, "’": "'", "ʼ": "'", "׳": "'"})
"""Letters that people write for one another, the Arabic line that only stretches a word, and apostrophes."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of what cannot be seen or has no meaning: controls, marks of direction and joining, unassigned."""

_MIXED: Final = re.compile(r"\w*(?:[a-zß-ɏ][\u0400-\u04ff]|[\u0400-\u04ff][a-zß-ɏ])\w*", re.IGNORECASE)


class Avoided(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A word to avoid, in all languages that have a form of it."""

    id: str
    why: str
    use: dict[Lang, str]
    forms: dict[Lang, list[str]]
    allowed: dict[Lang, list[str]] = {}


class WordList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """words.json: the words, and how far the forms of each language were reviewed."""

    review: dict[Lang, Review]
    words: tuple[Avoided, ...]


class Found(msgspec.Struct, frozen=True):
    """A word to avoid that stands in a text: as it was written, why it is avoided, and the word to use.

    `at` counts characters from 0; `lang` is the language of the form, and of `use`.
    """

    word: str
    why: str
    use: str
    id: str
    lang: Lang
    at: int


@functools.cache
def avoided() -> WordList:
    """All words that the line avoids, read once."""
    return read_data("words.json", WordList)


def screen(text: str) -> tuple[Found, ...]:
    """The words to avoid in a text, in any language, in the order in which they stand; none in a text that has none.

    Where two forms meet the longer counts.
    """
    folded, places = fold(text)
    found: list[Found] = []
    for one in avoided().words:
        for lang in one.forms:
            forms, allowed = _compiled(one.id, lang)
            free = [match.span() for match in allowed.finditer(folded)] if allowed is not None else []
            for match in forms.finditer(folded):
                start, end = match.span()
                if not any(first <= start and end <= last for first, last in free):
                    word = text[places[start] : places[end - 1] + 1]
                    found.append(Found(word, one.why, one.use.get(lang, one.use["en"]), one.id, lang, places[start]))
    return tuple(_longest(found))


def free_text_reasons(text: str, lang: str) -> tuple[Reason, ...]:
    """All that keeps a free text from being said: empty, or too long, or unseen characters, or words to avoid.

    Empty when nothing does.  Raises BadPhrase for a language that the phrasebook does not have.
    """
    language(lang)
    reasons = []
    if not text.strip():
        reasons.append(Reason("FREE_TEXT_EMPTY", "a free text says something or is left out", "free_text"))
    if len(text) > limits.FREE_TEXT_CHARS:
        said = f"the text has {len(text)} characters; {limits.FREE_TEXT_CHARS} at most are right"
        reasons.append(Reason("FREE_TEXT_LONG", said, "free_text"))
    if unseen := sorted({f"U+{ord(char):04X}" for char in text if unicodedata.category(char) in _UNSEEN}):
        said = f"the text holds {', '.join(unseen)}; only characters that are seen are right, on one line"
        reasons.append(Reason("FREE_TEXT_CHARACTERS", said, "free_text"))
    if mixed := _MIXED.search(text):
        said = f"{mixed[0]!r} mixes Latin and Cyrillic letters, which look alike and are read as another word"
        reasons.append(Reason("FREE_TEXT_CHARACTERS", said, "free_text"))
    for one in screen(text):
        said = f"{one.word!r}: {one.why}; write {one.use!r}"
        reasons.append(Reason("FREE_TEXT_WORD", said, "free_text"))
    return tuple(reasons)


def seen(text: str) -> str:
    """A text of somebody else for a screen: as it was written, but with a sign for each character that is not seen.

    Such characters could move what stands beside them, or speak to a terminal.  The length stays the same.
    """
    return "".join("\ufffd" if unicodedata.category(char) in _UNSEEN else char for char in text)


def fold(text: str) -> tuple[str, list[int]]:
    """A text as it is compared, and for each of its characters the place in the text that it comes from."""
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        # Twice, since folding the case can bring forth a mark again, as it does of the Turkish capital I with a dot.
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold()).translate(_SAME)
        for one in plain:
            if unicodedata.category(one) not in ("Mn", "Cf"):
                folded.append(one)
                places.append(place)
    return "".join(folded), places


@functools.cache
def _compiled(word_id: str, lang: Lang) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    """The forms of a word in a language, and where they are allowed."""
    one = next(one for one in avoided().words if one.id == word_id)
    allowed = one.allowed.get(lang)
    return _pattern(one.forms[lang], lang), _pattern(allowed, lang) if allowed else None


def _pattern(forms: list[str], lang: Lang) -> re.Pattern[str]:
    script = LANGUAGES[lang].script
    letters = LETTERS[script]
    between = f"(?:[^{letters}]{{1,3}})" if letters else " *"
    inner = "|".join(fold(form)[0].replace(" ", between) for form in forms)
    body = f"{_BEFORE.get(script, '')}(?:{inner}){_AFTER.get(script, '')}"
    return re.compile(f"(?<![{letters}]){body}(?![{letters}])" if letters else body)


def _longest(found: list[Found]) -> Iterator[Found]:
    """Those that do not lie inside another, each place once."""
    end = 0
    for one in sorted(found, key=lambda one: (one.at, -len(one.word), LANGS.index(one.lang))):
        if one.at >= end:
            yield one
            end = one.at + len(one.word)
