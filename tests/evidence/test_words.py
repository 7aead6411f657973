"""Fingerprints read aloud."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.ids import b64url
from skyparley.evidence.words import BadWords, as_text, differences, from_words, to_words

ZERO = b64url(bytes(32))  # BIP-39's own vector: 23 times abandon, then art

fingerprints = st.binary(min_size=32, max_size=32).map(b64url)


def test_published_vectors():
    """From the BIP-39 reference vectors (trezor/python-mnemonic, vectors.json, English, 256 bits)."""
    assert as_text(to_words(ZERO)).split()[-1] == "art"
    assert [word for group in to_words(ZERO) for word in group] == ["abandon"] * 23 + ["art"]
    assert [word for group in to_words(b64url(b"\xff" * 32)) for word in group] == ["zoo"] * 23 + ["vote"]


@given(fingerprints)
def test_round_trip(fingerprint):
    groups = to_words(fingerprint)
    assert [len(group) for group in groups] == [4] * 6
    assert from_words(as_text(groups)) == fingerprint
    assert from_words(as_text(groups).upper().replace(" ", ", ")) == fingerprint
    assert differences(fingerprint, as_text(groups)) == ()


@given(fingerprints, st.integers(0, 23), st.data())
def test_one_wrong_word_is_found_by_comparison_always(fingerprint, place, data):
    heard = [word for group in to_words(fingerprint) for word in group]
    other = data.draw(st.sampled_from(["abandon", "zoo", "ship", "sheep"]).filter(lambda word: word != heard[place]))
    right, heard[place] = heard[place], other
    (found,) = differences(fingerprint, " ".join(heard))
    assert f"word {place % 4 + 1} of group {place // 4 + 1}" in found
    assert other in found
    assert right in found


def test_one_wrong_word_is_found_by_the_checksum_nearly_always():
    """Every word of the list in the place of the third: 1 in 256 slips through, which is why people compare."""
    from mnemonic import Mnemonic

    words = [word for group in to_words(b64url(bytes(range(32)))) for word in group]
    passed, reasons = 0, set()
    for other in Mnemonic("english").wordlist:
        try:
            from_words(" ".join([*words[:2], other, *words[3:]]))
            passed += 1
        except BadWords as error:
            reasons.add(str(error).split(":")[0])
    assert reasons == {"the checksum fails"}
    assert 1 <= passed <= 2048 // 256 * 3


def test_two_words_swapped_fail_the_checksum():
    words = [word for group in to_words(b64url(bytes(range(32)))) for word in group]
    words[4], words[5] = words[5], words[4]
    with pytest.raises(BadWords, match="checksum"):
        from_words(" ".join(words))


def test_a_word_that_is_not_on_the_list_is_named():
    words = ["abandon"] * 23 + ["art"]
    words[6] = "abandun"
    with pytest.raises(BadWords, match="word 3 of group 2, 'abandun', is not on the list; perhaps 'abandon'"):
        from_words(" ".join(words))


def test_too_few_words():
    with pytest.raises(BadWords, match="23 words"):
        from_words("abandon " * 23)
    assert "23 words were heard" in differences(ZERO, "abandon " * 23)[-1]


@pytest.mark.parametrize("text", ["", "abc", b64url(bytes(31)), b64url(bytes(33)), ZERO[:-1] + "B"])
def test_what_is_no_fingerprint_has_no_words(text):
    with pytest.raises(ValueError, match="fingerprint"):
        to_words(text)
