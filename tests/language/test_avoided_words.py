"""Words that the line avoids are found as they are written, and not inside others; free text is refused with every reason."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base import limits
from skyparley.language import glossary
from skyparley.language.languages import LANGS, BadPhrase
from skyparley.language.phrasebook import phrases
from skyparley.language.words import LETTERS, avoided, fold, free_text_reasons, screen, seen

FOUND = {
    "target": [
        "target", "Targets", "TARGETING", "targeted", "tárget", "t\u00adarget", "tar\u200bget", "ｔａｒｇｅｔ",
        "цель", "Цели", "ЦЕЛЕЙ", "целями", "мишень", "cible", "ciblée", "CIBLÉ",
        "هدف", "الهدف", "أهداف", "والأهداف", "بالهدف", "هدفهم", "هَدَف", "هـدف",
        "hedef", "HEDEFİMİZ", "hedeflerin", "Hedefi",
        "מטרה", "המטרה", "והמטרות", "目标", "目標",
    ],
    "strike": ["strike", "air strike", "air-strikes", "airstrike", "удар", "авиаудары", "атаки", "ضربة", "taarruz", "taarruzu"],
    "coordinate": ["coordinate", "co-ordination", "uncoordinated", "COORDINATING", "cooperate", "координация", "скоординировать",
                   "coordination", "التنسيق", "koordinasyonu", "işbirliği", "协调"],
    "permission": ["permission", "Authorised", "authorize", "permit", "разрешение", "РАЗРЕШАЕМ", "autorisé", "izin", "iznimiz", "授权"],
    "zone": ["de-escalation zone", "deescalation zones", "deconfliction zone", "зона деэскалации", "ЗОНЕ ДЕЭСКАЛАЦИИ",
             "zone de désescalade", "çatışmasızlık bölgesi", "ÇATIŞMASIZLIK BÖLGESİNDE", "منطقة خفض التصعيد"],
    "intercept": ["intercept", "interceptors", "перехват", "ПЕРЕХВАТОМ", "перехватчики", "interception", "اعتراض", "الاعتراض",
                  "önleme uçağı", "יירוט", "拦截"],
    "joint-exercise": ["joint exercise", "joint naval exercises", "совместные учения", "exercice conjoint", "ortak tatbikat", "联合演习"],
    "roger": ["roger", "Roger,", "WILCO"],
    "somewhere": ["east bank", "the north side", "eastern side", "near the river", "вблизи реки", "восточный берег", "rive est",
                  "près du pont", "الضفة الشرقية", "doğu yakası", "附近"],
    "sometime": ["immediately", "soon", "ASAP", "немедленно", "immédiatement", "فورًا", "فورا", "hemen", "מיד", "立即"],
    "safe": ["safe", "is SAFE.", "безопасно", "en toute sécurité", "güvenli", "很安全"],
}  # fmt: skip

NOT_FOUND = [
    "retargetable", "starget", "targetry", "целый", "прицел", "исцели", "мицель", "ciblerie", "شهدف",
    "coordinates 36.1N 37.2E", "координаты", "coordonnées", "koordinatlar", "permittivity",
    "safety of flight", "unsafe", "безопасность полётов", "sur la ligne", "sûr", "güvenlik", "emniyetli mesafe",
    "bird strike at 0810Z", "Lightning strikes", "удар молнии", "simulated attack", "near miss", "near 36.1N 37.2E",
    "exercise message", "monsoon", "zone 4", "side slip", "bank angle", "progerin", "安全通行", "涉及生命安全", "מטר",
]  # fmt: skip


@pytest.mark.parametrize(("word_id", "text"), [(word_id, text) for word_id, texts in FOUND.items() for text in texts])
def test_a_word_is_found_as_people_write_it(word_id: str, text: str) -> None:
    for around in ("{}", "AT 2150Z: {}.", "({}), A-0001", "12{}34"):
        found = screen(around.format(text))
        assert word_id in [one.id for one in found], found
        assert all(around.format(text)[one.at :].startswith(one.word) for one in found)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert screen(text) == ()


def test_every_word_has_a_case_here_and_a_word_to_use() -> None:
    assert set(FOUND) == {one.id for one in avoided().words}
    for one in avoided().words:
        assert one.why
        assert "en" in one.forms
        assert set(one.use) == set(LANGS)
        assert set(one.allowed) <= set(one.forms)
    assert avoided().review == {lang: "source" if lang == "en" else "draft" for lang in LANGS}


def test_the_word_that_the_domain_gives_in_six_languages_is_found_in_each() -> None:
    for lang, text in zip(LANGS, ("target", "цель", "cible", "هدف", "hedef", "מטרה", "目标"), strict=True):
        (found,) = screen(text)
        assert (found.id, found.lang) == ("target", lang)
        assert screen(found.use) == (), "the word to use is not to be avoided itself"


def test_no_word_to_use_is_one_to_avoid() -> None:
    assert [(one.id, use) for one in avoided().words for use in one.use.values() if screen(use)] == []


def test_phrases_and_codes_do_not_use_what_free_text_may_not() -> None:
    """`Near` stands in phrases before a position, `now` and `immediately` in a stop request: each has its geometry or
    its clock beside it.  Some codes of incidents name what they are about.  Nothing else.
    """
    texts = {text for one in phrases() for text in one.text.values()}
    assert {one.id for text in texts for one in screen(text)} == {"somewhere", "sometime"}
    words = {text for name, of in glossary.glossary().lists.items() if name != "incident-kind" for one in of.values() for text in one.values()}  # fmt: skip
    assert [(text, screen(text)) for text in words if screen(text)] == []


@given(st.sampled_from([text for texts in FOUND.values() for text in texts if text.isascii()]), st.data())
def test_case_does_not_matter_and_a_letter_beside_it_does(text: str, data: st.DataObject) -> None:
    cased = "".join(char.upper() if data.draw(st.booleans()) else char.lower() for char in text)
    assert screen(cased)
    beside = data.draw(st.sampled_from("qxzé"))
    assert screen(f"{beside}{cased}") == () or " " in text or "-" in text
    assert [one.word for one in screen(f"- {cased}!")] == [one.word for one in screen(cased)]


@given(st.text(max_size=60))
def test_screening_takes_any_text_and_points_into_it(text: str) -> None:
    folded, places = fold(text)
    assert len(folded) == len(places)
    assert places == sorted(places)
    assert all(0 <= place < len(text) for place in places)
    for one in screen(text):
        assert text[one.at : one.at + len(one.word)] == one.word != ""


@given(st.text(st.characters(categories=("L", "M", "N", "Z", "P")), max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text)[0]
    assert fold(once)[0] == once


def test_overlapping_words_are_told_once_and_the_longest() -> None:
    assert [one.word for one in screen("the de-escalation zone and a target")] == ["de-escalation zone", "target"]
    assert [(one.word, one.lang) for one in screen("coordination")] == [("coordination", "en")], "French has it too"


def test_scripts_do_not_overlap() -> None:
    for script, letters in LETTERS.items():
        others = [re.compile(f"[{other}]") for name, other in LETTERS.items() if name != script and other]
        for sample in {"latin": "aé", "cyrillic": "яё", "arabic": "هم", "hebrew": "מת", "han": "目"}[script]:
            assert not any(other.match(fold(sample)[0]) for other in others)
            assert not letters or re.match(f"[{letters}]", fold(sample)[0])


# --- free text ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["RETURNING AT 0810Z", "Ждём ответа до 0810Z", "ننتظر الرد", "等待答复", "x" * 200, "naïve — “ok”"]
)
@pytest.mark.parametrize("lang", LANGS)
def test_text_that_says_something_plainly_passes(text: str, lang: str) -> None:
    assert free_text_reasons(text, lang) == ()


def test_every_reason_is_given_at_once_with_what_would_be_right() -> None:
    reasons = free_text_reasons("target\u202e, roger\n" + "x" * 200, "en")
    assert [one.code for one in reasons] == [
        "FREE_TEXT_LONG",
        "FREE_TEXT_CHARACTERS",
        "FREE_TEXT_WORD",
        "FREE_TEXT_WORD",
    ]
    assert {one.field for one in reasons} == {"free_text"}
    assert f"{limits.FREE_TEXT_CHARS} at most" in reasons[0].text
    assert "U+000A, U+202E" in reasons[1].text
    assert "write 'aircraft or track'" in reasons[2].text


@pytest.mark.parametrize(
    "char", ["\x00", "\n", "\x7f", "\u200b", "\u200e", "\u202a", "\u2066", "\u2028", "\ufeff", "\ue000", "\U000e0041"]
)
def test_what_cannot_be_seen_is_refused(char: str) -> None:
    assert [one.code for one in free_text_reasons(f"a{char}b", "fr")] == ["FREE_TEXT_CHARACTERS"]


@pytest.mark.parametrize("text", ["ТАRGET", "цeль", "sаfe"])
def test_letters_of_two_scripts_in_one_word_are_refused(text: str) -> None:
    assert any("mixes Latin and Cyrillic" in one.text for one in free_text_reasons(text, "ru"))


def test_one_character_too_many_is_too_many() -> None:
    assert [one.code for one in free_text_reasons("x" * (limits.FREE_TEXT_CHARS + 1), "en")] == ["FREE_TEXT_LONG"]


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_text_is_left_out_instead(text: str) -> None:
    assert [one.code for one in free_text_reasons(text, "en")] == ["FREE_TEXT_EMPTY"]


def test_a_text_is_in_a_language_of_the_book() -> None:
    with pytest.raises(BadPhrase, match="no language of the phrasebook"):
        free_text_reasons("hallo", "de")


@given(st.text(max_size=40))
def test_a_text_of_somebody_else_is_shown_with_a_sign_for_what_is_not_seen(text: str) -> None:
    shown = seen(text)
    assert len(shown) == len(text)
    assert not any(one.code == "FREE_TEXT_CHARACTERS" and "U+" in one.text for one in free_text_reasons(shown, "en"))
    assert all(
        is_same or is_sign == "\ufffd" for is_same, is_sign in zip(map(str.__eq__, text, shown), shown, strict=True)
    )


def test_what_speaks_to_a_terminal_is_a_sign_and_what_is_seen_stays() -> None:
    assert seen("\x1b[2J\u202eЖдём 0810Z\n") == "\ufffd[2J\ufffdЖдём 0810Z\ufffd"
