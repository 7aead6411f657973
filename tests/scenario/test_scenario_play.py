"""What a run says: a wrong expectation is missed, a refused act is missed, faults happen, and two runs say the same."""

from pathlib import Path

import pytest
from scenario_support import FILED, HEAD, SHIPPED, played, step
from typer.testing import CliRunner

from skyparley.cli.main import app
from skyparley.scenario.play import play
from skyparley.scenario.reading import read_timeline
from skyparley.scenario.report import Result, Status, told


def of(results: list[Result], name: str) -> Result:
    (found,) = [one for one in results if one.step.id == name]
    return found


def met(*expectations: str, more: str = "") -> list[Status]:
    """What becomes of expectations, one after the other, a minute after a notice was filed."""
    text = HEAD + FILED + more
    for place, one in enumerate(expectations):
        text += step(at="D1 08:01Z", id=f'"x{place}"', expect=f"{{ {one} }}")
    results = played(text)
    assert of(results, "filed").status is Status.DONE
    return [of(results, f"x{place}").status for place in range(len(expectations))]


MET, MISSED = Status.MET, Status.MISSED
NOTICE = 'of = "B", path = "notices[id=A-0001]'


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (f'{NOTICE}.version", equals = 1', f'{NOTICE}.version", equals = 2'),
        (f'{NOTICE}.own", equals = false', f'{NOTICE}.own", equals = true'),
        (f'{NOTICE}.past", differs = true', f'{NOTICE}.past", differs = false'),
        (f'{NOTICE}.start", equals = "D1 12:00Z"', f'{NOTICE}.start", equals = "D1 12:01Z"'),
        (f'{NOTICE}.end", at_most = "D1 13:00Z"', f'{NOTICE}.end", at_most = "D1 12:59Z"'),
        (f'{NOTICE}.end", at_least = "D1 13:00Z"', f'{NOTICE}.end", at_least = "D1 13:01Z"'),
        (f'{NOTICE}.volumes.lower", equals = "FL200"', f'{NOTICE}.volumes.lower", equals = "FL210"'),
        (f'{NOTICE}.kind", one_of = ["TRANSIT", "TEST"]', f'{NOTICE}.kind", one_of = ["HUM", "TEST"]'),
        (f'{NOTICE}.ref", contains = "a-0001"', f'{NOTICE}.ref", contains = "A-0002"'),
        (f'{NOTICE}.conflicts", absent = true', f'{NOTICE}.conflicts", present = true'),
        (f'{NOTICE}.lead_class", present = true', f'{NOTICE}.lead_class", absent = true'),
        (f'{NOTICE}.volumes", count = 1', f'{NOTICE}.volumes", count = 2'),
        (f'{NOTICE}.volumes", same_at = "A"', f'{NOTICE}.own", same_at = "A"'),
        ('of = "B", path = "notices[id!=A-0001]", absent = true', 'of = "B", path = "notices[id!=A-0002]", absent = true'),
        ('of = "A", path = "notices[audience.peer=B]", count = 1', 'of = "A", path = "notices[audience.peer=A]", count = 1'),
        ('of = "A", path = "notices[ref~0001][0].id", equals = "A-0001"', 'of = "A", path = "notices[ref~0001][1].id", equals = "A-0001"'),
        (
            'of = "B", path = "notices[id=A-0001].volumes", equals = { area = "spot", lower = "FL200", upper = "FL240", start = "D1 12:00Z", end = "D1 13:00Z" }',
            'of = "B", path = "notices[id=A-0001].volumes", equals = { area = "spot", lower = "FL200", upper = "FL250", start = "D1 12:00Z", end = "D1 13:00Z" }',
        ),
        (
            'statement = { from = "A", to = "B", type = "NTC", has = { "slots.id" = "A-0001" } }',
            'statement = { from = "A", to = "B", type = "NTC", has = { "slots.id" = "A-0002" } }',
        ),
        (
            'statement = { from = "A", to = "B", type = "NTC" }, count = 1',
            'statement = { from = "A", to = "B", type = "NTC" }, count = 2',
        ),
        (
            'statement = { from = "B", to = "A", type = "NTC" }, absent = true',
            'statement = { from = "A", to = "B", type = "NTC" }, absent = true',
        ),
        (
            'of = "A", entry = { kind = "NoticeFiled", has = { by = "o1" } }',
            'of = "B", entry = { kind = "NoticeFiled", has = { by = "o1" } }',
        ),
        (f'{NOTICE}.state", equals = "COORDINATED", throughout = "5min"', f'{NOTICE}.state", equals = "ACTIVE", throughout = "5min"'),
        (f'{NOTICE}.past", equals = true, within = "6h"', f'{NOTICE}.past", equals = true, within = "2h"'),
        ('of = "A", path = "notices[id=A-0001].past", equals = false, throughout = "2h"', 'of = "A", path = "notices[id=A-0001].past", equals = false, throughout = "6h"'),
        (
            'of = "A", read = "/notices", path = "answer[id=A-0001].version", equals = 1',
            'of = "A", read = "/notices", path = "answer[id=A-0001].version", equals = 3',
        ),
    ],
)  # fmt: skip
def test_what_is_so_is_met_and_what_is_not_is_missed(right: str, wrong: str) -> None:
    assert met(right, wrong) == [MET, MISSED]


def test_a_statement_without_within_was_to_come_before_and_one_with_it_is_to_come() -> None:
    statement = 'statement = { from = "A", to = "B", type = "NTC" }'
    assert met(statement, f'{statement}, within = "10s"', f'{statement}, since = "D1 08:00Z", within = "10s"') == [
        MET,
        MISSED,
        MET,
    ]


def test_an_act_that_is_refused_is_missed_and_one_that_must_be_and_is_not_is_missed_too() -> None:
    again = FILED.replace('id = "filed"', 'id = "again"').replace("D1 08:00Z", "D1 08:05Z")
    results = played(HEAD + FILED + again)
    assert of(results, "again").status is MISSED
    assert "NOTICE" in of(results, "again").evidence or "ID" in of(results, "again").evidence
    must = FILED.replace('by = "A"', 'by = "A"\nrefused = "KEY_INCOMPLETE"')
    assert of(played(HEAD + must), "filed").status is MISSED


def test_a_right_code_is_met_and_another_one_is_missed() -> None:
    wrong = step(
        act='"change_notice"',
        by='"A"',
        id='"w"',
        refused='"STALE_VERSION"',
        body='{ id = "A-0001", expected_version = 4, kind = "HUM" }',
    )
    assert of(played(HEAD + FILED + wrong), "w").status is MET
    assert of(played(HEAD + FILED + wrong.replace("STALE_VERSION", "STATE")), "w").status is MISSED


def test_roles_hold_for_the_people_of_a_timeline() -> None:
    watcher = HEAD.replace("[parties.A]", '[parties.A]\npeople = { eye = "observer" }')
    seen = played(watcher + FILED.replace('by = "A"', 'by = "A"\nwho = "eye"\nrefused = "ROLE"'))
    assert of(seen, "filed").status is MET


def test_a_machine_that_is_down_answers_nobody_and_holds_nothing_until_it_starts() -> None:
    text = HEAD + FILED
    text += step(at="D1 08:10Z", id='"dead"', fault='"kill"', party='"B"')
    text += step(at="D1 08:11Z", id='"unseen"', expect='{ of = "B", path = "notices", present = true }')
    text += step(at="D1 08:12Z", id='"alive"', fault='"start"', party='"B"')
    text += step(at="D1 08:12Z", id='"seen"', expect='{ of = "B", path = "notices", present = true, within = "10s" }')
    results = played(text)
    assert [of(results, name).status for name in ("unseen", "seen")] == [MISSED, MET]
    assert "not running" in of(results, "unseen").evidence


def test_what_is_cut_does_not_arrive_until_it_is_restored() -> None:
    text = HEAD + step(at="D1 07:59Z", id='"cut"', fault='"cut"', between='["A", "B"]') + FILED
    there = '{ of = "B", path = "notices", present = true, within = "2min" }'
    text += step(at="D1 08:00Z", id='"not-there"', expect=there)
    text += step(at="D1 08:10Z", id='"mended"', fault='"restore"', between='["A", "B"]')
    text += step(at="D1 08:10Z", id='"there"', expect=there)
    results = played(text)
    assert [of(results, name).status for name in ("not-there", "there")] == [MISSED, MET]


def test_a_full_disk_takes_nothing_until_it_is_healed() -> None:
    text = HEAD + step(at="D1 07:59Z", id='"full"', fault='"fill disk"', party='"A"') + FILED
    text += step(at="D1 08:01Z", id='"healed"', fault='"heal disk"', party='"A"')
    text += FILED.replace('"filed"', '"again"').replace("08:00Z", "08:02Z")
    results = played(text)
    assert [of(results, name).status for name in ("filed", "again")] == [MISSED, Status.DONE]
    assert "JOURNAL" in of(results, "filed").evidence


def test_nobody_acts_at_a_desk_that_sleeps() -> None:
    text = HEAD + step(at="D1 07:00Z", id='"night"', fault='"asleep"', party='"A"') + FILED
    text += step(at="D1 09:00Z", id='"day"', fault='"awake"', party='"A"')
    text += FILED.replace('"filed"', '"later"').replace("08:00Z", "09:01Z")
    results = played(text)
    assert [of(results, name).status for name in ("filed", "later")] == [MISSED, Status.DONE]


def test_what_is_not_played_is_never_met() -> None:
    text = HEAD + FILED + step(id='"t"', track='"A1 climbs"') + step(id='"l"', later='"incidents"')
    results = played(text)
    assert [of(results, name).status for name in ("t", "l")] == [Status.NOT_PLAYED] * 2
    assert "tracks" in of(results, "t").what


def test_references_lead_into_views_and_answers() -> None:
    more = step(
        at="D1 08:00:30Z",
        id='"changed"',
        act='"change_notice"',
        by='"A"',
        body='{ id = "{#filed.refs.id}", expected_version = "{B:notices[0].version}", kind = "HUM" }',
    )
    assert met(f'{NOTICE}.version", equals = 2', more=more) == [MET]
    two = more.replace("{B:notices[0].version}", "{notices[id=A-0002].version}")
    assert "leads to 0 things" in of(played(HEAD + FILED + two), "changed").evidence


def test_a_third_and_fourth_party_have_lines_of_their_own() -> None:
    head = HEAD.replace('title = "t"', 'title = "t"\nlines = [["A", "B"], ["B", "T"], ["A", "H"]]').replace(
        "[parties.A]", "[parties.A]\n[parties.T]\n[parties.H]"
    )
    results = played(
        head
        + FILED.replace('["B"]', '["B", "H"]')
        + step(
            at="D1 08:01Z",
            expect='[{ of = "H", path = "notices", count = 1 }, { of = "T", path = "notices", absent = true }, { of = "T", path = "lines.peer", equals = "B" }]',
        )
    )
    assert [one.status for one in results[1:]] == [MET] * 3


@pytest.mark.parametrize("file", SHIPPED[:2], ids=lambda file: file.stem)
def test_two_runs_say_the_same(file: Path) -> None:
    def everything() -> list[str]:
        timeline = read_timeline(file.read_text(), file.name)
        said: list[str] = []
        said += told(play(timeline, said.append), timeline.names.calendar)
        return said

    first = everything()
    assert len(first) > 40
    assert first == everything()


def test_a_wrong_expectation_ends_with_exit_1_and_says_what_was_seen(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(
        HEAD + FILED + step(at="D1 08:01Z", id='"v"', why='"because"', expect=f'{{ {NOTICE}.version", equals = 2 }}')
    )
    result = CliRunner().invoke(app, ["scenario", "run", str(file)])
    assert result.exit_code == 1
    assert "MISSED      D1 08:01:00Z    v: B notices[id=A-0001].version is 2" in result.output
    assert "seen: 1 (journal position" in result.output
    assert "why: because" in result.output
    assert "0 met, 1 missed" in result.output


def test_a_trace_tells_entries_as_they_become_durable(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text(HEAD + FILED)
    result = CliRunner().invoke(app, ["scenario", "run", "--trace", str(file)])
    assert result.exit_code == 0
    assert "D1 08:00:00Z  A o1 asks /notices" in result.output
    assert "StatementReceived NTC 1/" in result.output


def test_a_line_opens_also_where_one_side_has_more_bearers_than_the_other() -> None:
    text = HEAD.replace("[parties.A]", "[parties.A]\nbearers = 2")
    text += step(
        at="D1 08:00Z",
        id='"open"',
        expect='[{ of = "A", path = "lines.state", equals = "IN_FORCE" }, { of = "B", path = "lines.state", equals = "IN_FORCE" }]',
    )
    assert [one.status for one in played(text)] == [MET, MET]


def test_two_sides_of_whom_one_sees_silence_miss_no_check() -> None:
    # Nobody answers the human check of 0600Z: one side sees HUMAN-SILENT, the other an empty desk.
    absent = 'entry = { kind = "CheckMissed" }, absent = true, throughout = "3h"'
    text = HEAD + step(at="D1 06:00Z", id='"none"', expect=f'[{{ of = "A", {absent} }}, {{ of = "B", {absent} }}]')
    text += step(at="D1 08:00Z", id='"words"', expect='{ of = "A", path = "lines.word", differs = "OPEN" }')
    assert [one.status for one in played(text)] == [MET, MET, MET]
