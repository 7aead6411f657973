"""The guide of the phrasebook is true: its commands end as it says, and its tables are those of the data.

A table that differs is written anew by `SKYPARLEY_WRITE_GUIDE=1 pytest tests/language/test_phrasebook_guide.py`.
"""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from skyparley.cli.main import app
from skyparley.language import glossary
from skyparley.language.phrasebook import phrases
from skyparley.language.words import avoided

GUIDE = Path(__file__).parents[2] / "docs/guide/phrasebook.md"
EXAMPLES = {
    "target": "target",
    "strike": "strike",
    "coordinate": "coordinate",
    "permission": "permission",
    "zone": "de-escalation zone",
    "intercept": "intercept",
    "joint-exercise": "joint exercise",
    "roger": "roger",
    "somewhere": "near",
    "sometime": "soon",
    "safe": "safe",
}


def commands() -> Iterator[tuple[list[str], int]]:
    for block in re.findall(r"^```\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S):
        for line in block.splitlines():
            command, _, promise = line.partition("    # exit ")
            yield shlex.split(command)[1:], int(promise or 0)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    ruled = f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    return ruled + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def tables() -> dict[str, str]:
    """The tables of the guide as the data has them, by the mark that each follows."""
    of_phrases = [(f"`{one.code}`", one.cls, one.reply, one.text["en"]) for one in phrases()]
    stands = {
        name: ", ".join(f"`{one.code}`" for one in phrases() if name in one.lists.values())
        for name in glossary.glossary().lists
    }
    of_codes = [
        (name.replace("-", " "), stands[name], ", ".join(f"`{code}`" for code in codes))
        for name, codes in glossary.glossary().lists.items()
    ]
    of_words = [(f"`{EXAMPLES[one.id]}`", one.use["en"], one.why) for one in avoided().words]
    return {
        "phrases": table(("Code", "Class", "Reply", "Sentence"), of_phrases),
        "codes": table(("List", "In", "Codes"), of_codes),
        "words": table(("Not", "But", "Since"), of_words),
    }


@pytest.mark.parametrize("name", tables())
def test_a_table_of_the_guide_is_that_of_the_data(name: str) -> None:
    text = GUIDE.read_text("utf-8")
    mark = f"<!-- {name} -->\n"
    before, _, after = text.partition(mark)
    found = re.match(r"(?:\|.*\n)*", after)
    assert found is not None
    if os.environ.get("SKYPARLEY_WRITE_GUIDE"):
        GUIDE.write_text(before + mark + tables()[name] + after[found.end() :], "utf-8")
    assert mark in text
    assert found[0] == tables()[name]


def test_the_commands_of_the_guide_end_as_it_says() -> None:
    ran = list(commands())
    assert len(ran) == 7
    assert {tuple(words[:2]) for words, _ in ran} == {("phrase", one) for one in ("list", "show", "render")}
    for words, code in ran:
        assert CliRunner().invoke(app, words).exit_code == code, words


def test_the_sentence_in_the_guide_is_what_its_command_says() -> None:
    (said,) = re.findall(r"^```text\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)
    words, _ = list(commands())[3]
    assert CliRunner().invoke(app, words).stdout == said


def test_the_words_of_the_guide_are_found() -> None:
    from skyparley.language.words import screen

    assert set(EXAMPLES) == {one.id for one in avoided().words}
    for word_id, text in EXAMPLES.items():
        assert [one.id for one in screen(text)] == [word_id]
