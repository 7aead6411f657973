"""Faults planted on purpose: each is caught by a checker within a few seeds, or the checkers are worth nothing."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Sequence

import msgspec
import pytest

from skyparley.domain import checks, deadlines, line_changes, lines, matter_records, offers, owed, receive
from skyparley.domain.events import LinkChanged
from skyparley.domain.messages.codes import HttpBearerKind
from skyparley.domain.records import Line
from skyparley.engine import sequencer, snapshots, writer
from skyparley.evidence import jws
from skyparley.state import fold, matters
from skyparley.state.projection import State
from skyparley.state.statements import Statement
from skyparley.testing import network
from skyparley.testing.liar import payload_of
from skyparley.testing.parties import party
from skyparley.testing.simulate import simulate

WITHIN = 20


def laws_broken(wanted: set[str]) -> set[str]:
    """The laws that seeds break, until one of the wanted is among them."""
    broken: set[str] = set()
    for seed in range(1, WITHIN + 1):
        broken |= {violation.law for violation in simulate(seed).violations}
        if broken & wanted:
            break
    return broken


def gate_that_never_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer.Gate, "close", lambda gate: None)


def sealing_before_heads_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(line: Line) -> bool:
        return line.state != "NONE"

    for place in (lines, owed, checks):
        monkeypatch.setattr(place, "reached", reached)


def failed_append_taken_for_done(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer_all_the_same(
        self: object, batch: list[tuple[object, object]], changes: object, fault: object
    ) -> None:
        self._gate.let_pass()  # type: ignore[attr-defined]
        for _, waiting in batch:
            if not waiting.done():  # type: ignore[attr-defined]
                waiting.set_result(sequencer.Outcome())  # type: ignore[attr-defined]

    monkeypatch.setattr(sequencer.Sequencer, "_append_failed", answer_all_the_same)


def any_signature_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "signed_by", lambda card, signature, agreement: True)


def sealing_once_more_for_each_carrying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delivery that writes a statement anew: the same number, another signed text."""
    carried = network.SimBearer.push

    async def push(
        self: network.SimBearer, url: str, statements: Sequence[str], bearer: HttpBearerKind
    ) -> list[tuple[str, str, str]]:
        plain = {**payload_of(statements[0]), "created_utc": next(COUNT)}
        name = next(name for name in ("A", "B", "C") if party(name).card.fingerprint == plain["from"])
        anew = party(name).signer().sign(plain["role"], plain, jws.STATEMENT)
        return await carried(self, url, [anew, *statements[1:]], bearer)

    monkeypatch.setattr(network.SimBearer, "push", push)


def a_snapshot_that_lost_what_was_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = snapshots.thaw

    def thaw(pieces: Iterable[bytes], state: State) -> None:
        whole(pieces, state)
        state.answers.clear()
        state.answered_at.clear()

    monkeypatch.setattr(snapshots, "thaw", thaw)


def forgetting_what_still_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "still_matters", lambda view, notice, moment: False)


def a_link_that_moves_the_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = fold._FOLDS[LinkChanged]

    def suspend(state: State, event: LinkChanged, at: int) -> None:
        noted(state, event, at)
        state.lines[event.peer].state = "IN_FORCE" if event.state == "UP" else "SUSPENDED"

    monkeypatch.setitem(fold._FOLDS, LinkChanged, suspend)


def one_signature_suspends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_changes, "second_holds", lambda *given: True)


def a_suspension_that_silences_what_saves_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "judge_turn", lambda view, envelope, line: _not_while_suspended(line))


def _not_while_suspended(line: Line) -> tuple[str, str] | None:
    return ("LINE", "suspended") if line.state == "SUSPENDED" else None


def acknowledging_what_nobody_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matters, "required", lambda envelope, lead: False)


def nobody_is_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matters, "ladder", lambda *given, **more: ())


def everybody_is_rung_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matters, "ladder", lambda *given, at, **more: ((at, "DESK"), (at, "LEVEL2")))
    monkeypatch.setattr(matter_records.Matter, "rings_from", lambda matter, ask: matter.taken_at)


def an_acknowledgment_that_closes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matters, "_acked", lambda matter, at: matter.due.clear())


def an_exercise_taken_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    real = fold.fold_statement

    def take(state: State, line: Line, statement: Statement) -> None:
        plain = msgspec.structs.replace(statement.envelope, exercise=msgspec.UNSET)
        real(state, line, dataclasses.replace(statement, envelope=plain))

    monkeypatch.setattr(fold, "fold_statement", take)


def each_statement_of_a_flood_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matters, "in_flood", lambda *given: False)


COUNT = itertools.count(1_795_000_000_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "laws"),
    [
        (gate_that_never_closes, {"nothing_undurable_seen"}),
        (sealing_before_heads_are_compared, {"no_own_fork", "converge"}),
        (any_signature_counts, {"agreement_two_signatures"}),
        (sealing_once_more_for_each_carrying, {"no_own_fork", "nothing_undurable_seen"}),
        (a_snapshot_that_lost_what_was_answered, {"replay_equals"}),
        (forgetting_what_still_matters, {"converge", "no_fault_of_ours"}),
        (a_link_that_moves_the_agreement, {"agreement_by_statements"}),
        (one_signature_suspends, {"rules_of_what_is_taken"}),
        (a_suspension_that_silences_what_saves_lives, {"converge"}),
        (acknowledging_what_nobody_read_back, {"read_back_first"}),
        (nobody_is_rung, {"rings_in_time"}),
        (everybody_is_rung_at_once, {"rings_for_cause"}),
        (an_acknowledgment_that_closes_everything, {"matters_by_acts"}),
        (an_exercise_taken_for_real, {"exercise_apart", "liar_contained", "no_fault_of_ours"}),
        (each_statement_of_a_flood_rings, {"alarms_bounded"}),
        (failed_append_taken_for_done, {"answered_command_kept", "nothing_undurable_seen"}),
    ],
)
def test_is_caught(
    plant: Callable[[pytest.MonkeyPatch], None], laws: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    caught = laws_broken(laws)
    assert caught & laws, f"broken: {sorted(caught)}"
