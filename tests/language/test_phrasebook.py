"""The phrasebook: the same slots in every language, values that stay what they are, and drafts that say so."""

import json
import re
import unicodedata
from importlib.resources import files
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base import limits
from skyparley.language import glossary
from skyparley.language.languages import DRAFT_MARK, FULL_LANGS, LANGS, LANGUAGES, BadPhrase, least_reviewed
from skyparley.language.phrasebook import (
    CLASSES,
    LRI,
    PDI,
    Phrase,
    PhraseClass,
    phrase,
    phrases,
    render,
    slots_of,
    template,
)

ALL = pytest.mark.parametrize("one", phrases(), ids=lambda one: one.code)
TEXTS = [(one, lang) for one in phrases() for lang in one.text]
EACH_TEXT = pytest.mark.parametrize(("one", "lang"), TEXTS, ids=[f"{one.code}-{lang}" for one, lang in TEXTS])
REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2067\u2068]")
"""Marks, embeddings, overrides and the isolates that are not ours.  Source: UAX 9, 2.1 to 2.6."""

PLAIN = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="{}"), min_size=1, max_size=40)
ASCII_INSIDE = st.tuples(PLAIN, st.sampled_from(["", " ", ", ", " = ", ": "]), PLAIN).map("".join)


def sample(one: Phrase, *, value: str = "X-{}") -> dict[str, str]:
    """A value for each slot: the first code where a code is wanted, else one that no other slot has."""
    return {
        name: glossary.codes(one.lists[name])[0] if name in one.lists else value.format(place)
        for place, name in enumerate(one.slots)
    }


# --- the book -----------------------------------------------------------------------------------------------------


def test_the_book_has_the_phrases_of_the_domain() -> None:
    codes = [one.code for one in phrases()]
    assert len(codes) == len(set(codes)) == 38
    assert [sum(code[0] == letter for code in codes) for letter in "LNCVD"] == [10, 8, 7, 9, 4]
    assert get_args(PhraseClass) == CLASSES


@ALL
def test_every_phrase_is_there_in_every_full_language(one: Phrase) -> None:
    assert set(FULL_LANGS) <= set(one.text)
    assert set(one.text) == set(one.review)


def test_hebrew_and_chinese_have_the_same_22() -> None:
    hebrew, chinese = ({one.code for one in phrases() if lang in one.text} for lang in ("he", "zh"))
    assert hebrew == chinese
    assert len(hebrew) == 22


@EACH_TEXT
def test_a_phrase_has_the_same_slots_in_every_language_and_each_once(one: Phrase, lang: str) -> None:
    found = re.findall(r"\{(.*?)\}", one.text[lang])
    assert sorted(found) == sorted(one.slots)
    assert set(slots_of(one.text[lang])) == set(one.slots)


@EACH_TEXT
def test_a_text_holds_no_digits_but_those_of_slots_and_nothing_that_reorders(one: Phrase, lang: str) -> None:
    around = re.sub(r"\{.*?\}", "", one.text[lang])
    assert not any(char.isdigit() for char in around)
    assert not REORDERING.search(around)
    assert LRI not in around


@EACH_TEXT
def test_a_text_is_written_in_its_script_and_no_word_mixes_two(one: Phrase, lang: str) -> None:
    check_script(re.sub(r"\{.*?\}", " ", one.text[lang]), lang)


def check_script(text: str, lang: str) -> None:
    wanted = {"latin": "LATIN", "cyrillic": "CYRILLIC", "arabic": "ARABIC", "hebrew": "HEBREW", "han": "CJK"}
    scripts = {unicodedata.name(char).split()[0] for char in text if char.isalpha()}
    assert scripts == {wanted[LANGUAGES[lang].script]}, text


@ALL
def test_every_required_reply_exists(one: Phrase) -> None:
    """Codes, ranges of codes, nothing, or words for what is no phrase: resend, answer, escalate."""
    codes = {other.code for other in phrases()}
    for part in one.reply.split("/"):
        ends = re.fullmatch(r"([A-Z])(\d)(?:-|\.\.[A-Z]?)(\d)", part)
        if ends is not None:
            assert {f"{ends[1]}{ends[2]}", f"{ends[1]}{ends[3]}"} <= codes
        elif re.fullmatch(r"[A-Z]\d+", part):
            assert part in codes
        else:
            assert part in ("-", "resend", "answer", "escalate", "answer by {time}")


@ALL
def test_only_english_is_not_a_draft_until_somebody_signs(one: Phrase) -> None:
    """Whoever has a text reviewed changes its state in phrasebook.json, and this test with it."""
    assert one.review["en"] == "source"
    assert {state for lang, state in one.review.items() if lang != "en"} == {"draft"}


@ALL
def test_every_list_that_a_slot_names_is_in_the_glossary(one: Phrase) -> None:
    assert set(one.lists) <= set(one.slots)
    assert all(glossary.codes(name) for name in one.lists.values())
    assert {"kind", "code", "state", "field"} & set(one.slots) == set(one.lists)


def test_the_files_have_no_key_twice() -> None:
    def once(found: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(found)) == len(found), found
        return dict(found)

    for name in ("phrasebook.json", "glossary.json", "words.json"):
        json.loads((files("skyparley.language") / name).read_text("utf-8"), object_pairs_hook=once)


# --- sentences ----------------------------------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("lang", LANGS)
def test_every_phrase_renders_in_every_language(one: Phrase, lang: str) -> None:
    made = render(one.code, sample(one), lang)
    assert made.fallback == (lang not in one.text)
    assert made.lang == ("en" if made.fallback else lang)
    assert made.direction == ("rtl" if made.lang in ("ar", "he") else "ltr")
    assert "{" not in made.text
    assert all(value in made.text for value in sample(one).values())
    assert (DRAFT_MARK in made.mark) == (made.lang != "en")
    assert ("ENGLISH" in made.mark) == made.fallback


@given(st.sampled_from([(one, lang) for one, lang in TEXTS if not one.lists and one.slots]), st.data())
def test_what_was_put_in_can_be_read_out_again(text: tuple[Phrase, str], data: st.DataObject) -> None:
    """In a right-to-left sentence between the isolates, whatever the values are; elsewhere where values are one word."""
    one, lang = text
    rtl = LANGUAGES[lang].direction == "rtl"
    values = ASCII_INSIDE if rtl else st.from_regex(r"[A-Z0-9-]{1,12}", fullmatch=True)
    slots = {name: data.draw(values) for name in one.slots}
    made = render(one.code, slots, lang)
    order = slots_of(one.text[lang])
    if rtl:
        read = re.findall(f"{LRI}([^{PDI}]*){PDI}", made.text)
    else:
        pattern = re.sub(r"\\\{[a-z0-9]+\\\}", r"([A-Z0-9-]+)", re.escape(one.text[lang]))
        found = re.fullmatch(pattern, made.text)
        assert found is not None
        read = list(found.groups())
    assert dict(zip(order, read, strict=True)) == slots


@given(st.sampled_from([(one, lang) for one, lang in TEXTS if LANGUAGES[lang].direction == "rtl"]), st.data())
def test_in_right_to_left_text_all_that_is_not_of_its_script_stands_in_isolates(
    text: tuple[Phrase, str], data: st.DataObject
) -> None:
    one, lang = text
    slots = sample(one) | {name: data.draw(ASCII_INSIDE) for name in one.slots if name not in one.lists}
    made = render(one.code, slots, lang)
    assert made.text.count(LRI) == made.text.count(PDI) >= len(one.slots)
    assert not REORDERING.search(made.text)
    outside = re.sub(f"{LRI}[^{LRI}{PDI}]*{PDI}", "", made.text)
    assert LRI not in outside
    assert not re.search("[0-9A-Za-z]", outside)


@EACH_TEXT
def test_left_to_right_text_holds_no_marks_of_direction(one: Phrase, lang: str) -> None:
    if LANGUAGES[lang].direction == "ltr":
        made = render(one.code, sample(one), lang).text
        assert not REORDERING.search(made)
        assert LRI not in made


@given(
    st.one_of(
        st.text(max_size=30),
        st.text(
            "\u2066\u2067\u2068\u2069\u202a\u202b\u202e\u200f\u061c\x00\x1b\n\r\t\x7f\u200b{}\ufeff٣３é ", max_size=6
        ),
    )
)
def test_a_value_is_shown_as_it_is_or_refused(value: str) -> None:
    """Nothing between: no value that is not plain ASCII gets into a sentence, and none that is gets changed."""
    good = re.fullmatch(r"[\x20-\x7e]+", value) and value == value.strip() and not set("{}") & set(value)
    if good:
        assert render("L2", {"msg": value}, "ar").text.count(f"{LRI}{value}{PDI}") == 1
        assert render("L2", {"msg": value}, "en").text == f"RECEIVED: {value}."
    else:
        with pytest.raises(BadPhrase, match=r"slot msg = .*plain ASCII without braces"):
            render("L2", {"msg": value}, "ar")


def test_a_value_that_names_a_slot_is_not_filled_again() -> None:
    with pytest.raises(BadPhrase, match="without braces"):
        render("L7", {"field": "AREA", "value": "{field}"}, "en")


def test_a_value_has_a_greatest_length() -> None:
    assert render("L2", {"msg": "X" * limits.SLOT_CHARS}, "en").text
    with pytest.raises(BadPhrase, match=f"{limits.SLOT_CHARS + 1} characters; {limits.SLOT_CHARS} at most"):
        render("L2", {"msg": "X" * (limits.SLOT_CHARS + 1)}, "en")


def test_slots_that_miss_and_slots_too_many_are_named_together() -> None:
    with pytest.raises(BadPhrase) as caught:
        render("N4", {"id": "A-1", "at": "2150Z", "who": "B"}, "fr")
    message = str(caught.value)
    for said in ("phrase N4 has the slots id, time", "time is missing", "no slot at", "no slot who"):
        assert said in message
    with pytest.raises(BadPhrase, match="L10 has no slots: there is no slot n"):
        render("L10", {"n": "1"}, "en")


@pytest.mark.parametrize("lang", ["", "EN", "de", "ar-EG"])
def test_an_unknown_language_is_named_with_those_there_are(lang: str) -> None:
    with pytest.raises(BadPhrase, match="no language of the phrasebook; one of en, ru, fr, ar, tr, he, zh is"):
        render("L1", {"n": "1"}, lang)


@pytest.mark.parametrize(("code", "near"), [("v2", "V2"), ("N9", "N"), ("", "L1"), ("LL1", "L1")])
def test_an_unknown_phrase_is_named_with_near_ones(code: str, near: str) -> None:
    with pytest.raises(BadPhrase, match=f"is no phrase; codes are like .*{near}"):
        phrase(code)


def test_a_phrase_without_a_text_is_said_in_english_and_says_so() -> None:
    made = render("C7", sample(phrase("C7")), "he")
    assert (made.lang, made.direction, made.fallback, made.review) == ("en", "ltr", True, "source")
    assert made.text.startswith("PROPOSED CROSSING")
    assert "ENGLISH: the phrasebook has no such text yet" in made.mark


@EACH_TEXT
def test_a_book_shows_a_sentence_with_its_slots_unfilled(one: Phrase, lang: str) -> None:
    shown = template(one, lang)
    assert shown.text.replace(LRI, "").replace(PDI, "") == one.text[lang]
    assert shown.text.count(LRI) == (len(one.slots) if shown.direction == "rtl" else 0)


# --- codes in slots -----------------------------------------------------------------------------------------------

WORDS = [(name, code) for name in glossary.glossary().lists for code in glossary.codes(name)]


@pytest.mark.parametrize(("name", "code"), WORDS, ids=[f"{name}-{code}" for name, code in WORDS])
def test_every_code_has_a_word_in_every_language(name: str, code: str) -> None:
    words = glossary.glossary().lists[name][code]
    assert set(words) == set(LANGS)
    assert re.fullmatch(r"[A-Z][A-Z -]*[A-Z](?: \{level\})?", code)
    for lang, word in words.items():
        assert slots_of(word) == slots_of(code), (lang, word)
        assert word == word.strip()
        check_script(re.sub(r"\{.*?\}", " ", word), lang)


def test_the_glossary_says_how_far_each_language_was_reviewed() -> None:
    assert glossary.glossary().review == {lang: "source" if lang == "en" else "draft" for lang in LANGS}


def test_a_sentence_is_reviewed_as_far_as_the_least_of_its_parts() -> None:
    assert least_reviewed(["source", "draft", "native-reviewed"]) == "draft"
    assert least_reviewed(["domain-reviewed", "native-reviewed"]) == "native-reviewed"


def test_a_code_is_shown_with_its_word_and_without_one_that_says_the_same() -> None:
    assert render("C6", {"id": "P-1", "code": "WX"}, "en").text == "NOT ACCEPTED: P-1. REASON WX (weather)."
    assert render("C6", {"id": "P-1", "code": "OTHER"}, "en").text == "NOT ACCEPTED: P-1. REASON OTHER."
    assert "WX (météo)" in render("C6", {"id": "P-1", "code": "WX"}, "fr").text
    assert f"{LRI}WX{PDI} (الطقس)" in render("C6", {"id": "P-1", "code": "WX"}, "ar").text


def test_a_level_in_a_code_stays_what_it_is() -> None:
    slots = {"time": "2150Z", "msg": "M-1", "code": "CLIMBING TO FL200"}
    assert render("V9", slots, "en").text.endswith("ACTION CLIMBING TO FL200.")
    assert render("V9", slots, "tr").text.endswith("İŞLEM CLIMBING TO FL200 (FL200 seviyesine tırmanıyor).")
    assert render("V9", slots, "he").text.endswith(f"{LRI}CLIMBING TO FL200{PDI} (מטפס אל {LRI}FL200{PDI}).")
    assert "CLIMBING (набор высоты)" in render("V9", slots | {"code": "CLIMBING"}, "ru").text


def test_several_fields_stand_in_one_slot() -> None:
    made = render("N2", {"id": "A-1", "field": "AREA, LEVELS", "value": "36.0000N 036.0000E 20 NM, FL150-FL250"}, "fr")
    assert "AREA (zone), LEVELS (niveaux) = 36.0000N 036.0000E 20 NM, FL150-FL250." in made.text


@pytest.mark.parametrize("said", ["wx", "WEATHR", "CLIMBING TO {level}", "CLIMBING TO", "AREA,LEVELS"])
def test_a_code_that_is_none_is_refused_with_what_is_right(said: str) -> None:
    with pytest.raises(BadPhrase, match=r"perhaps|it is one of"):
        glossary.find("reason", said)
    with pytest.raises(BadPhrase):
        glossary.find("action", said)


def test_no_list_is_named_with_those_there_are() -> None:
    with pytest.raises(BadPhrase, match="one of notice-kind, reason, action"):
        glossary.codes("colours")
