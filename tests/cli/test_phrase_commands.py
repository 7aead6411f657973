"""The phrase commands: what they print, and the words in which they refuse."""

import json

import pytest
from command_line import run

from skyparley.language.languages import LANGUAGES
from skyparley.language.phrasebook import phrases, render


def test_the_list_has_every_phrase_and_says_that_drafts_are_drafts() -> None:
    english, russian = run("phrase", "list"), run("phrase", "list", "--lang", "RU")
    assert english.code == russian.code == 0
    for one in phrases():
        assert one.text["en"] in english.out
        assert one.text["ru"] in russian.out
    assert "DRAFT" not in english.out
    assert russian.out.startswith("Russian. DRAFT: no native speaker")


@pytest.mark.parametrize("lang", [one.code for one in LANGUAGES.values() if one.direction == "rtl"])
def test_right_to_left_text_has_its_line_alone(lang: str) -> None:
    lines = run("phrase", "list", "--lang", lang).out.splitlines()
    heads = [line for line in lines if ", reply " in line]
    assert [line.split()[0] for line in heads] == [one.code for one in phrases()]
    texts = [lines[lines.index(head) + 1] for head in heads]
    for head, text in zip(heads, texts, strict=True):
        assert ("English" in head) == text.isascii()


def test_the_list_can_be_of_one_class_and_for_machines() -> None:
    ran = run("phrase", "list", "--class", "life", "--lang", "he", "--json")
    found = json.loads(ran.out)
    assert [one["code"] for one in found] == ["V2", "V8", "V9", "D1", "D2"]
    assert [(one["lang"], one["review"]) for one in found] == [("he", "draft")] * 4 + [("en", "source")]


def test_a_phrase_is_shown_in_all_its_languages() -> None:
    ran = run("phrase", "show", "v4")
    (one,) = (one for one in phrases() if one.code == "V4")
    assert ran.code == 0
    assert "V5/V6/V7" in ran.out
    assert ran.out.count("DRAFT") == len(one.text) - 1
    assert "aloud: VASHE LI VOZDUSHNOYE SUDNO: {pos}, {level}, {time}?" in ran.out
    assert "Not yet" not in ran.out
    assert "Not yet in Hebrew and Chinese" in run("phrase", "show", "D4").out
    assert len(json.loads(run("phrase", "show", "V4", "--json").out)["texts"]) == len(LANGUAGES)
    assert "WX, EM" in run("phrase", "show", "C6").out


def test_a_sentence_is_made_and_marked() -> None:
    words = ("phrase", "render", "n4", "--slot", "id=A-0001", "--slot", "time=2026-11-22 21:50Z")
    made = render("N4", {"id": "A-0001", "time": "2026-11-22 21:50Z"}, "ar")
    assert run(*words).out == "NOTICE A-0001 ACTIVE AT 2026-11-22 21:50Z.\n"
    assert run(*words, "--lang", "ar").out == f"{made.text}\n{made.mark}.\n"
    assert "aloud: UVEDOMLENIYE A-0001 DEYSTVUYET S 2026-11-22 21:50Z." in run(*words, "--lang", "ru").out
    said = json.loads(run(*words, "--lang", "ar", "--json").out)
    assert (said["text"], said["direction"], said["review"], said["fallback"]) == (made.text, "rtl", "draft", False)
    assert (said["class"], said["reply"]) == ("COORD", "L2")
    assert "ENGLISH: the phrasebook has no such text yet" in run(*words, "--lang", "zh").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--lang", "de"), "one of en, ru, fr"),
        (("list", "--class", "LIVE"), "perhaps LIFE"),
        (("show", "Q1"), "is no phrase"),
        (("render", "L1"), "slot n is missing"),
        (("render", "L1", "--slot", "n"), "write it like --slot"),
        (("render", "L1", "--slot", "n=1", "--slot", "n=2"), "twice"),
        (("render", "L1", "--slot", "n=٣"), "plain ASCII"),
        (("render", "L1", "--slot", "n=1", "--lang", "xx"), "no language"),
        (("render", "C6", "--slot", "id=A", "--slot", "code=SAFTY"), "perhaps SAFETY"),
    ],
)
def test_what_cannot_be_used_is_named(words: tuple[str, ...], said: str) -> None:
    ran = run("phrase", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
