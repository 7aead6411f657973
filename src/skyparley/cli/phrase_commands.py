"""Commands that show the phrasebook and make sentences of it, with no node: list, show and render.

A sentence that runs from right to left stands alone on its line, so that a terminal can order it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skyparley.cli.endings import unusable
from skyparley.cli.forms import BadForm
from skyparley.cli.options import JsonOption, group
from skyparley.cli.screen import as_json, pairs, say, table

if TYPE_CHECKING:
    from skyparley.language.phrasebook import Phrase

LangOption = Annotated[
    str, typer.Option("--lang", metavar="LANG", help="The language: en, ru, fr, ar or tr; he or zh where they are.")
]


def register(app: typer.Typer) -> None:
    """Adds the group `phrase` to the app."""
    one = group("phrase", "The phrasebook: one code, one sentence in each language.")
    one.command("list")(phrase_list)
    one.command("show")(phrase_show)
    one.command("render")(phrase_render)
    app.add_typer(one)


def phrase_list(
    lang: LangOption = "en",
    of_class: Annotated[
        str, typer.Option("--class", metavar="CLASS", help="Only LIFE, SAFETY, PRIORITY, COORD or ADMIN.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """List the phrases in one language, with class, required reply and how far each was reviewed."""
    from skyparley.cli.choices import choose
    from skyparley.language.languages import DRAFT_MARK, language
    from skyparley.language.phrasebook import CLASSES, phrases, template

    with _explained():
        wanted = language(lang.lower())
    cls = choose(of_class, CLASSES, what="class") if of_class else ""
    found = [(one, template(one, wanted.code)) for one in phrases() if cls in ("", one.cls)]
    if json:
        as_json(
            [{**_described(one), "lang": text.lang, "text": text.text, "review": text.review} for one, text in found]
        )
        return
    if any(text.review == "draft" for _, text in found):
        say(f"{wanted.name}. {DRAFT_MARK}.\n")
    if wanted.direction == "rtl":
        for one, text in found:
            say(f"{one.code}  {one.cls}, reply {one.reply}, {text.review}{', English' if text.fallback else ''}")
            say(text.text)
        return
    rows = [(one.code, one.cls, one.reply, f"{text.lang} {text.review}", text.text) for one, text in found]
    table(("Code", "Class", "Reply", "Review", "Sentence"), rows, empty="")


def phrase_show(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code of a phrase, for example V2.")],
    json: JsonOption = False,
) -> None:
    """Show a phrase in all languages: its slots, the required reply, how far each text was reviewed, how to say it."""
    from skyparley.language.languages import LANGUAGES
    from skyparley.language.phrasebook import phrase, template
    from skyparley.language.spoken import spoken

    with _explained():
        one = phrase(code.upper())
    texts = [template(one, lang) for lang in LANGUAGES if lang in one.text]
    if json:
        said = [{"lang": text.lang, "text": text.text, "review": text.review, "mark": text.mark} for text in texts]
        as_json({**_described(one), "texts": said})
        return
    pairs([("Code", one.code), ("Class", one.cls), ("Reply", one.reply), ("Slots", _slots_text(one))])
    for text in texts:
        say(f"\n{text.lang}  {LANGUAGES[text.lang].name}{f'. {text.mark}' if text.mark else ''}")
        say(text.text)
        if aloud := spoken(text.text, text.lang):
            say(f"aloud: {aloud}")
    if missing := [LANGUAGES[lang].name for lang in LANGUAGES if lang not in one.text]:
        say(f"\nNot yet in {' and '.join(missing)}: it is said in English there.")


def phrase_render(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code of a phrase, for example V2.")],
    lang: LangOption = "en",
    slot: Annotated[
        list[str] | None, typer.Option("--slot", metavar="NAME=VALUE", help="A value; once for each slot.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make the sentence of a code in a language from the values of its slots."""
    import msgspec

    from skyparley.language.phrasebook import phrase, render
    from skyparley.language.spoken import spoken

    with _explained():
        made = render(code.upper(), _read_slots(slot or []), lang.lower())
    aloud = spoken(made.text, made.lang)
    if json:
        as_json(
            {
                **_described(phrase(made.code)),
                **msgspec.to_builtins(made),
                "fallback": made.fallback,
                "mark": made.mark,
                "spoken": aloud or "",
            }
        )
        return
    say(made.text)
    if made.mark:
        say(f"{made.mark}.")
    if aloud:
        say(f"aloud: {aloud}")


def _described(one: "Phrase") -> dict[str, Any]:
    return {"code": one.code, "class": one.cls, "reply": one.reply, "slots": one.slots, "lists": one.lists}


def _slots_text(one: "Phrase") -> str:
    """The slots, one a line, with the codes that can stand there."""
    from skyparley.language.glossary import codes

    return "\n".join(
        f"{name}: {', '.join(codes(one.lists[name]))}" if name in one.lists else name for name in one.slots
    )


def _read_slots(given: Sequence[str]) -> dict[str, str]:
    """Values by slot.  Raises BadForm for what is no NAME=VALUE, or for a name said twice."""
    slots: dict[str, str] = {}
    for text in given:
        name, mark, value = text.partition("=")
        if not mark:
            raise BadForm(f"--slot {text!r}: write it like --slot time=2150Z")
        if name in slots:
            raise BadForm(f"--slot {name} stands there twice")
        slots[name] = value
    return slots


@contextmanager
def _explained() -> Iterator[None]:
    """What cannot be used ends the command with the words of the phrasebook."""
    from skyparley.language.languages import BadPhrase

    try:
        yield
    except BadPhrase as error:
        raise unusable(f"Cannot use this: {error}") from None
