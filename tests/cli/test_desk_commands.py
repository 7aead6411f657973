"""The desk from the command line against two real nodes: every act of a settlement, and what is refused on the way.

Each test files notices in a place of its own, so that they run in any order and on any worker.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command_line import Ran, run
from real_nodes import init, pin_each_other, served

from skyparley.base.ids import short_id

CIRCLE = ("--circle", "36.1N 37.2E 20NM")
WHEN = ("--start", "2035-01-01T08:00Z", "--end", "09:00Z")


class Pair(NamedTuple):
    """A notice of A at FL200-FL240 and one of B at FL150-FL250, in conflict; ids as both desks tell them."""

    a: str
    b: str
    conflict: str
    pair: str


class Desks:
    """The desks of A and B."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self._places = itertools.count(1)

    def a(self, *words: object) -> Ran:
        return run(*words, env={"SKYPARLEY_NODE": str(self.base / "A")})

    def b(self, *words: object) -> Ran:
        return run(*words, "--node", self.base / "B")

    def place(self) -> str:
        """A place where no other test has anything."""
        return f"0N {10 * next(self._places)}E"

    def until(self, desk: Callable[..., Ran], words: tuple[str, ...], holds: Callable[[dict[str, Any]], Any]) -> Any:
        """The first of a list for which something holds: the line works while we ask."""
        for _ in range(400):
            ran = desk(*words, "--json")
            assert ran.code == 0, ran
            for one in json.loads(ran.out):
                if holds(one):
                    return one
        raise AssertionError(f"{words} never came to it: {ran.out}")

    def file(self, desk: Callable[..., Ran], to: str, levels: tuple[str, str], *more: object) -> Ran:
        lower, upper = levels
        return desk(
            "notice",
            "file",
            "--kind",
            "transit",
            "--lower",
            lower,
            "--upper",
            upper,
            *WHEN,
            "--to",
            to,
            "--json",
            *more,
        )

    def pair(self) -> Pair:
        """Files both, and waits until each side has heard the other's conflict id."""
        circle = ("--circle", f"{self.place()} 20NM")
        a = json.loads(self.file(self.a, "B", ("FL200", "FL240"), *circle).out)["refs"]["id"]
        self.until(self.b, ("notice", "list"), lambda one: one["id"] == a)
        filed = self.file(self.b, "A", ("FL150", "FL250"), *circle, "--key", f"A {a} v1")
        assert filed.code == 0, filed
        b = json.loads(filed.out)["refs"]["id"]
        told = [
            self.until(
                desk, ("conflict", "list"), lambda one, own=own: one["own_notice"] == own and one.get("peer_same_id")
            )
            for desk, own in ((self.a, a), (self.b, b))
        ]
        assert told[0]["conflict_id"] == told[1]["conflict_id"]
        return Pair(a, b, told[0]["conflict_id"], told[0]["pair_id"])

    def may(self, desk: Callable[..., Ran], pair: Pair, act: str) -> dict[str, Any]:
        """The dialogue, once the desk may do an act in it."""
        found = self.until(
            desk, ("dialogue", "list"), lambda one: one["pair_id"] == pair.pair and act in one.get("can", [])
        )
        return dict(found)

    def proposed(self) -> Pair:
        """A pair for which A has offered that B stays below FL180, and B has heard it."""
        pair = self.pair()
        ran = self.a("dialogue", "propose", pair.a, "--change", f"{pair.b}#1 upper=FL180")
        assert (ran.code, ran.out) == (0, "Proposed, turn 1, VERT.\n")
        self.may(self.b, pair, "accept")
        return pair


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    base = tmp_path_factory.mktemp("desks")
    init(base / "A", "A")
    init(base / "B", "B")
    pin_each_other(base / "A", base / "B")
    with served(base / "A"), served(base / "B"):
        found = Desks(base)
        for desk in (found.a, found.b):
            found.until(desk, ("line", "list"), lambda one: one.get("ready"))
        yield found


# --- notices ------------------------------------------------------------------------------------------------------


def test_the_line_is_shown(desks: Desks) -> None:
    assert re.search(r"^B +(OPEN|DEGRADED) +up +\w+ +yes +EQUAL", desks.a("line", "list").out, re.M)


def test_a_notice_is_filed_told_and_shown_at_both(desks: Desks) -> None:
    ran = desks.a(
        "notice", "file", "--kind", "area-work", "--circle", "20.5N 10W 37.04 km", "--lower", "FL200",
        "--upper", "8000.5 m AMSL", "--start", "2030-11-23T08:00Z", "--end", "09:30Z", "--to", "B",
    )  # fmt: skip
    assert ran.code == 0
    ref = re.fullmatch(r"((A-\d{4}) v1) is filed\.\n", ran.out)
    assert ref is not None
    seen = desks.until(desks.b, ("notice", "list"), lambda one: one["id"] == ref[2])
    assert (seen["party"], seen["kind"]) == ("A", "AREA WORK")
    volume = seen["volumes"][0]
    assert volume["shape"] == {"type": "circle", "centre": [205_000_000, -100_000_000], "radius_m": 37_040}
    assert volume["upper"] == {"ref": "AMSL", "ft": 26_249}
    assert volume["end"] - volume["start"] == 90 * 60_000
    told = desks.until(
        desks.a, ("notice", "list"), lambda one: one["id"] == ref[2] and one["audience"][0].get("delivered")
    )
    assert told["state"] == "COORDINATED"
    listed = desks.a("notice", "list").out
    assert re.search(rf"^{ref[1]} .* 2030-11-23 08:00Z to 09:30Z +B received", listed, re.M)
    shown = desks.b("notice", "show", ref[2].lower()).out
    assert "circle of 20.0 NM (37.0 km) about 20.5N 10W" in shown
    assert "received 20" in shown


def test_without_the_key_it_is_refused_and_says_which(desks: Desks) -> None:
    circle = ("--circle", f"{desks.place()} 20NM")
    a = json.loads(desks.file(desks.a, "B", ("FL200", "FL240"), *circle).out)["refs"]["id"]
    desks.until(desks.b, ("notice", "list"), lambda one: one["id"] == a)
    refused = desks.file(desks.b, "A", ("FL150", "FL250"), *circle)
    assert refused.code == 1
    assert "KEY_INCOMPLETE" in refused.err
    assert f"--key 'A {a} v1'" in refused.err
    filed = desks.file(desks.b, "A", ("FL150", "FL250"), *circle, "--key", f"A {a} v1")
    assert filed.code == 0
    assert len(json.loads(filed.out)["conflicts"]) == 1


def test_a_file_is_what_a_notice_shows_of_itself(desks: Desks, tmp_path: Path) -> None:
    when = {"lower": "FL300", "upper": "FL340", "start": "2030-01-01T08:00Z", "end": "2030-01-01T09:00Z"}
    legs = [
        {"shape": {"type": "corridor", "line": [[37.0021, 35.4259], [36.7, 36.9]], "half_width_nm": 5.0}, **when},
        {"shape": {"type": "polygon", "rings": [[[30, 10], [30, 11], [31, 11]]]}, **when},
    ]
    (tmp_path / "route.json").write_text(json.dumps({"kind": "refuel track", "volumes": legs, "audience": ["B"]}))
    filed = desks.a("notice", "file", "--file", tmp_path / "route.json", "--json")
    notice_id = json.loads(filed.out)["refs"]["id"]
    shown = desks.a("notice", "show", notice_id, "--as-file")
    assert json.loads(shown.out)["volumes"] == legs
    (tmp_path / "again.json").write_text(shown.out.replace("FL340", "FL330"))
    changed = desks.a("notice", "change", notice_id, "--file", tmp_path / "again.json")
    assert (changed.code, changed.out) == (0, f"{notice_id} v2 holds.\n")
    assert changed.err.count("FL300 to FL330 instead of FL300 to FL340") == 2
    other = desks.a("notice", "change", "A-0099", "--file", tmp_path / "again.json")
    assert other.code == 1


def test_a_route_of_several_volumes_from_options(desks: Desks) -> None:
    ran = desks.b(
        "notice", "file", "--kind", "TEST", "--lower", "FL400", "--upper", "FL450", "--start", "2030-01-01T08:00Z",
        "--volume", "corridor 50,0 50,1 10NM; end=09:00Z", "--volume", "circle 50N 1E 10NM; upper=FL500; end=10:00Z",
        "--no-due-regard", "lost-link", "--id", "B-77", "--json",
    )  # fmt: skip
    assert ran.code == 0
    assert json.loads(ran.out)["refs"]["ref"] == "B-77 v1"
    shown = desks.b("notice", "show", "b-77").out
    assert "2030-01-01 08:00Z to 10:00Z" in shown
    assert "circle of 10.0 NM (18.5 km) about 50N 1E" in shown
    assert "not stated: LOST LINK" in shown
    assert "nobody: local" in shown


def test_orbits_lines_and_arcs_are_filed_shown_and_read_back(desks: Desks, tmp_path: Path) -> None:
    when = ("--lower", "FL400", "--upper", "FL450", "--start", "2030-01-01T08:00Z", "--end", "09:00Z")
    ran = desks.a(
        "notice", "file", "--kind", "TEST", *when, "--orbit", "60,-40 60.3,-39.5 5NM left", "--line", "61,-40 61,-39 2NM",
        "--arc", "62N 40W 10NM-20NM 340-020.5", "--volume", "arc 63N 40W 20NM 030-090; upper=FL500", "--id", "A-TRACK",
    )  # fmt: skip
    assert ran.code == 0
    shown = desks.a("notice", "show", "a-track").out
    assert "orbit of 5.0 NM (9.2 km) radius to the left of the leg 60N 40W to 60.3N 39.5W" in shown
    assert "line with 2.0 NM (3.7 km) each side, 61N 40W, 61N 39W" in shown
    assert "arc, 10.0 NM (18.5 km) to 20.0 NM (37.0 km) from 62N 40W, bearing 340 to 020.5" in shown
    form = json.loads(desks.a("notice", "show", "a-track", "--as-file").out)
    assert form["volumes"][2]["shape"] == {
        "type": "arc", "centre": [62.0, -40.0], "from_deg": 340.0, "to_deg": 20.5, "inner_nm": 10.0, "outer_nm": 20.0,
    }  # fmt: skip
    form["volumes"][0]["shape"]["side"] = "right"
    (tmp_path / "track.json").write_text(json.dumps(form))
    changed = desks.a("notice", "change", "a-track", "--file", tmp_path / "track.json")
    assert changed.code == 0
    assert "to the right of the leg" in changed.err
    assert changed.err.count("instead of") == 1
    refused = desks.a("notice", "file", "--kind", "TEST", *when, "--arc", "62N 40W 20NM-10NM 350-010")
    assert (refused.code, "RADII_ORDER" in refused.err) == (1, True)


def test_a_change_says_what_differs_and_holds_to_the_version_that_was_seen(desks: Desks) -> None:
    filed = desks.file(desks.a, "B", ("FL200", "FL240"), "--circle", f"{desks.place()} 20NM")
    notice_id = json.loads(filed.out)["refs"]["id"]
    changed = desks.a("notice", "change", notice_id, "--edit", "#1 upper=FL230", "--expect", "1")
    assert (changed.code, changed.out) == (0, f"{notice_id} v2 holds.\n")
    assert "FL200 to FL230 instead of FL200 to FL240" in changed.err
    stale = desks.a("notice", "change", notice_id, "--upper", "FL220", "--expect", "1")
    assert (stale.code, "STALE_VERSION" in stale.err) == (1, True)
    moved = desks.a("notice", "change", notice_id, "--circle", f"{desks.place()} 30NM", "--json")
    assert moved.code == 0
    assert "circle of 30.0 NM" in desks.a("notice", "show", notice_id).out
    assert "FL200 to FL230" in desks.a("notice", "show", notice_id).out
    assert desks.a("notice", "change", notice_id).code == 2


def test_a_notice_is_asked_about_activated_ended_and_cancelled(desks: Desks) -> None:
    ids = []
    for _ in range(2):
        filed = desks.file(desks.a, "B", ("FL200", "FL240"), "--circle", f"{desks.place()} 20NM")
        ids.append(json.loads(filed.out)["refs"]["id"])
        desks.until(desks.b, ("notice", "list"), lambda one: one["id"] == ids[-1])
    assert desks.b("notice", "query", ids[0], "--field", "levels").out.startswith("A is asked about LEVELS")
    assert desks.a("notice", "activate", ids[0]).code == 0
    desks.until(desks.b, ("notice", "list"), lambda one: one["id"] == ids[0] and one["state"] == "ACTIVE")
    assert desks.a("notice", "end", ids[0]).code == 0
    assert desks.a("notice", "cancel", ids[1], "--reason", "wx").code == 0
    assert not [one for one in ids if one in desks.a("notice", "list").out]
    everything = desks.a("notice", "list", "--all").out
    assert re.search(rf"^{ids[0]} .* ENDED ", everything, re.M)
    assert re.search(rf"^{ids[1]} .* CANCELLED ", everything, re.M)


# --- dialogues ----------------------------------------------------------------------------------------------------


def test_a_conflict_is_shown_by_any_name_of_it(desks: Desks) -> None:
    pair = desks.pair()
    shown = desks.a("conflict", "show", pair.a)
    assert shown.code == 0
    assert pair.conflict in shown.out
    assert "told the same conflict id" in shown.out
    short = short_id(pair.conflict)
    for name in (
        pair.conflict,
        short,
        short.lower().replace("0", "o").replace("1", "l"),
        pair.pair[:8],
        pair.b.lower(),
    ):
        assert desks.a("conflict", "show", name).out == shown.out
    assert re.search(
        rf"^{short_id(pair.conflict)} +{pair.a} v1 +B {pair.b} v1 +DETECTED", desks.a("conflict", "list").out, re.M
    )


def test_what_would_settle_it_is_listed_and_can_be_picked(desks: Desks) -> None:
    pair = desks.pair()
    listed = desks.a("conflict", "suggest", pair.a)
    found = json.loads(desks.a("conflict", "suggest", pair.a, "--json").out)
    place = next(at for at, one in enumerate(found, 1) if one["text"].startswith(f"{pair.b}: FL080-"))
    assert found[place - 1]["text"] in listed.out
    for beyond in (0, len(found) + 1):
        assert desks.a("dialogue", "propose", pair.a, "--pick", beyond).code == 2
    proposed = desks.a("dialogue", "propose", pair.a, "--pick", place)
    assert (proposed.code, proposed.out) == (0, "Proposed, turn 1, VERT.\n")
    assert "FL080 to FL180 instead of FL150 to FL250" in proposed.err


def test_a_counter_on_the_offer_is_accepted_both_have_signed_and_it_binds(desks: Desks) -> None:
    pair = desks.proposed()
    ran = desks.b("dialogue", "counter", pair.b, "--on-offer", "--change", f"{pair.b} upper=FL175 lower=FL155")
    assert (ran.code, ran.out) == (0, "Countered, turn 2, VERT.\n")
    desks.may(desks.a, pair, "accept")
    accepted = desks.a("dialogue", "accept", pair.a)
    assert accepted.code == 0
    assert "FL155 to FL175 instead of FL150 to FL250" in accepted.err
    for desk in (desks.a, desks.b):
        one = desks.until(
            desk, ("agreement", "list"), lambda one: one["pair_id"] == pair.pair and one["status"] == "IN_FORCE"
        )
        assert sorted(one["signed_by"]) == ["A", "B"]
    assert f"A {pair.a} v1 and B {pair.b} v2" in desks.a("agreement", "list").out
    assert short_id(pair.conflict) not in desks.a("conflict", "list").out
    assert re.search(rf"^{short_id(pair.conflict)} .*AGREED, SETTLED", desks.b("conflict", "list", "--all").out, re.M)
    wider = desks.a("notice", "change", pair.a, "--upper", "FL300")
    assert (wider.code, "BOUND_BY_AGREEMENT" in wider.err) == (1, True)


def test_the_records_of_running_nodes_hold(desks: Desks) -> None:
    pair = desks.proposed()
    assert desks.b("dialogue", "accept", pair.b).code == 0
    for desk in (desks.a, desks.b):
        desks.until(
            desk, ("agreement", "list"), lambda one: one["pair_id"] == pair.pair and one["status"] == "IN_FORCE"
        )
    ran = run("verify", desks.base / "A", desks.base / "B")
    assert ran.code == 0, ran.out
    assert f"settles conflict {short_id(pair.conflict)}, found and told by both" in ran.out


def test_a_decision_on_an_older_revision_is_refused(desks: Desks) -> None:
    pair = desks.proposed()
    revision = desks.may(desks.b, pair, "accept")["revision"]
    assert re.search(
        rf"^{short_id(pair.conflict)} .* A, VERT +1 .*accept, counter, reject, stand by",
        desks.b("dialogue", "list").out,
        re.M,
    )
    stale = desks.b("dialogue", "accept", pair.b, "--revision", revision - 1)
    assert stale.code == 1
    assert "STALE" in stale.err
    assert "FL150 to FL180 instead of FL150 to FL250" in stale.err
    assert desks.b("dialogue", "standby", pair.b, "--until", "+10min", "--revision", revision).code == 0
    assert desks.b("dialogue", "standby", pair.b, "--until", "+15min").code == 1
    assert desks.b("dialogue", "reject", pair.b, "--reason", "safety").out == "Rejected.\n"
    desks.may(desks.a, pair, "propose")
    assert "SAFETY" in desks.a("conflict", "show", pair.a).out


def test_an_offer_is_withdrawn_by_its_author_only(desks: Desks) -> None:
    pair = desks.proposed()
    own = desks.a("dialogue", "accept", pair.a)
    assert (own.code, "ours" in own.err) == (1, True)
    assert desks.a("dialogue", "counter", pair.a, "--change", f"{pair.b} upper=FL170").code == 1
    assert desks.b("dialogue", "withdraw", pair.b).code == 1
    assert desks.a("dialogue", "withdraw", pair.a).code == 0
    desks.may(desks.b, pair, "propose")
    assert desks.b("dialogue", "accept", pair.b).code == 1


def test_terms_that_do_not_separate_are_refused_with_the_reason(desks: Desks) -> None:
    pair = desks.pair()
    ran = desks.b("dialogue", "propose", pair.b, "--change", f"{pair.b}#1 upper=FL240")
    assert ran.code == 1
    assert "TERMS_DO_NOT_SEPARATE" in ran.err


def test_terms_from_a_file(desks: Desks, tmp_path: Path) -> None:
    pair = desks.pair()
    (volume,) = json.loads(desks.a("notice", "show", pair.a, "--as-file").out)["volumes"]
    terms = {"changes": [{"party": "A", "id": pair.a, "volumes": [{**volume, "lower": "FL270", "upper": "FL310"}]}]}
    (tmp_path / "terms.json").write_text(json.dumps(terms))
    ran = desks.a("dialogue", "propose", pair.a, "--file", tmp_path / "terms.json")
    assert (ran.code, ran.out) == (0, "Proposed, turn 1, VERT.\n")


def test_terms_that_are_none_are_named(desks: Desks, tmp_path: Path) -> None:
    pair = desks.pair()
    (tmp_path / "bad.json").write_text('{"changes": [{"party": "B"}]}')
    for words in (
        (),
        ("--change", "Z-0009 upper=FL180"),
        ("--change", f"{pair.b}#2 upper=FL180"),
        ("--change", f"{pair.b} upper=low"),
        ("--change", f"{pair.b} upper=FL180", "--pick", "1"),
        ("--change", f"{pair.b} upper=FL180", "--on-offer"),
        ("--file", "/nowhere/at/all"),
        ("--file", tmp_path / "bad.json"),
    ):
        ran = desks.b("dialogue", "propose", pair.b, *words)
        assert ran.code == 2, (words, ran)
        assert ran.err.strip()


# --- what cannot be -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("notice", "file"), "--kind"),
        (("notice", "file", "--kind", "TRANSITT", *CIRCLE), "perhaps TRANSIT"),
        (("notice", "file", "--kind", "TRANSIT"), "--circle"),
        (("notice", "file", "--kind", "TRANSIT", *CIRCLE), "lower, upper, start, end"),
        (("notice", "file", "--kind", "TRANSIT", "--circle", "91N 37E 5NM"), "90 degrees"),
        (("notice", "file", "--kind", "TRANSIT", "--volume", "blob"), "circle, polygon, corridor, orbit, line or arc"),
        (("notice", "file", "--file", "FILE", *CIRCLE), "not from both"),
        (("notice", "file", "--file", "NOT JSON"), "JSON"),
        (("notice", "file", "--file", "UNKNOWN"), "perhaps audience is meant"),
        (("notice", "file", "--file", "/nowhere/at/all"), "cannot be read"),
        (("notice", "cancel", "A-0001", "--reason", "BORED"), "it is one of"),
        (("notice", "query", "B-0001", "--field", "PILOT"), "it is one of"),
        (("notice", "show"), "NOTICE"),
        (("dialogue", "standby", "A-0001"), "until"),
        (("notice", "list", "--node", "/nowhere/at/all"), "not the folder of a node"),
        (("watch", "--after", "x"), "after"),
    ],
)
def test_what_cannot_be_used_is_named(desks: Desks, tmp_path: Path, words: tuple[str, ...], named: str) -> None:
    (tmp_path / "f").write_text('{"kind": "TRANSIT"}')
    (tmp_path / "n").write_text("{kind: TRANSIT")
    (tmp_path / "u").write_text('{"kind": "TRANSIT", "audiance": ["B"]}')
    files = {"FILE": tmp_path / "f", "NOT JSON": tmp_path / "n", "UNKNOWN": tmp_path / "u"}
    ran = desks.a(*(files.get(word, word) for word in words))
    assert ran.code == 2, ran
    assert named in ran.err


def test_what_cannot_be_done_with_our_own_notice_is_named(desks: Desks) -> None:
    filed = desks.file(desks.a, "B", ("FL200", "FL240"), "--circle", f"{desks.place()} 20NM")
    notice_id = json.loads(filed.out)["refs"]["id"]
    for words, named in (
        (("query", notice_id, "--field", "AREA"), "our own"),
        (("change", notice_id, "--edit", "B-0001 upper=FL180"), f"this is {notice_id}"),
        (("change", notice_id, *CIRCLE, "--edit", "#1 upper=FL180"), "--edit changes"),
        (("change", notice_id, "--due-regard", "--no-due-regard", "WX"), "one of them"),
    ):
        ran = desks.a("notice", *words)
        assert (ran.code, named in ran.err) == (2, True), ran


@pytest.mark.parametrize(
    "words",
    [
        ("notice", "show", "A-9999"),
        ("notice", "change", "B-9999", "--upper", "FL180"),
        ("notice", "end", "nonsense"),
        ("conflict", "show", "zzzzzzzz"),
        ("conflict", "show", "-zzzzzzz"),
        ("dialogue", "accept", "--zzzzz"),
        ("notice", "file", "--kind", "TEST", *CIRCLE, "--lower", "FL200", "--upper", "FL190", *WHEN),
        ("notice", "file", "--kind", "TEST", *CIRCLE, "--lower", "SFC", "--upper", "UNL", *WHEN, "--to", "NOBODY"),
    ],
)
def test_what_is_not_there_is_an_answer(desks: Desks, words: tuple[str, ...]) -> None:
    ran = desks.a(*words)
    assert ran.code == 1, ran
    assert ran.err.strip()


def test_watch_tells_what_happened_from_a_position_on(desks: Desks) -> None:
    pair = desks.pair()
    whole = desks.a("watch", "--after", "0", "--count", "60")
    assert whole.code == 0
    assert [int(line.split()[0]) for line in whole.out.splitlines() if "LINK" not in line] == list(range(1, 61))
    assert "PeerPinned" in whole.out
    assert re.search(r"NoticeFiled  id=A-\d{4}", whole.out)
    later = desks.a("watch", "--after", "10", "--count", "2", "--json")
    assert [json.loads(line)["position"] for line in later.out.splitlines() if "position" in line] == [11, 12]
    assert pair.a in desks.a("notice", "list").out


def test_an_observer_may_look_and_not_act(desks: Desks) -> None:
    folder = desks.base / "A"
    token = (folder / "desk.token").read_text()
    (folder / "desk.token").write_text(run("token", folder, "wall", "--role", "observer").out)
    try:
        assert desks.a("notice", "list").code == 0
        ran = desks.a("notice", "file", "--kind", "TEST", *CIRCLE, "--lower", "SFC", "--upper", "UNL", *WHEN)
        assert ran.code == 1
        assert ran.err.startswith("ROLE")
        assert run("token", folder, "wall", "--remove").code == 0
        gone = desks.a("notice", "list")
        assert gone.code == 1
        assert "token" in gone.err
    finally:
        (folder / "desk.token").write_text(token)
