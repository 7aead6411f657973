"""The languages of the phrasebook, how far their texts were reviewed, and the files that hold them.

The texts are data in this folder: phrasebook.json (one sentence for each code), glossary.json (the codes that stand in
slots) and words.json (words that the line avoids).  Source: DOMAIN 9.9, 10.3, 10.4.
"""

from collections.abc import Iterable
from importlib.resources import files
from typing import Final, Literal, TypeVar, get_args

import msgspec

T = TypeVar("T")
Lang = Literal["en", "ru", "fr", "ar", "tr", "he", "zh"]
Direction = Literal["ltr", "rtl"]
Script = Literal["latin", "cyrillic", "arabic", "hebrew", "han"]
Review = Literal["draft", "native-reviewed", "domain-reviewed", "source"]
"""How far a text was reviewed, least first: by nobody, by a native speaker, by a native speaker who flies or controls;
`source` is the English text that the others say.  Source: DOMAIN LNG-06."""

LANGS: Final[tuple[Lang, ...]] = get_args(Lang)
FULL_LANGS: Final[tuple[Lang, ...]] = ("en", "ru", "fr", "ar", "tr")
"""Those that have every phrase; Hebrew and Chinese have 22 and are placeholders (DOMAIN 10.4, table C)."""
REVIEWS: Final[tuple[Review, ...]] = get_args(Review)
DRAFT_MARK: Final = "DRAFT: no native speaker has reviewed this text"


class BadPhrase(ValueError):
    """A phrase, a language or a slot that cannot be used.  The message says what would be right."""


class Language(msgspec.Struct, frozen=True):
    """A language: its name in English and in itself, the script it is written in, and the way that runs."""

    code: Lang
    name: str
    own_name: str
    script: Script
    direction: Direction


LANGUAGES: Final[dict[Lang, Language]] = {
    one.code: one
    for one in (
        Language("en", "English", "English", "latin", "ltr"),
        Language("ru", "Russian", "русский", "cyrillic", "ltr"),
        Language("fr", "French", "français", "latin", "ltr"),
        Language("ar", "Arabic", "العربية", "arabic", "rtl"),
        Language("tr", "Turkish", "Türkçe", "latin", "ltr"),
        Language("he", "Hebrew", "עברית", "hebrew", "rtl"),
        Language("zh", "Chinese", "中文", "han", "ltr"),
    )
}


def language(code: str) -> Language:
    """A language by its code.  Raises BadPhrase that names those there are."""
    for one in LANGUAGES.values():
        if one.code == code:
            return one
    raise BadPhrase(f"{code!r} is no language of the phrasebook; one of {', '.join(LANGS)} is")


def least_reviewed(reviews: Iterable[Review]) -> Review:
    """A sentence made of several texts was reviewed only as far as the least of them."""
    return min(reviews, key=REVIEWS.index)


def read_data(name: str, kind: type[T]) -> T:
    """A data file of this folder, which is part of the program: a file that does not fit is a fault of ours."""
    return msgspec.json.decode((files("skyparley.language") / name).read_bytes(), type=kind)
