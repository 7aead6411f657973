"""A fingerprint as 24 words to read aloud, and back.

The words are those of BIP-39 in English: 256 bits and an 8-bit checksum, 11 bits a word.  They are read in six groups
of four.  The checksum catches 255 of 256 mis-heard words; two people who compare word by word catch all of them, and
`differences` says where.  These words open no purse: they are a public name in another alphabet.
Source: BIP-39 "Generating the mnemonic"; DESIGN "Keys"; DOMAIN LINE-11.
"""

import difflib
import functools
import re
from typing import Final

from mnemonic import Mnemonic

from skyparley.base.ids import Fingerprint, b64url, from_b64url
from skyparley.evidence.keys import is_fingerprint

GROUPS: Final = 6
WORDS_PER_GROUP: Final = 4
WORDS: Final = GROUPS * WORDS_PER_GROUP

Groups = tuple[tuple[str, ...], ...]
"""Six groups of four words."""


class BadWords(ValueError):
    """The words are no fingerprint; the message names the word at fault, or says that the checksum failed."""


@functools.cache
def _mnemonic() -> Mnemonic:
    """The word list.  The package reads it from a file of its own when constructed, so this is done once, when needed:
    the one place on this floor that touches a disk, and what it reads is part of the program."""
    return Mnemonic("english")


def to_words(fingerprint: Fingerprint) -> Groups:
    """The 24 words of a fingerprint in six groups of four.  Raises ValueError if it is not of a fingerprint's form."""
    if not is_fingerprint(fingerprint):
        raise ValueError("a fingerprint is 43 characters of base64url")
    words = _mnemonic().to_mnemonic(from_b64url(fingerprint)).split(" ")
    return tuple(tuple(words[at : at + WORDS_PER_GROUP]) for at in range(0, WORDS, WORDS_PER_GROUP))


def as_text(groups: Groups) -> str:
    """The groups for a screen or a sheet of paper: one a line, numbered."""
    return "\n".join(f"{number}  {' '.join(group)}" for number, group in enumerate(groups, 1))


def from_words(text: str) -> Fingerprint:
    """The fingerprint that the words say.  Case, line breaks, commas and the numbers of the groups do not matter.

    Raises BadWords: not 24 words, a word that is not on the list (with the nearest one that is), a failed checksum.
    """
    words = _spoken(text)
    if len(words) != WORDS:
        raise BadWords(f"{len(words)} words; a fingerprint is {WORDS}")
    known = set(_mnemonic().wordlist)
    for place, word in enumerate(words):
        if word not in known:
            near = difflib.get_close_matches(word, _mnemonic().wordlist, n=1, cutoff=0.6)
            hint = f"; perhaps {near[0]!r}" if near else ""
            raise BadWords(f"{_place(place)}, {word!r}, is not on the list{hint}")
    try:
        return Fingerprint(b64url(bytes(_mnemonic().to_entropy(words))))
    except ValueError:
        raise BadWords("the checksum fails: at least one word is not the one that was read out") from None


def differences(fingerprint: Fingerprint, text: str) -> tuple[str, ...]:
    """Where words that were heard differ from those of a fingerprint, one sentence each; () if they are the same.

    For the desk that has the card in hand: it does not rest on the checksum.
    """
    expected = [word for group in to_words(fingerprint) for word in group]
    heard = _spoken(text)
    found = [
        f"{_place(place)} was heard as {word!r}; the card says {right!r}"
        for place, (word, right) in enumerate(zip(heard, expected, strict=False))
        if word != right
    ]
    if len(heard) != WORDS:
        found.append(f"{len(heard)} words were heard; a fingerprint is {WORDS}")
    return tuple(found)


def _spoken(text: str) -> list[str]:
    """The words in a text, small letters, without the numbers and marks around them."""
    return re.findall(r"[^\W\d_]+", text.lower())


def _place(place: int) -> str:
    return f"word {place % WORDS_PER_GROUP + 1} of group {place // WORDS_PER_GROUP + 1}"
