"""A line and what was said on it, in the words of the command line: what did not arrive never looks as if it had."""

from typing import Any

import pytest
from test_shown import overview

from skyparley.base.ids import digest, short_id
from skyparley.cli.line_shown import line_rows
from skyparley.cli.list_commands import _alarm_text
from skyparley.cli.matter_shown import matter_line, matter_row, matter_rows
from skyparley.domain.messages.matter_slots import ReadBackValues
from skyparley.state.matter_views import MatterView
from skyparley.state.terms_views import RadioCard
from skyparley.state.views import AlarmView, ChecksView, LineView, LinkView

DOWN = 1_795_327_200_000


def line(**more: Any) -> LineView:
    said: dict[str, Any] = {"peer": "B", "fingerprint": "b", "state": "IN_FORCE", "table": "EQUAL", "compared": "EQUAL"}
    said |= {"ready": True, "owed": 0, "word": "OPEN", "peer_desk": "STAFFED"}
    said |= {"checks": ChecksView(ours={}, theirs={}, needed=3), "radio": RadioCard(frequencies=(), settled=False)}
    said |= dict.fromkeys(("sent", "delivered", "received", "sent_epoch", "received_epoch"), 1)
    return LineView(**(said | more))


def matter(**more: Any) -> MatterView:
    name = digest(b"stop")
    said: dict[str, Any] = {"statement": name, "short_id": short_id(name), "msg_id": "m", "revision": 1, "peer": "B"}
    said |= {"ours": True, "type": "STP", "cls": "LIFE", "slots": {}, "created_utc": DOWN, "taken_at": DOWN}
    said |= {"state": "SENT", "late": False, "due": {"ACK": DOWN + 1}, "to_read_back": ReadBackValues()}
    return MatterView(**(said | more))


@pytest.mark.parametrize(
    ("one", "receipts", "word"),
    [
        (matter(), "EXPECTED", "SENT, NOT RECEIVED"),
        (matter(cls="SAFETY"), "EXPECTED", "SENT"),
        (matter(state="RECEIVED", delivered=True), "EXPECTED", "RECEIVED"),
        (matter(state="ACKNOWLEDGED", delivered=True), "EXPECTED", "ACKNOWLEDGED"),
        (matter(), "NOT POSSIBLE", "SENT, RECEIPT NOT POSSIBLE"),
    ],
)
def test_one_word_says_whether_their_machine_has_it(one: MatterView, receipts: str, word: str) -> None:
    seen = overview(lines=(line(receipts=receipts),), now=DOWN)
    assert matter_row(seen, one)[5] == word
    assert f"  {word}, " in matter_line(seen, one)
    assert dict(matter_rows(seen, one))["State"].split(";")[0] == word


def test_a_link_that_is_down_is_said_beside_the_word_although_heartbeats_do_not_tell_yet() -> None:
    links = (LinkView(bearer="http", direction="OUT", state="UP", since=DOWN - 60_000),)
    down = line(link_up=False, link_down_since=DOWN, link_error="UNREACHED: nobody answers", links=links)
    rows = dict(line_rows(overview(lines=(down,)), down))
    assert rows["Word"].startswith("OPEN, LINK DOWN since ")
    first, second = rows["Link"].splitlines()
    assert (first.split(" since ")[0], first.endswith("UNREACHED: nobody answers")) == ("DOWN", True)
    assert second.startswith("http out: UP")
    up = line(link_up=True, links=links)
    rows = dict(line_rows(overview(lines=(up,)), up))
    assert (rows["Word"], rows["Link"].splitlines()[0]) == ("OPEN", "up")


def test_an_alarm_that_is_over_says_so_first() -> None:
    alarm = AlarmView(code="NOT_DELIVERED", text="Call by voice, now", about="x", peer="B", at=DOWN)
    assert _alarm_text(alarm) == "Call by voice, now"
    over = AlarmView(code="NOT_DELIVERED", text="Call by voice, now", about="x", peer="B", at=DOWN, over_at=DOWN)
    assert _alarm_text(over).startswith("OVER since ")
