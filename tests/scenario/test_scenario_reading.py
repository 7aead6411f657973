"""A file that cannot be played is refused with every problem at once, each with its line and what would be right."""

from pathlib import Path

import pytest
from scenario_support import FILED, HEAD, step
from typer.testing import CliRunner

from skyparley.cli.main import app
from skyparley.scenario.moments import BadMoment, Calendar, span_ms, span_shown
from skyparley.scenario.problems import BadScenario
from skyparley.scenario.reading import read_timeline


def problems(text: str) -> list[str]:
    with pytest.raises(BadScenario) as raised:
        read_timeline(text, "here")
    return [str(one) for one in raised.value.problems]


EXPECT = '{ of = "B", path = "notices.version", equals = 1 }'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("scenario = 1", "scenario = 2", "format that this program does not know"),
        ("scenario = 1", "scenario = [", "not TOML"),
        ('title = "t"', "", "title"),
        ('title = "t"', 'titel = "t"', "perhaps title is meant"),
        ('title = "t"', 'title = "t"\nday_one = "23.11.2026"', "no date"),
        ('title = "t"', 'title = "t"\nbefore = "soon"', "no span"),
        ('title = "t"', 'title = "t"\nlines = [["A", "C"]]', "'C' is not known here"),
        ('title = "t"', 'title = "t"\nlines = [["A", "A"]]', "no line to itself"),
        ("[parties.B]", "[parties.B]\nprofil = 1", "perhaps profile is meant"),
        ("[parties.B]", '[parties.B]\nprofile = "militray"', "perhaps military is meant"),
        ("[parties.B]", "[parties.B]\nbearers = 0", "from 1 to 8"),
        ("[parties.B]", "[parties.B]\ntable = { querry_answer_ms = 1 }", "perhaps query_answer_ms is meant"),
        ("[parties.B]", '[parties.B]\npeople = { x = "king" }', "'king' is not known"),
        ("[parties.B]", "[parties.b]", "cannot be the name of a party"),
        ('spot = "circle 35.2N 36.2E 8NM"', 'spot = "circle 95.2N 36.2E 8NM"', "latitude goes to 90"),
        ('spot = "circle 35.2N 36.2E 8NM"', 'spot = "oval 35.2N 36.2E 8NM"', "begins with none of circle"),
        ('at = "D1 08:00Z"', 'at = "D1 8 o\'clock"', "is no time"),
        ('at = "D1 08:00Z"', 'at = "D0 08:00Z"', "days count from D1"),
        ('at = "D1 08:00Z"', 'at = "D1 25:00Z"', "no time of a day"),
        ('at = "D1 08:00Z"', 'at = "+10s"', "counts from the step before"),
        ('at = "D1 08:00Z"\n', "", "every step says when"),
        ('act = "file_notice"', 'act = "file_notices_now"', "perhaps file_notice"),
        ('by = "A"', 'by = "C"', "'C' is not known here"),
        ('by = "A"', 'by = "A"\nwho = "o9"', "'o9' is not known here"),
        ('by = "A"', 'by = "A"\nfault = "kill"', "exactly one of act"),
        ('by = "A"', 'by = "A"\nparty = "B"', "party says nothing in a step with act"),
        ('by = "A"', 'by = "A"\nrefusd = "X"', "perhaps refused is meant"),
        ('kind = "TRANSIT"\n', "", "lacks kind"),
        ('kind = "TRANSIT"', 'kind = "TRANSIT"\nlevel = "FL200"', "'level' is not known here"),
        ('area = "spot"', 'area = "spit"', "'spit' is no area of this file"),
        ('lower = "FL200"', 'lower = "FL9999"', "FL9999"),
        ('lower = "FL200", ', "", "lacks lower"),
        ('start = "D1 12:00Z"', 'start = "noon"', "is not a time"),
        ('kind = "TRANSIT"', 'kind = "TRANIST"', "kind: Invalid enum value 'TRANIST'"),
        ('kind = "TRANSIT"', "kind = 3", "Expected `str`"),
        ('audience = ["B"]', 'audience = "B"', "audience: Expected `array`"),
        ("stated = true", 'stated = "yes"', "due_regard.stated"),
        ("stated = true", "stated = true, raeson = 1", "perhaps reason is meant"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(old: str, new: str, says: str) -> None:
    text = HEAD + FILED
    assert old in text
    found = problems(text.replace(old, new, 1))
    assert any(says in one for one in found), found


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ('{ of = "B", path = "notices.verson", equals = 1 }', "perhaps version is meant"),
        ('{ of = "B", path = "notices[idd=A-0001].version", equals = 1 }', "perhaps id is meant"),
        ('{ of = "B", path = "notices.version.more", equals = 1 }', "has no members"),
        ('{ of = "B", path = "notices[A-0001]", count = 1 }', "chooses nothing"),
        ('{ of = "B", path = "notices..x", count = 1 }', "no member of a path"),
        ('{ of = "B", path = "notices.version" }', "what of it"),
        ('{ of = "B", path = "notices.version", equals = 1, count = 1 }', "holds one thing"),
        ('{ path = "notices.version", equals = 1 }', "whose?"),
        ('{ of = "B", equals = 1 }', "exactly one of path, statement, entry"),
        ('{ of = "B", path = "notices", count = 1, within = "1 minute" }', "no span"),
        ('{ of = "B", path = "notices", count = 1, within = "1min", throughout = "1min" }', "one of them"),
        ('{ of = "B", path = "notices", same_at = "C" }', "'C' is not known"),
        ('{ statement = { from = "A", to = "B", type = "NTK" } }', "perhaps NTC is meant"),
        ('{ statement = { from = "A", type = "NTC" } }', "whose?"),
        ('{ statement = { from = "A", to = "B", typ = "NTC" } }', "perhaps type is meant"),
        ('{ statement = { from = "A", to = "B", type = "NTC", has = { "slots.idd" = "A" } } }', "perhaps id is meant"),
        ('{ statement = { from = "A", to = "B", type = "NTC", has = { clss = "LIFE" } } }', "perhaps class is meant"),
        ('{ statement = { from = "A", to = "B", type = "NTC" }, equals = 1 }', "says nothing of a statement"),
        ('{ of = "A", entry = { kind = "NoticeFild" } }', "perhaps NoticeFiled is meant"),
        ('{ of = "A", entry = { kind = "NoticeFiled", has = { idd = "A" } } }', "perhaps id is meant"),
    ],
)
def test_an_expectation_that_names_what_is_not_there_is_no_expectation(expect: str, says: str) -> None:
    found = problems(HEAD + step(expect=expect))
    assert any(says in one for one in found), found


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"fault": '"cutt"', "between": '["A", "B"]'}, "perhaps cut is meant"),
        ({"fault": '"cut"', "party": '"A"'}, "between whom?"),
        ({"fault": '"cut"', "between": '["A", "B"]', "bearer": '"http2"'}, "'http2' is not known"),
        ({"fault": '"kill"'}, "whose?"),
        ({"fault": '"clock error"', "party": '"A"', "text": '"late"'}, "no span"),
        ({"expect": "3"}, "expect"),
        ({}, "exactly one of"),
    ],
)
def test_faults_are_named_with_whom_they_befall(members: dict[str, str], says: str) -> None:
    found = problems(HEAD + step(**members))
    assert any(says in one for one in found), found


def test_all_problems_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = (HEAD + FILED + step(id='"filed"', expect=EXPECT)).replace("FL240", "high").replace('by = "A"', 'by = "X"')
    found = problems(text)
    assert len(found) == 3, found
    lines = text.splitlines()
    for one in found:
        number = int(one.partition("line ")[2].partition(":")[0])
        assert any(word in lines[number - 1] for word in ("by =", "body", "filed")), (one, lines[number - 1])
    file = tmp_path / "bad.toml"
    file.write_text(text)
    result = CliRunner().invoke(app, ["scenario", "run", str(file)])
    assert result.exit_code == 2
    assert all(one in result.stderr for one in found)


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_file_that_cannot_be_read_ends_with_exit_2(command: str, tmp_path: Path) -> None:
    missing = CliRunner().invoke(app, ["scenario", command, str(tmp_path / "none.toml")])
    assert (missing.exit_code, "No such file" in missing.stderr) == (2, True)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    other = CliRunner().invoke(app, ["scenario", command, str(tmp_path / "bytes.toml")])
    assert (other.exit_code, "not UTF-8" in other.stderr) == (2, True)


def test_days_and_spans() -> None:
    calendar = Calendar.read("2026-11-23")
    at = calendar.moment("D4 07:20:05Z")
    assert at == calendar.moment("2026-11-26T07:20:05Z") == calendar.moment("+5s", before_ms=at - 5000)
    assert calendar.shown(at) == "D4 07:20:05Z"
    assert calendar.dated("from D1 00:00Z to D2 23:59:59.5Z") == "from 2026-11-23T00:00:00Z to 2026-11-24T23:59:59.500Z"
    assert (span_ms("2d"), span_ms("1h30min"), span_ms("0.5s")) == (172_800_000, 5_400_000, 500)
    assert [span_shown(ms) for ms in (50, 9_250, 90_000, 90_061_000)] == ["0.05 s", "9.25 s", "1 min 30 s", "1 d 1 h"]
    for wrong in ("", "10", "s", "1min1h"):
        with pytest.raises(BadMoment):
            span_ms(wrong)
