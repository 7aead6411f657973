"""Old contents are raised one schema at a time, or refused; never guessed at."""

from __future__ import annotations

from typing import Any

import pytest

from skyparley.base.errors import JournalFault
from skyparley.engine.upcast import Step, upcast

STEPS: dict[tuple[str, int], Step] = {
    ("NoticeFiled", 1): lambda old: {**old, "kind": "AREA"},
    ("NoticeFiled", 2): lambda old: {**{key: old[key] for key in old if key != "by"}, "desk": old["by"]},
    ("NoticeEnded", 1): lambda old: {**old, "wrong": True},
}


def test_each_step_is_taken_once_and_in_order() -> None:
    old = {"id": "A-0001", "by": "watch"}
    assert upcast("NoticeFiled", 1, 3, old, STEPS) == {"id": "A-0001", "kind": "AREA", "desk": "watch"}
    assert upcast("NoticeFiled", 2, 3, {"by": "watch", "kind": "LINE"}, STEPS) == {"kind": "LINE", "desk": "watch"}
    assert old == {"id": "A-0001", "by": "watch"}


def test_the_present_schema_is_left_alone() -> None:
    content: dict[str, Any] = {"id": "A-0001"}
    assert upcast("NoticeFiled", 3, 3, content, STEPS) is content


@pytest.mark.parametrize(
    ("kind", "schema", "current", "complaint"),
    [
        ("NoticeFiled", 4, 3, "NoticeFiled: the journal has schema 4, this program knows 3"),
        ("NoticeFiled", 3, 4, "NoticeFiled: no step raises schema 3 to 4"),
        ("NoticeEnded", 1, 3, "NoticeEnded: no step raises schema 2 to 3"),
        ("Unheard", 1, 2, "Unheard: no step raises schema 1 to 2"),
        ("NoticeFiled", 0, 3, "NoticeFiled: schema 0 does not exist"),
    ],
)
def test_what_cannot_be_raised_is_refused_by_name(kind: str, schema: int, current: int, complaint: str) -> None:
    with pytest.raises(JournalFault, match=complaint):
        upcast(kind, schema, current, {}, STEPS)
