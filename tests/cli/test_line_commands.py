"""The line from the command line, against two real nodes: said, read back, acted on, suspended by two, resumed."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran, run
from real_nodes import init, pin_each_other, served

from skyparley.cli.desk_client import open_desk

PASSWORDS = {"officer": "correct horse battery", "chief": "staple staple staple"}
TRIES = 300


class Desks:
    """Both desks; `officer` and `chief`, a supervisor, are people at each."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self._places = itertools.count(1)

    def a(self, *words: object) -> Ran:
        return self._run("A", words)

    def b(self, *words: object) -> Ran:
        return self._run("B", words)

    def _run(self, name: str, words: tuple[object, ...]) -> Ran:
        said = f"{PASSWORDS[str(words[words.index('--as') + 1])]}\n" if "--as" in words else None
        return run(*words, "--node", self.base / name, said=said)

    def circle(self) -> tuple[str, str]:
        """An area where no other test has one."""
        return "--circle", f"10N {next(self._places)}E 5NM"

    def line(self, desk: Callable[..., Ran]) -> dict[str, Any]:
        (found,) = json.loads(desk("line", "list", "--json").out)
        return dict(found)

    def word(self, desk: Callable[..., Ran], *words: str) -> None:
        until(lambda: self.line(desk)["word"] in words, lambda: desk("line", "show", self.line(desk)["peer"]).out)

    def matters(self, desk: Callable[..., Ran]) -> list[dict[str, Any]]:
        return list(json.loads(desk("statements", "--all", "--json").out))

    def heard(self, desk: Callable[..., Ran], name: str, **holds: Any) -> dict[str, Any]:
        """The statement of this short id at a desk, once its members are so."""

        def found() -> dict[str, Any] | None:
            return next(
                (
                    one
                    for one in self.matters(desk)
                    if one["short_id"] == name and all(one.get(key) == value for key, value in holds.items())
                ),
                None,
            )

        return until(found, lambda: desk("statements", "--all").out)

    def stop(self, *more: object) -> tuple[str, dict[str, Any]]:
        """A stop request of A, and how B holds it."""
        ran = self.a("say", "stop", "--to", "B", *self.circle(), *more)
        assert ran.code == 0, ran
        name = ran.out.split()[-1]
        return name, self.heard(self.b, name)


def until(holds: Callable[[], Any], shown: Callable[[], str]) -> Any:
    """What comes true while the nodes, which are processes of their own, work."""
    for _ in range(TRIES):
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError(shown())


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    base = tmp_path_factory.mktemp("line")
    for name in "AB":
        init(base / name, name)
        assert run("account", "add", base / name, "chief", "--role", "supervisor").code == 0
        assert run("account", "add", base / name, "watcher", "--role", "observer").code == 0
        for account, password in PASSWORDS.items():
            ran = run("account", "password", base / name, account, "--ask", said=f"{password}\n{password}\n")
            assert ran.code == 0, ran
    pin_each_other(base / "A", base / "B")
    with served(base / "A"), served(base / "B"):
        found = Desks(base)
        for desk in (found.a, found.b):
            found.word(desk, "OPEN", "DEGRADED")
            assert desk("desk", "staffed").code == 0
        for desk in (found.a, found.b):
            found.word(desk, "OPEN")
        yield found


# --- the line ---------------------------------------------------------------------------------------------------------


def test_a_line_is_shown_with_all_that_makes_its_word(desks: Desks) -> None:
    ran = desks.a("line", "show", "b")
    assert ran.code == 0
    for text in ("OPEN", "IN_FORCE", "http out: UP", "http in: UP", "last good 20", "next 20", "ours ", "EQUAL"):
        assert text in ran.out, (text, ran.out)
    assert json.loads(desks.a("line", "show", "B", "--json").out)["checks"]["needed"] == 3
    wrong = desks.a("line", "show", "C")
    assert (wrong.code, "there are: B" in wrong.err) == (1, True)


def test_a_human_check_is_acknowledged_by_a_person_there(desks: Desks) -> None:
    assert desks.a("line", "check", "B").code == 0
    check = until(
        lambda: next(
            (one for one in desks.matters(desks.b) if one["type"] == "LCK" and "acknowledge" in one.get("can", ())),
            None,
        ),
        lambda: desks.b("statements").out,
    )
    assert "Acknowledged" in desks.b("statement", "ack", check["short_id"]).out
    desks.heard(desks.a, check["short_id"], state="ACKNOWLEDGED")


def test_two_persons_suspend_and_life_passes_and_two_resume(desks: Desks) -> None:
    alone = desks.b("line", "suspend", "A", "--reason", "political")
    assert (alone.code, "PERSON_NEEDED" in alone.err) == (1, True), alone
    asked = desks.b("line", "suspend", "A", "--reason", "political", "--as", "officer")
    assert asked.code == 0
    assert 'skyparley line suspend A --reason "POLITICAL" --as ACCOUNT' in asked.out
    assert "officer asked" in desks.b("line", "show", "A").out
    same = desks.b("line", "suspend", "A", "--reason", "POLITICAL", "--as", "officer")
    assert (same.code, "SECOND_PERSON" in same.err) == (1, True)
    assert desks.line(desks.a)["word"] == "OPEN"
    done = desks.b("line", "suspend", "A", "--reason", "POLITICAL", "--as", "chief")
    assert (done.code, "Suspended" in done.out) == (0, True), done
    for desk in (desks.a, desks.b):
        desks.word(desk, "SUSPENDED")
    assert "suspended by B" in desks.a("line", "show", "B").out
    not_ours = desks.a("line", "resume", "B", "--as", "officer")
    assert (not_ours.code, "did not suspend" in not_ours.err) == (1, True)
    desks.stop()
    for account in ("officer", "chief"):
        assert desks.b("line", "resume", "A", "--as", account).code == 0
    for desk in (desks.a, desks.b):
        desks.word(desk, "OPEN")


def test_a_time_of_effect_is_repeated_exactly(desks: Desks) -> None:
    asked = desks.a("line", "suspend", "B", "--reason", "REVIEW", "--effective", "+3h", "--as", "officer")
    command = next(line for line in asked.out.splitlines() if "skyparley line" in line)
    effective = command.split('--effective "')[1].split('"')[0]
    assert effective.endswith("Z")
    again = desks.a("line", "suspend", "B", "--reason", "REVIEW", "--effective", effective, "--as", "chief")
    assert "Said: suspend from" in again.out, again
    assert "suspend by A from" in desks.a("line", "show", "B").out
    desks.a("line", "resume", "B", "--as", "officer")
    desks.a("line", "resume", "B", "--as", "chief")


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("line", "suspend", "B", "--reason", "ANGER"), 2, "it is one of POLITICAL"),
        (("line", "suspend", "B", "--reason", "OTHER", "--effective", "soon"), 2, "is not a time"),
        (("line", "terminate", "NOBODY", "--reason", "OTHER"), 1, "there are: B"),
        (("line", "epoch", "B", "--as", "officer"), 1, "a new epoch is not needed"),
        (("desk", "asleep"), 2, "STAFFED, UNSTAFFED, DECLINED"),
        (("clock", "--shows", "+1h"), 1, "SCALED"),
        (("say", "stop", "--to", "B"), 2, "--circle"),
        (("say", "stop", "--to", "B", "--circle", "91N 5E 5NM"), 2, "goes to 90"),
        (("say", "stop", "--to", "C", "--circle", "10N 5E 5NM"), 1, "there are: B"),
        (("say", "stop", "--to", "B", "--circle", "10N 5E 5NM", "--circle", "11N 5E 5NM"), 2, "has one area"),
        (("say", "stop", "--to", "B", "--circle", "10N 5E 5NM", "--text", "stop"), 2, "go together"),
        (("say", "stop", "--to", "B", "--circle", "10N 5E 5NM", "--text", "x", "--lang", "xx"), 2, "xx"),
        (("say", "distress", "--to", "B", "--position", "10N 5E"), 2, "--aircraft FIXED WING"),
        (("say", "distress", "--to", "B", "--aircraft", "glider", "--position", "10N 5E"), 1, "PERSON_NEEDED"),
        (("say", "distress", "--to", "B", "--aircraft", "glider"), 2, "where?"),
        (("say", "relay", "--to", "B", "--circle", "10N 5E 5NM"), 2, "--source CIVIL ATS"),
        (("say", "identity", "--to", "B", "--position", "10N 5E"), 2, "--level, --error"),
        (("statement", "show", "QQQQQQQQ"), 1, "no statement"),
        (("statement", "identity", "X", "perhaps"), 2, "OURS, NOT OURS, CHECKING"),
        (("statement", "identity", "X", "checking"), 2, "--until"),
        (("statement", "answer", "X", "reject"), 2, "reject needs --reason"),
        (("statement", "answer", "X", "accept", "--reason", "OTHER"), 2, "accept takes no --reason"),
        (("duty", "set", "DESK"), 2, "DESK=anna,ben"),
        (("duty", "set", "COOK=anna"), 2, "SUPERVISOR"),
        (("duty", "take", "DESK", "--lang", "xx", "--as", "officer"), 2, "'xx' is no language here; it is one of EN, "),
        (("duty", "leave", "LEVEL3", "--as", "officer"), 1, "NOT_ON_DUTY"),
        (("duty", "set", "DESK=officer,watcher", "--as", "chief"), 1, "watcher has the role observer, which holds no post"),
        (("duty", "hand-over", "DESK", "--to", "ben", "--as", "chief"), 1, "nobody is called 'ben' here; there are: officer, chief"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_would_be_right(
    desks: Desks, words: tuple[str, ...], code: int, named: str
) -> None:
    ran = desks.a(*words)
    assert (ran.code, named in ran.err) == (code, True), ran


def test_a_wrong_password_is_no_person(desks: Desks) -> None:
    ran = run("line", "check", "B", "--as", "officer", "--node", desks.base / "A", said="wrong wrong wrong\n")
    assert (ran.code, "LOGON_FAILED" in ran.err, "desk.token" in ran.err) == (1, True, False), ran


# --- statements --------------------------------------------------------------------------------------------------------


def test_a_stop_request_is_read_back_acknowledged_passed_and_done(desks: Desks) -> None:
    name, matter = desks.stop()
    latitude, longitude = matter["to_read_back"]["position"]
    clock = time.strftime("%H%MZ", time.gmtime(matter["slots"]["at"] / 1000))
    first = desks.b("statement", "ack", name)
    assert (first.code, "READ_BACK_FIRST" in first.err) == (1, True)
    half = desks.b("statement", "read-back", name, "--position", "10N 5E")
    assert (half.code, "add --time" in half.err) == (2, True)
    off = desks.b("statement", "read-back", name, "--position", f"10.1N {longitude / 1e7}E", "--time", clock)
    assert off.code == 1
    assert "READ-BACK DIFFERS: POSITION" in off.out
    assert "read back  position 10.1N" in off.out
    right = desks.b(
        "statement", "read-back", name, "--position", f"10°00'00\"N {longitude // 10**7}°E", "--time", clock
    )
    assert (right.code, f"statement ack {name}" in right.out) == (0, True), right
    assert latitude == 100_000_000
    assert "It is not agreement" in desks.b("statement", "ack", name, "--as", "officer").out
    assert "acknowledged before" in desks.b("statement", "ack", name).out
    assert desks.b("statement", "pass", name, "--action", "stopping").code == 0
    assert desks.b("statement", "done", name, "--action", "stopping").code == 0
    done = desks.heard(desks.a, name, state="DONE")
    assert [step["what"] for step in done["history"]][-4:] == ["RDB", "ACK", "PAS", "DON"]
    shown = desks.a("statement", "show", name, "--lang", "ru").out
    assert "DRAFT" in shown
    assert "the same" in shown
    assert f"skyparley statement put-away {name}" in shown
    own = desks.a("statement", "ack", name)
    assert (own.code, "B answers it" in own.err) == (1, True)
    reopened = desks.a("say", "stop", "--to", "B", "--circle", f"10N {longitude // 10**7}E 5NM", "--reopens", name)
    assert reopened.code == 0, reopened
    assert "Opened again" in desks.a("statement", "show", name).out


def test_a_preview_shows_what_they_will_read_and_sends_nothing(desks: Desks) -> None:
    before = len(desks.matters(desks.a))
    ran = desks.a("say", "stop", "--to", "B", *desks.circle(), "--preview", "--text", "люди здесь", "--lang", "ru")
    assert ran.code == 0
    assert '"type": "STP"' in ran.err
    assert "люди здесь" in ran.err
    assert "en: STOP" in ran.err
    assert "IN THE CLEAR" in ran.err
    assert "sealed: only they" in ran.err
    assert len(desks.matters(desks.a)) == before


def test_a_preview_asks_again_about_a_time_long_ago_and_an_area_beyond_belief(desks: Desks) -> None:
    plain = desks.a("say", "stop", "--to", "B", *desks.circle(), "--at", "21:50Z", "--preview")
    assert f"at: {time.strftime('%Y-%m-%d', time.gmtime())} 21:50Z" in plain.err, plain
    odd = desks.a("say", "stop", "--to", "B", "--circle", "10N 5E 5000NM", "--at", "2020-01-01T08:00Z", "--preview")
    assert odd.code == 0
    assert "LOOK AGAIN: at 2020-01-01 08:00Z is " in odd.err
    assert "LOOK AGAIN: the area reaches 5000 NM from its middle" in odd.err


def test_a_banned_word_is_refused_with_the_word_to_use(desks: Desks) -> None:
    ran = desks.a("say", "stop", "--to", "B", *desks.circle(), "--text", "stop the strike now", "--lang", "en")
    assert (ran.code, "FREE_TEXT_WORD" in ran.err, "write '" in ran.err) == (1, True, True), ran


def test_distress_is_said_by_a_person_and_rounded_if_they_choose(desks: Desks) -> None:
    words = ("say", "distress", "--to", "B", "--aircraft", "rotary wing", "--position", "36.1234567N 37.2345678E")
    ran = desks.a(*words, "--rounded", "--pob", "4", "--as", "officer")
    assert ran.code == 0, ran
    matter = desks.heard(desks.b, ran.out.split()[-1])
    assert matter["slots"]["precision"] == "ROUNDED"
    assert matter["slots"]["position"] == [361_166_667, 372_333_333]
    assert matter["slots"]["pob"] == 4


def test_an_identity_is_asked_and_stays_unknown(desks: Desks) -> None:
    words = ("say", "identity", "--to", "B", "--position", "3606N 03712E", "--level", "FL120", "--error", "2NM")
    name = desks.a(*words).out.split()[-1]
    desks.heard(desks.b, name)
    assert desks.b("statement", "identity", name, "checking", "--until", "+10min").code == 0
    assert desks.b("statement", "identity", name, "not-ours").code == 0
    answered = desks.heard(desks.a, name, outcome="NOT OURS")
    assert answered["state"] == "ANSWERED"


@pytest.mark.parametrize("kind", ["laser", "gnss"])
def test_interference_is_told(desks: Desks, kind: str) -> None:
    name = desks.a("say", kind, "--to", "B", "--position", "36.1N 37.2E", "--level", "FL120").out.split()[-1]
    assert desks.heard(desks.b, name)["slots"]["level"] == {"ref": "FL", "ft": 12000}


def test_a_relay_of_an_exercise_is_marked(desks: Desks) -> None:
    words = ("say", "relay", "--to", "B", "--source", "ship", "--aircraft", "uas", "--position", "36.1N 37.2E")
    name = desks.a(*words, "--exercise").out.split()[-1]
    assert desks.heard(desks.b, name)["exercise"]
    assert "EXERCISE RLY" in desks.b("statements").out


def test_a_stop_request_is_refused_with_a_reason(desks: Desks) -> None:
    name, matter = desks.stop()
    longitude = matter["to_read_back"]["position"][1] // 10**7
    when = time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(matter["slots"]["at"] / 1000))
    assert desks.b("statement", "read-back", name, "--position", f"10N {longitude}E", "--time", when).code == 0
    assert desks.b("statement", "ack", name).code == 0
    assert desks.b("statement", "refuse", name, "--reason", "not ours").code == 0
    assert desks.heard(desks.a, name, state="REFUSED")["outcome"] == "NOT OURS"


def test_what_their_machine_has_is_received_and_what_is_over_is_put_away_at_both_ends(desks: Desks) -> None:
    name, matter = desks.stop()
    desks.heard(desks.a, name, state="RECEIVED")
    assert "RECEIVED; the other machine has it" in desks.a("statement", "show", name).out
    longitude = matter["to_read_back"]["position"][1] // 10**7
    when = time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(matter["slots"]["at"] / 1000))
    assert desks.b("statement", "read-back", name, "--position", f"10N {longitude}E", "--time", when).code == 0
    assert desks.b("statement", "ack", name).code == 0
    assert desks.b("statement", "refuse", name, "--reason", "not ours").code == 0
    desks.heard(desks.a, name, state="REFUSED")
    for desk in (desks.a, desks.b):
        away = desk("statement", "put-away", matter["statement"])
        assert (away.code, away.out, away.err) == (
            0,
            "Put away: it is out of sight here, and stays in the record.\n",
            "",
        )
        assert name not in desk("statements", "--all").out


def test_watch_shows_a_ring(desks: Desks) -> None:
    with open_desk(desks.base / "B") as desk:
        before = desk.overview().position
        name, _ = desks.stop()
        there = desk.overview().position - before
    assert f"RING DESK: LIFE of A, {name}" in desks.b("watch", "--after", before, "--count", there).out


# --- duty ------------------------------------------------------------------------------------------------------------


def test_a_post_is_taken_handed_over_with_its_brief_and_left(desks: Desks) -> None:
    refused = desks.a("duty", "set", "DESK=officer,chief", "--as", "officer")
    assert (refused.code, "ROLE" in refused.err) == (1, True)
    assert desks.a("duty", "set", "DESK=officer,chief", "supervisor=chief", "--as", "chief").code == 0
    assert desks.a("duty", "take", "desk", "--as", "officer", "--lang", "ru").code == 0
    until(lambda: "DESK (ru)" in desks.b("line", "show", "A").out, lambda: desks.b("line", "show", "A").out)
    early = desks.a("duty", "take", "DESK", "--as", "chief")
    assert (early.code, "stays responsible" in early.err) == (1, True)
    offered = desks.a("duty", "hand-over", "DESK", "--to", "chief", "--as", "officer")
    assert "line to B: " in offered.err
    assert "officer" in desks.a("duty", "list").out
    taken = desks.a("duty", "take", "DESK", "--as", "chief")
    assert taken.code == 0
    assert "officer hands DESK over to you" in taken.err
    assert json.loads(desks.a("duty", "list", "--json").out)["duty"][0]["account"] == "chief"
    assert desks.a("duty", "leave", "DESK", "--as", "chief").code == 0
    assert "NOBODY" in desks.a("duty", "list").out


def test_the_desk_says_how_it_is(desks: Desks) -> None:
    assert desks.a("desk", "declined").code == 0
    desks.word(desks.b, "HUMAN-SILENT")
    assert desks.a("desk").out == "Our desk is DECLINED.\n"
    assert desks.a("desk", "staffed").code == 0
    desks.word(desks.b, "OPEN")


def test_the_card_is_announced_by_two(desks: Desks) -> None:
    assert "Asked" in desks.b("keys", "announce", "--as", "officer").out
    assert "Told A." in desks.b("keys", "announce", "--as", "chief").out
