"""A sentence in Latin letters, to be read aloud by one who does not read its script.

Russian: the BGN/PCGN romanization of 1947, with ё as `yo` and without its optional dots, since it is for the voice.
Arabic and Hebrew write no vowels and Chinese no sounds, so for them nothing is guessed; the others are Latin already.
"""

import re
from typing import Final

from skyparley.language.languages import language

_LETTERS: Final = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i",
    "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": '"',
    "ы": "y", "ь": "'", "э": "e", "ю": "yu", "я": "ya", "ё": "yo",
}  # fmt: skip
_YE_AFTER: Final = "аеёиоуыэюяйъь"
"""After these, and at a word's beginning, е is said and written `ye`.  Source: BGN/PCGN 1947, note 1."""
_WORD: Final = re.compile("[а-яё]+", re.IGNORECASE)


def spoken(text: str, lang: str) -> str | None:
    """How to read a text aloud, in Latin letters; None where there is nothing to help with, or no known way.

    What is not Cyrillic, such as the values in slots, stays as it is.  Raises BadPhrase for an unknown language.
    """
    return _WORD.sub(lambda word: _latin(word[0]), text) if language(lang).code == "ru" else None


def _latin(word: str) -> str:
    said = []
    for place, letter in enumerate(word):
        small = letter.lower()
        sound = _LETTERS[small]
        if small == "е" and (place == 0 or word[place - 1].lower() in _YE_AFTER):
            sound = "ye"
        said.append(_cased(sound, letter, word))
    return "".join(said)


def _cased(sound: str, letter: str, word: str) -> str:
    """A sound in the case of its letter: a capital that begins a word of small letters gives one capital only."""
    if not letter.isupper():
        return sound
    return sound.upper() if word.isupper() else sound.capitalize()
