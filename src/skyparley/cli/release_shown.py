"""What an act would let out, before it is given: the exact text, its sentence in both languages, and by which bearers."""

from typing import TYPE_CHECKING, Any

from skyparley.cli.screen import note

if TYPE_CHECKING:
    from skyparley.cli.desk_client import Desk
    from skyparley.engine.preview import Released

_COVER = {
    "CLEAR": "IN THE CLEAR: whoever carries it can read it",
    "TLS": "covered by TLS up to their door",
    "SEALED": "sealed: only they can open it",
}


def preview(desk: "Desk", path: str, body: dict[str, Any]) -> "list[Released]":
    """What the act at an address below /desk/v1 would let out.  Ends the command where it would be refused."""
    from skyparley.engine.preview import Released

    return desk.post("/release-preview", {"act": path, "body": given(body)}, list[Released])


def given(body: dict[str, Any]) -> dict[str, Any]:
    """What was said, without what was not."""
    return {name: value for name, value in body.items() if value is not None}


def show_preview(found: "list[Released]", langs: tuple[str, ...]) -> None:
    """On standard error, for the person who is asked next.  `langs`: in which languages each sentence is shown."""
    for one in found:
        note(f"{one.peer} will read exactly this, {one.signed_bytes} bytes with its signature:")
        for line in one.payload.splitlines():
            note(f"    {line}")
        for line in (*_times(one), *_sentences(one, langs)):
            note(f"  {line}")
        for doubt in one.doubts:
            note(f"  LOOK AGAIN: {doubt}")
        for way in one.ways:
            note(f"  by {way.bearer} to {way.to}, {_COVER[way.cover]}")
        if one.waits:
            note("  It is not sent now: it waits until the line allows it.")


def _times(one: "Released") -> list[str]:
    """The times of the statement as times: on the wire they are milliseconds."""
    from skyparley.cli.forms import time_shown
    from skyparley.domain.doubts import times_of
    from skyparley.domain.messages.envelope import meaning_again

    return [f"{name.replace('_', ' ')}: {time_shown(at)}" for name, at in times_of(meaning_again(one.payload.encode()))]


def _sentences(one: "Released", langs: tuple[str, ...]) -> list[str]:
    """What would be read aloud there; nothing for what has no phrase."""
    from skyparley.cli.endings import unusable
    from skyparley.domain.messages.envelope import meaning_again
    from skyparley.domain.phrases import sentences
    from skyparley.language.languages import BadPhrase

    envelope = meaning_again(one.payload.encode())
    rows = []
    try:
        for lang in dict.fromkeys(langs):
            for said in sentences(envelope, lang):
                rows.append(f"{said.lang}: {said.text}" + (f"  [{said.mark}]" if said.mark else ""))
    except BadPhrase as error:
        raise unusable(f"Cannot use this: {error}") from None
    return rows
