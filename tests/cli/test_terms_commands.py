"""Terms and crossings from the command line, against two real nodes: drafted, told apart, signed by two persons each."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from command_line import Ran
from test_line_commands import Desks, desks, until

__all__ = ["desks"]


def sign(desks: Desks, body: dict[str, object], name: str) -> None:
    """Drafted and proposed by A's two persons, accepted by B's; from then on in force at both."""
    file = desks.base / "clause.json"
    file.write_text(json.dumps(body))
    drafted = desks.a("terms", "draft", "B", file)
    assert (drafted.code, drafted.out) == (0, f"Drafted: {name}. Nothing was said to the other side.\n"), drafted
    asked = desks.a("terms", "propose", "B", name, "--as", "officer")
    assert f'skyparley terms propose B "{name}" --as ACCOUNT' in asked.out, asked
    same = desks.a("terms", "propose", "B", name, "--as", "officer")
    assert (same.code, "SECOND_PERSON" in same.err) == (1, True)
    assert "signed by us" in desks.a("terms", "propose", "B", name, "--as", "chief").out
    until(lambda: "accept" in clause(desks.b, "A", name).get("can", ()), lambda: desks.b("terms", "list", "A").out)
    assert desks.b("terms", "accept", "A", name, "--as", "officer").code == 0
    assert "signed by us" in desks.b("terms", "accept", "A", name, "--as", "chief").out
    for desk, peer in ((desks.a, "B"), (desks.b, "A")):
        until(lambda d=desk, p=peer: in_force(d, p, name), lambda d=desk, p=peer: d("terms", "list", p).out)


def clause(desk: Callable[..., Ran], peer: str, name: str) -> dict[str, Any]:
    found = json.loads(desk("terms", "list", peer, "--json").out)["clauses"]
    return next((one for one in found if one["clause"] == name), {"state": "NONE"})


def in_force(desk: Callable[..., Ran], peer: str, name: str) -> bool:
    return bool(clause(desk, peer, name)["state"] == "IN FORCE")


def test_a_clause_is_signed_by_two_of_each_side_and_holds(desks: Desks) -> None:
    sign(desks, {"clause": "FREE TEXT", "on": False}, "FREE TEXT")
    off = desks.a("say", "stop", "--to", "B", *desks.circle(), "--text", "people here", "--lang", "en")
    assert (off.code, "FREE_TEXT_OFF" in off.err) == (1, True), off


def test_a_crossing_of_a_signed_line_is_said_revised_and_ended(desks: Desks) -> None:
    ours = desks.line(desks.b)["fingerprint"]
    theirs = desks.line(desks.a)["fingerprint"]
    points = [[360_000_000, 370_000_000], [365_000_000, 370_000_000]]
    line = {
        "clause": "LINE",
        "id": "L-1",
        "error_m": 50,
        "line": points,
        "buffer_m": 1000,
        "left": ours,
        "right": theirs,
    }
    sign(desks, line, "LINE L-1")
    box = "circle 36.2N 37.0E 5NM; lower=SFC; upper=FL100; start=+4h; end=+5h"
    said = desks.a("crossing", "say", "B", "--line", "l-1", "--volume", box)
    assert said.code == 0, said
    (one,) = json.loads(desks.a("crossing", "list", "B", "--json").out)
    assert "NOT AGREED" in desks.a("crossing", "list", "B").out
    revised = desks.a("crossing", "revise", "B", one["id"], "--volume", box.replace("FL100", "FL090"))
    assert revised.code == 0, revised
    assert desks.a("crossing", "end", "B", one["id"]).code == 0


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("terms", "diff", "B", "MANNERS"), 1, "there are: PARTIES"),
        (("terms", "propose", "B", "AREA", "--yes"), 1, "AREA is UNSETTLED, and no change of it is drafted"),
        (("terms", "accept", "B", "AREA", "--as", "officer"), 1, "B offers no AREA"),
        (("terms", "drop", "B", "AREA"), 1, "NO_DRAFT"),
        (("terms", "reject", "B", "AREA"), 1, "B offers no AREA"),
        (("terms", "draft", "B", "/nowhere"), 2, "cannot be read"),
        (("crossing", "say", "B", "--line", "L-9"), 2, "--volume"),
        (("crossing", "end", "B", "X-9"), 1, "there are: "),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(desks: Desks, words: tuple[str, ...], code: int, named: str) -> None:
    ran = desks.a(*words)
    assert (ran.code, named in ran.err) == (code, True), ran


def test_a_draft_is_told_apart_and_dropped(desks: Desks) -> None:
    file = desks.base / "clear.json"
    file.write_text('{"clause": "FILES CLEAR", "on": true}')
    assert desks.b("terms", "draft", "A", file).code == 0
    assert desks.b("terms", "diff", "A", "files clear").out == "on: true\n"
    assert desks.b("terms", "drop", "A", "FILES CLEAR").out == "The draft is gone.\n"
    file.write_text("no clause")
    assert desks.b("terms", "draft", "A", file).code == 2


def test_the_lost_line_card_is_a_page_in_a_file(desks: Desks) -> None:
    page = desks.base / "card.html"
    assert desks.a("line", "card", "B", "--out", page, "--lang", "ru").code == 0
    assert "<html" in page.read_text(encoding="utf-8")
    again = desks.a("line", "card", "B", "--out", page)
    assert again.code == 0, "it is printed daily: a newer page takes the place of the old one"
    wrong = desks.a("line", "card", "B", "--out", page, "--lang", "xx")
    assert (wrong.code, "xx" in wrong.err) == (2, True), wrong
