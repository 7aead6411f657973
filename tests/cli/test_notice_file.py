"""A file of plans becomes notices through the real door: previewed, all or none; and what-if from the command line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran, run
from real_nodes import init, pin_each_other, served

from skyparley.cli import notice_file, surroundings
from skyparley.cli.notice_file import runs

KIND = ("--kind", "transit")


class Desks:
    """The desks of A and B, and files to be filed at A."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.longitude = 0

    def a(self, *words: object, said: str | None = None) -> Ran:
        return run(*words, "--node", self.base / "A", said=said)

    def b(self, *words: object) -> Ran:
        return run(*words, "--node", self.base / "B")

    def ids(self) -> list[str]:
        return [one["id"] for one in json.loads(self.a("notice", "list", "--json").out) if one["own"]]

    def place(self) -> int:
        """A longitude where no other test has anything."""
        self.longitude += 11
        return self.longitude - 180

    def file(self, *features: Any, name: str = "plans.geojson") -> Path:
        path = self.base / name
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return path

    def until(self, desk: Callable[..., Ran], words: tuple[str, ...], holds: Callable[[Any], Any]) -> Any:
        """The first of a list for which something holds: the line works while we ask."""
        for _ in range(400):
            for one in json.loads(desk(*words, "--json").out):
                if holds(one):
                    return one
        raise AssertionError(f"{words} never came to it")

    def in_the_way(self, longitude: float) -> str:
        """A notice of B, known to A."""
        filed = self.b(
            *("notice", "file", "--kind", "hum", "--circle", f"0,{longitude} 10NM", "--lower", "FL220"),
            *("--upper", "FL260", "--start", "2035-01-01T08:30Z", "--end", "10:00Z", "--to", "A", "--json"),
        )
        notice_id = str(json.loads(filed.out)["refs"]["id"])
        self.until(self.a, ("notice", "list"), lambda one: one["id"] == notice_id)
        return notice_id


def plan(name: str, longitude: float, /, **more: Any) -> dict[str, Any]:
    said = {"id": name, "lower": "FL200", "upper": "FL240", "radius_nm": 12.3}
    window = {"start": "2035-01-01T08:00Z", "end": "2035-01-01T09:00Z"}
    point = {"type": "Point", "coordinates": [longitude, 0]}
    return {"type": "Feature", "properties": {**said, **window, **more}, "geometry": point}


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    base = tmp_path_factory.mktemp("files")
    init(base / "A", "A")
    init(base / "B", "B")
    pin_each_other(base / "A", base / "B")
    with served(base / "A"), served(base / "B"):
        found = Desks(base)
        for desk in (found.a, found.b):
            found.until(desk, ("line", "list"), lambda one: one.get("ready"))
        yield found


def answers(monkeypatch: pytest.MonkeyPatch, yes: bool) -> list[str]:
    """A person at a terminal who answers; the questions that were asked."""
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return yes

    monkeypatch.setattr(notice_file, "at_terminal", lambda: True)
    monkeypatch.setattr(surroundings, "ask_yes", ask)
    return asked


def test_twenty_plans_are_shown_and_then_filed_as_one(desks: Desks) -> None:
    before, at = desks.ids(), desks.place()
    file = desks.file(*(plan(f"P{place}", at + place / 2) for place in range(20)))
    shown = desks.a("notice", "file", file, *KIND, "--to", "B")
    assert (shown.code, desks.ids()) == (0, before)
    assert "20 features; 20 notices of TRANSIT, told to B." in shown.out
    assert shown.err == "Nothing was filed. To file these 20 notices, add --yes.\n"
    filed = desks.a("notice", "file", file, *KIND, "--to", "B", "--yes")
    now = desks.ids()
    assert filed.code == 0
    assert len(now) == len(before) + 20
    assert f"20 notices are filed: {now[-20]} to {now[-1]}" in filed.out
    for notice_id in now[-20:]:
        assert f"{notice_id}  " in shown.out, "the preview said which ids they would have"
    desks.until(desks.b, ("notice", "list"), lambda one: one["id"] == now[-1] and not one["own"])
    kept = json.loads(desks.a("notice", "show", now[-20], "--json").out)["volumes"][0]
    assert kept["shape"] == {"type": "circle", "centre": [0, at * 10_000_000], "radius_m": 22780}


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"lower": "about FL200"}, 2, "feature 13 (P12)"),
        ({"radius_nm": 0.2}, 1, "P12: AREA_TOO_SMALL"),
        ({"start": "2000-01-01T08:00Z", "end": "2000-01-01T09:00Z"}, 1, "P12: PERIOD_OVER"),
        ({"start": "2035-01-01T08:00Z", "end": "2037-01-01T08:00Z"}, 2, "PERIOD_TOO_LONG"),
        ({"upper": "UNL", "lower": "FL3000"}, 2, "OUT_OF_RANGE"),
    ],
)
def test_one_bad_of_twenty_files_nothing_whoever_says_yes(
    desks: Desks, wrong: dict[str, str], code: int, words: str
) -> None:
    before, at = desks.ids(), desks.place()
    file = desks.file(*(plan(f"P{place}", at + place / 2, **(wrong if place == 12 else {})) for place in range(20)))
    ran = desks.a("notice", "file", file, *KIND, "--to", "B", "--yes")
    assert (ran.code, desks.ids()) == (code, before), ran
    assert words in ran.err
    assert "Nothing was filed" in ran.err


def test_a_person_is_shown_what_conflicts_and_asked(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    at = desks.place()
    theirs = desks.in_the_way(at)
    before = desks.ids()
    file = desks.file(plan("HIT", at), plan("CLEAR", at + 5))
    asked = answers(monkeypatch, False)
    refused = desks.a("notice", "file", file, *KIND, "--to", "B")
    assert (refused.code, desks.ids()) == (1, before)
    assert f"(HIT) with\n    B {theirs} v1, HUM: overlap, 2035-01-01 08:30Z to 09:00Z\n" in refused.out
    assert "To keep apart from everything known:" in refused.out
    asked = answers(monkeypatch, True)
    filed = desks.a("notice", "file", file, *KIND, "--to", "B")
    assert asked == ["File these 2 notices, 1 in conflict as shown?"]
    assert filed.code == 0, filed
    hit, clear = desks.ids()[-2:]
    assert "1 conflict comes of it" in filed.out
    found = json.loads(desks.a("conflict", "list", "--json").out)
    assert [one["own_notice"] for one in found if one["other_notice"] == theirs] == [hit]
    assert not json.loads(desks.a("notice", "show", clear, "--json").out).get("conflicts")


def test_a_script_names_what_it_conflicts_with_or_files_nothing(desks: Desks) -> None:
    at = desks.place()
    theirs = desks.in_the_way(at)
    before = desks.ids()
    file = desks.file(plan("HIT", at), plan("CLEAR", at + 5))
    refused = desks.a("notice", "file", file, *KIND, "--yes")
    assert (refused.code, desks.ids()) == (1, before)
    assert f"add: --key 'B {theirs} v1'" in refused.err
    filed = desks.a("notice", "file", file, *KIND, "--yes", "--key", f"B {theirs} v1")
    assert (filed.code, len(desks.ids())) == (0, len(before) + 2)
    assert "Nobody was told" in filed.err


def test_only_plans_of_ours_are_filed_and_the_others_are_said(desks: Desks) -> None:
    at = desks.place()
    file = desks.file(
        plan("OURS", at, party="a"),
        plan("THEIRS", at + 2, party="C"),
        plan("NOBODYS", at + 4),
        plan("Q", at, party="C"),
    )
    ran = desks.a("notice", "file", file, *KIND, "--json")
    assert [one["file_id"] for one in json.loads(ran.out)["notices"]] == ["OURS", "NOBODYS"]
    assert json.loads(ran.out)["left_out"] == [
        "2 plans of C, who is to tell them itself (--party C takes them as ours)"
    ]
    theirs = json.loads(desks.a("notice", "file", file, *KIND, "--json", "--party", "c").out)
    assert [one["file_id"] for one in theirs["notices"]] == ["THEIRS", "Q"]
    assert len(theirs["left_out"]) == 2
    nobody = desks.a("notice", "file", file, *KIND, "--party", "D")
    assert nobody.code == 2
    assert "has plans of C, a, plans" in nobody.err


def test_what_a_notice_has_no_place_for_is_said_feature_by_feature(desks: Desks) -> None:
    at = desks.place()
    file = desks.file(plan("P1", at, name="Box", pilot="x"), plan("P2", at + 2, lower="20000 ft", pilot="y"))
    ran = desks.a("notice", "file", file, *KIND)
    assert ran.code == 0
    assert "P1 Box" in ran.out
    assert (
        "No place in a notice, left away:\n  properties.id: P1, P2\n  properties.name: P1\n  properties.pilot: P1, P2\n"
        in ran.out
    )
    assert "AMSL" in ran.out.partition("Read otherwise than written:")[2]


def test_areas_that_are_always_active_are_given_a_window_or_refused(desks: Desks) -> None:
    at = desks.place()
    path = desks.base / "zones.txt"
    path.write_text(
        f"AC R\nAN ZONE 1\nAH FL195\nAL SFC\nV X=01:00:00 N {abs(at):03d}:00:00 {'E' if at > 0 else 'W'}\nDC 12.5\n"
    )
    refused = desks.a("notice", "file", path, "--kind", "area work", "--yes")
    assert refused.code == 2
    assert "give it a window with --start and --end" in refused.err
    given = ("--start", "2035-01-01T08:00Z", "--end", "18:00Z")
    filed = desks.a("notice", "file", path, "--kind", "area work", "--yes", *given)
    assert filed.code == 0, filed
    notice = json.loads(desks.a("notice", "show", desks.ids()[-1], "--json").out)
    assert (notice["end"] - notice["start"], notice["volumes"][0]["shape"]["radius_m"]) == (36_000_000, 23150)
    useless = desks.a("notice", "file", desks.file(plan("P1", at)), *KIND, *given)
    assert (useless.code, "here each has its own times" in useless.err) == (2, True)


def test_one_notice_in_human_forms_is_previewed_like_any_file(desks: Desks) -> None:
    at = desks.place()
    desks.a("notice", "file", desks.file(plan("P1", at)), *KIND, "--to", "B", "--yes")
    said = json.loads(desks.a("notice", "show", desks.ids()[-1], "--as-file").out)
    path = desks.base / "one.json"
    path.write_text(json.dumps(said))
    taken = desks.a("notice", "file", path)
    assert (taken.code, "ID_TAKEN" in taken.err) == (1, True)
    path.write_text(json.dumps({**said, "id": ""}))
    assert desks.a("notice", "file", path, "--yes").code == 1, "the same is filed already"
    filed = desks.a("notice", "file", path, "--yes", "--again")
    assert filed.code == 0, filed
    assert "JSON of one notice, 1 feature; 1 notice of TRANSIT, told to B." in filed.out
    path.write_text(json.dumps({**said, "volume": 1}))
    assert "perhaps volumes is meant" in desks.a("notice", "file", path).err


def test_only_some_of_a_file(desks: Desks) -> None:
    at = desks.place()
    bad = plan("BAD", at, lower="?")
    file = desks.file(plan("N-1", at), plan("N-2", at + 2), plan("S-1", at + 4, name="North gate"), bad)
    ran = desks.a("notice", "file", file, *KIND, "--json", "--only", "n-*", "--only", "north*")
    found = json.loads(ran.out)
    assert ran.code == 0, "the flaw of a feature that is not wanted stops nobody"
    assert [one["file_id"] for one in found["notices"]] == ["N-1", "N-2", "S-1"]
    assert found["left_out"] == ["1 that --only does not name"]
    assert desks.a("notice", "file", file, *KIND, "--only", "Z*").code == 2


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--circle", "0N 0E 10NM"), "not from both"),
        (("--lower", "FL100"), "not from both"),
        (("--file", "x.json"), "one of them"),
        (("--id", "X-1"), "the node gives"),
        (("--key", "nonsense"), "'nonsense' names no version; it is a notice of theirs and its version, like --key '"),
        (("--key", "B B-0001"), "names no version"),
        (("--start", "tomorrow"), "is not a time"),
    ],
)
def test_what_does_not_go_with_a_file_is_said(desks: Desks, words: tuple[str, ...], what: str) -> None:
    file = desks.file(plan("P1", desks.place()))
    ran = desks.a("notice", "file", file, *KIND, *words)
    assert (ran.code, what in ran.err) == (2, True), ran


def test_nonsense_is_no_file_of_plans(desks: Desks, tmp_path: Path) -> None:
    for data in (b"", b"\x00\xff" * 50, b"{", b"[" * 100_000, b'{"volumes": []}', b"hello"):
        (tmp_path / "x").write_bytes(data)
        ran = desks.a("notice", "file", tmp_path / "x", *KIND, "--yes")
        assert (ran.code, "Nothing was filed" in ran.err) == (2, True), (data, ran)
    assert desks.a("notice", "file", tmp_path, *KIND).code == 2
    assert desks.a("notice", "file", tmp_path / "none", *KIND).code == 2
    assert desks.a("notice", "file", "--yes", *KIND).code == 2


def test_more_than_fit_at_once_are_refused_before_the_node_is_asked(desks: Desks) -> None:
    file = desks.file(*(plan(f"P{place}", place / 10) for place in range(101)))
    ran = desks.a("notice", "file", file, *KIND, "--yes")
    assert (ran.code, "at most 100" in ran.err) == (2, True)


def test_a_reason_that_many_parts_share_is_said_once(desks: Desks) -> None:
    file = desks.file(*(plan(f"P{place}", place / 10, lower="?") for place in range(40)))
    ran = desks.a("notice", "file", file, *KIND)
    assert ran.code == 2
    assert ran.err.count("feature ") == 6
    assert "feature 6 (P5) and 34 more: " in ran.err


def test_a_file_that_cannot_be_used_says_so_whatever_window_was_given(desks: Desks) -> None:
    file = desks.file(plan("P1", desks.place(), lower="?"))
    ran = desks.a("notice", "file", file, *KIND, "--start", "+1h", "--end", "+2h")
    assert (ran.code, "feature 1 (P1)" in ran.err) == (2, True)


def test_a_file_that_is_filed_twice_doubles_nothing_unless_that_is_said(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = desks.place()
    file = desks.file(plan("P1", at), plan("P2", at + 2))
    retry = ("notice", "file", file, *KIND, "--yes")
    assert desks.a(*retry).code == 0
    filed = desks.ids()
    again = desks.a(*retry, "--to", "B")
    assert (again.code, desks.ids()) == (1, filed), "who is told makes no other notice"
    assert f"(P1) is the same as {filed[-2]}, filed already\n" in again.out
    assert f"(P2) is the same as {filed[-1]}, filed already\n" in again.err
    assert "--again" in again.err
    shown = desks.a("notice", "file", file, *KIND, "--json")
    assert shown.code == 1
    assert [one["same_as"] for one in json.loads(shown.out)["notices"]] == [
        f"{one}, filed already" for one in filed[-2:]
    ]
    assert desks.a("notice", "file", file, "--kind", "HUM").code == 0, "another kind is another notice"
    asked = answers(monkeypatch, False)
    desks.a("notice", "file", file, *KIND, "--only", "P1")
    assert asked[-1].endswith(f"(P1) is the same as {filed[-2]}, filed already?")
    desks.a("notice", "file", file, *KIND)
    assert asked[-1] == "File these 2 notices, though 2 are filed already as shown?"
    monkeypatch.undo()
    assert (desks.a(*retry, "--again").code, len(desks.ids())) == (0, len(filed) + 2)


def test_what_is_over_is_not_repeated(desks: Desks) -> None:
    retry = ("notice", "file", desks.file(plan("P1", desks.place())), *KIND, "--yes")
    assert desks.a(*retry).code == 0
    assert desks.a("notice", "cancel", desks.ids()[-1]).code == 0
    assert desks.a(*retry).code == 0


def test_one_notice_twice_in_one_file_is_said(desks: Desks) -> None:
    at, before = desks.place(), desks.ids()
    ran = desks.a("notice", "file", desks.file(plan("P1", at), plan("P2", at)), *KIND, "--yes")
    assert (ran.code, desks.ids()) == (1, before)
    assert "(P2) is the same as P1 of this file\n" in ran.err
    assert "(P1) is the same" not in ran.err


def test_a_peer_that_is_not_pinned_is_said_before_the_preview(desks: Desks) -> None:
    file = desks.file(plan("P1", desks.place()))
    ran = desks.a("notice", "file", file, *KIND, "--to", "C", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert "no peer is called 'C'; pinned: B" in ran.err


def test_a_key_that_names_no_notice_of_theirs_is_said_whatever_is_asked(desks: Desks) -> None:
    at = desks.place()
    theirs = desks.in_the_way(at)
    file = desks.file(plan("P1", at + 5))
    own = desks.a("notice", "file", file, *KIND, "--yes")
    assert own.code == 0
    ours = desks.ids()[-1]
    one = ("--circle", f"0,{at + 7} 10NM", "--lower", "FL200", "--upper", "FL240", "--start", "+1h", "--end", "+2h")
    for words in (
        ("notice", "file", file, *KIND),
        ("notice", "file", *KIND, *one, "--what-if"),
        ("notice", "change", ours, "--lower", "FL210", "--what-if"),
    ):
        for key in ("B Z-9999 v1", f"C {theirs} v1", f"B {theirs} v7", f"{ours} v1"):
            ran = desks.a(*words, "--key", key)
            assert (ran.code, ran.out) == (1, ""), (words, key, ran)
            assert f"--key {key!r} names no notice of theirs that this node knows" in ran.err
        assert desks.a(*words, "--key", "nonsense").code == 2
    assert desks.a("notice", "file", file, *KIND, "--again", "--key", f"{theirs} v1").code == 0


def test_a_file_of_plans_is_no_notice_as_json_and_a_mistyped_notice_is(desks: Desks) -> None:
    file = desks.file(plan("P1", desks.place()))
    ran = desks.a("notice", "file", "--file", file)
    assert (ran.code, f"leave out --file: skyparley notice file {file}" in ran.err) == (2, True), ran
    typo = desks.base / "typo.json"
    typo.write_text('{"kind": "SAR", "volume": []}')
    ran = desks.a("notice", "file", "--file", typo)
    assert (ran.code, "perhaps volumes" in ran.err, "leave out" in ran.err) == (2, True, False), ran


def test_a_file_without_a_plan_offers_no_other_parts(desks: Desks) -> None:
    empty = desks.file(name="empty.geojson")
    for words in ((), ("--only", "P1")):
        ran = desks.a("notice", "file", empty, *KIND, *words, "--yes")
        assert (ran.code, "--only" in ran.err, "Mend the file." in ran.err) == (2, False, True), ran
    some = desks.file(plan("P1", desks.place()), plan("P2", 0, lower="?"))
    assert "Mend the file, or choose its other parts with --only." in desks.a("notice", "file", some, *KIND).err


def test_standard_input_is_a_file_too(desks: Desks) -> None:
    before = desks.ids()
    text = desks.file(plan("P1", desks.place())).read_text()
    ran = desks.a("notice", "file", "-", *KIND, "--yes", said=text)
    assert (ran.code, len(desks.ids())) == (0, len(before) + 1), ran


def test_what_if_says_what_filing_then_comes_to(desks: Desks) -> None:
    at = desks.place()
    theirs = desks.in_the_way(at)
    before = desks.ids()
    words = (
        *("notice", "file", *KIND, "--circle", f"0,{at} 10NM", "--lower", "FL200", "--upper", "FL240"),
        *("--start", "2035-01-01T09:00Z", "--end", "09:30Z", "--to", "B"),
    )
    asked = desks.a(*words, "--what-if")
    assert (asked.code, desks.ids()) == (1, before)
    assert f"  B {theirs} v1, HUM: overlap, 2035-01-01 09:00Z to 09:30Z\n" in asked.out
    assert "would be told to B, lead time PLANNED." in asked.out
    assert "KEY_INCOMPLETE" in asked.out
    assert "Nothing was sent." in asked.out
    key = ("--key", f"B {theirs} v1")
    (would,) = json.loads(desks.a(*words, *key, "--what-if", "--json").out)["notices"]
    filed = json.loads(desks.a(*words, *key, "--json").out)
    assert filed["refs"]["ref"] == would["ref"]
    assert filed["conflicts"] == [one["pair_id"] for one in would["conflicts"]]
    change = ("notice", "change", would["id"], "--lower", "FL300", "--upper", "FL340")
    would_change = desks.a(*change, "--what-if")
    assert would_change.code == 0, would_change
    assert f"Its conflict with B {theirs} v1 would be over.\n" in would_change.out
    assert json.loads(desks.a("notice", "show", would["id"], "--json").out)["version"] == 1


def test_ids_that_follow_each_other_are_one_span() -> None:
    assert runs(["A-0001"]) == "A-0001"
    assert (
        runs(["A-0009", "A-0010", "X-1", "A-0011", "A-0013", "A-0014"])
        == "A-0009 to A-0010, X-1, A-0011, A-0013 to A-0014"
    )
