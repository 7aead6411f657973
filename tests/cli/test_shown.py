"""The words of a desk: what has not arrived is never shown as told, and a gap stands beside what is asked for."""

from typing import Any

import pytest

from skyparley.base.ids import digest, short_id
from skyparley.cli.peer_commands import loopback_warning
from skyparley.cli.shown import conflict_state, gaps_text, not_received, notice_state, one_conflict
from skyparley.cli.table_commands import _table_text
from skyparley.domain.messages.slots import DueRegard, GapsSlot
from skyparley.domain.table import parse_table, table_hash
from skyparley.state.terms_views import RadioCard
from skyparley.state.views import ChecksView, ConflictView, LineView, NoticeView, Overview, PartyView, ReceiptView

TABLE = parse_table(_table_text(None, "", "")[1])
ARRIVED, ON_ITS_WAY = ReceiptView(peer="B", told_version=1, delivered=True), ReceiptView(peer="C", told_version=1)


def notice(**more: Any) -> NoticeView:
    said = {"party": "A", "own": True, "id": "A-0001", "version": 1, "ref": "A-0001 v1", "state": "NOTIFIED"}
    about = {"kind": "AREA WORK", "volumes": (), "due_regard": DueRegard(stated=True), "start": 0, "end": 1}
    return NoticeView(**(said | about | more))


def conflict(name: str, **more: Any) -> ConflictView:
    said = {"pair_id": digest(name.encode()), "conflict_id": digest(b"id of " + name.encode()), "revision": 1}
    said |= {"state": "DETECTED", "live": True, "local": False, "own_notice": "A-0001", "own_version": 1}
    said |= {"other_party": "B", "other_notice": name, "other_version": 1, "volumes": (0, 0), "found_at": 0}
    said |= {"short_id": short_id(str(said["conflict_id"])), "gaps": GapsSlot(lateral_m=0, vertical_ft=0, time_ms=0)}
    return ConflictView(**(said | more))


def overview(**more: Any) -> Overview:
    said = {
        "position": 1,
        "now": 0,
        "clock": "REAL",
        "own": PartyView(name="A", fingerprint="a" * 43),
        "desk": "STAFFED",
        "roster": {},
    }
    said |= {"table_hash": table_hash(TABLE), "table": TABLE}
    return Overview(**(said | dict.fromkeys(("lines", "notices", "conflicts", "agreements", "alarms"), ()) | more))


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (notice(), "LOCAL ONLY"),
        (notice(audience=(ARRIVED,)), "TOLD"),
        (notice(audience=(ARRIVED, ON_ITS_WAY)), "NOT RECEIVED"),
        (notice(audience=(ARRIVED,), state="COORDINATED"), "TOLD, NO CONFLICT"),
        (notice(own=False), "TOLD"),
        (notice(audience=(ON_ITS_WAY,), past=True), "NOT RECEIVED, PAST"),
        (notice(state="ENDED", past=True), "ENDED"),
    ],
)
def test_a_notice_is_told_only_where_it_has_arrived(seen: NoticeView, words: str) -> None:
    assert notice_state(seen) == words


def test_a_peer_is_named_as_not_having_received_only_while_its_link_is_down() -> None:
    line = {"fingerprint": "c", "state": "IN_FORCE", "table": "EQUAL", "compared": "EQUAL", "ready": True, "owed": 0}
    line |= {"word": "OPEN", "peer_desk": "STAFFED", "checks": ChecksView(ours={}, theirs={}, needed=3)}
    line |= {"radio": RadioCard(frequencies=(), settled=False)}
    line |= dict.fromkeys(("sent", "delivered", "received", "sent_epoch", "received_epoch"), 1)
    lines = [LineView(peer=peer, link_up=up, **line) for peer, up in (("B", False), ("C", False), ("D", True))]
    told = notice(audience=(ARRIVED, ON_ITS_WAY, ReceiptView(peer="D", told_version=1)))
    assert not_received(overview(lines=tuple(lines), notices=(told,)), "A-0001") == ["C"]
    assert not_received(overview(lines=tuple(lines), notices=(told,)), "A-0002") == []


def test_a_conflict_is_open_after_a_rejection() -> None:
    assert conflict_state(conflict("B-0001", state="REJECTED")) == "OPEN: proposal rejected"
    assert conflict_state(conflict("B-0001", state="REJECTED", live=False)) == "REJECTED, GONE"


def test_gaps_are_rounded_down_and_stand_beside_what_the_table_asks_for() -> None:
    none = GapsSlot(lateral_m=0, vertical_ft=0, time_ms=0)
    assert gaps_text(none, TABLE) == "lateral 0 NM (needs 10), vertical 0 ft (needs 2000), time 0 min (needs 10)"
    almost = GapsSlot(lateral_m=18_519, vertical_ft=1_999, time_ms=599_999)
    assert gaps_text(almost, TABLE) == "lateral 9.9 NM (needs 10), vertical 1999 ft (needs 2000), time 9 min (needs 10)"


def test_what_was_read_aloud_finds_the_conflict_in_either_case() -> None:
    seen = overview(conflicts=(conflict("B-0001"), conflict("B-0002")))
    for one in seen.conflicts:
        for said in (one.short_id, one.short_id.lower(), short_id(one.pair_id).lower()[:6], one.conflict_id[:9]):
            assert one_conflict(seen, said) is one


@pytest.mark.parametrize(
    ("urls", "warned"),
    [
        (("http://127.0.0.1:8441",), True),
        (("http://[::1]:8441", "http://localhost:8441"), True),
        (("http://127.0.0.1:8441", "https://a.example"), False),
        (("http://192.0.2.1:8441",), False),
        ((), False),
    ],
)
def test_a_card_that_only_its_own_machine_can_use_is_warned_about(urls: tuple[str, ...], warned: bool) -> None:
    class Said:
        name = "A"

    Said.urls = urls  # type: ignore[attr-defined]
    assert bool(loopback_warning(Said())) is warned  # type: ignore[arg-type]
