"""Faults planted on purpose: each is caught by a checker within a few seeds, or the checkers are worth nothing."""

from collections.abc import Callable

import pytest

from skyparley.domain.records import Line
from skyparley.engine import sequencer
from skyparley.testing.simulate import simulate

WITHIN = 40


def laws_broken(wanted: set[str]) -> set[str]:
    """The laws that seeds break, until one of the wanted is among them."""
    broken: set[str] = set()
    for seed in range(1, WITHIN + 1):
        broken |= {violation.law for violation in simulate(seed).violations}
        if broken & wanted:
            break
    return broken


def gate_that_never_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer.Gate, "close", lambda gate: None)


def sealing_before_heads_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    def may_seal(line: Line) -> bool:
        return line.state == "IN_FORCE"

    monkeypatch.setattr(sequencer, "may_seal", may_seal)


def failed_append_taken_for_done(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer_all_the_same(self: object, batch: list[tuple[object, object]], fault: object) -> None:
        self._gate.let_pass()  # type: ignore[attr-defined]
        for _, waiting in batch:
            if not waiting.done():  # type: ignore[attr-defined]
                waiting.set_result(sequencer.Outcome())  # type: ignore[attr-defined]

    monkeypatch.setattr(sequencer.Sequencer, "_append_failed", answer_all_the_same)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "laws"),
    [
        (gate_that_never_closes, {"nothing_undurable_seen"}),
        (sealing_before_heads_are_compared, {"no_own_fork", "converge"}),
        (failed_append_taken_for_done, {"answered_command_kept", "nothing_undurable_seen"}),
    ],
)
def test_is_caught(
    plant: Callable[[pytest.MonkeyPatch], None], laws: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    caught = laws_broken(laws)
    assert caught & laws, f"broken: {sorted(caught)}"
