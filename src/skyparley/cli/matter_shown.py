"""Statements that ask people for something, in words: found by what is read aloud of them, listed and shown."""

from typing import TYPE_CHECKING, Final

from skyparley.base.ids import short_id
from skyparley.cli.endings import NO, Ending, unusable
from skyparley.cli.forms import position_text, span_text, time_shown
from skyparley.cli.volume_forms import level_text
from skyparley.domain.how_far import NOT_THERE

if TYPE_CHECKING:
    from skyparley.domain.messages.matter_slots import ReadBackValues
    from skyparley.state.matter_views import MatterView, Sentence
    from skyparley.state.views import Overview

HEARD: Final = str.maketrans("OIL", "011")
"""Letters that a short id does not have, as people write them for the figures that look or sound alike."""
ACT_WORDS: Final = {
    "acknowledge": "ack",
    "read_back": "read-back",
    "pass_on": "pass",
    "put_away": "put-away",
    "done": "done",
    "refuse": "refuse",
    "identity": "identity",
    "answer": "answer",
}
"""What a desk may do, and the command that does it."""


def one_matter(seen: "Overview", wanted: str) -> "MatterView":
    """The statement that a person means: by its short id, its hash, or the beginning of one.  Ends the command else.

    The type will do where one open statement of theirs has it: who is rung for the only STP need not spell its id.
    """
    heard = wanted.upper().translate(HEARD)
    exact = [one for one in seen.matters if wanted == one.statement or heard == one.short_id]
    begins = [one for one in seen.matters if one.short_id.startswith(heard) or one.statement.startswith(wanted)]
    typed = [one for one in seen.matters if one.type == wanted.upper() and one.due]
    begins += [one for one in typed if not one.ours] or typed  # What waits for us goes before what waits for them.
    found = exact or begins
    if len(found) == 1:
        return found[0]
    if found:
        which = "\n".join(f"  {matter_line(seen, one)}" for one in found)
        raise unusable(f"{wanted!r} can mean several statements; write more of the id:", which)
    if not seen.matters:
        raise Ending(NO, "there is no statement that asks people for anything")
    shown = [f"  {matter_line(seen, one)}" for one in seen.matters[:8]]
    raise Ending(NO, f"no statement begins with {wanted!r}; there are:", *shown)


def matter_line(seen: "Overview", one: "MatterView") -> str:
    """A statement in one line."""
    whose = f"to {one.peer}" if one.ours else f"from {one.peer}"
    exercise = "EXERCISE " if one.exercise else ""
    return f"{one.short_id}  {exercise}{one.type} {one.cls} {whose}  {state_text(seen, one)}, {time_shown(one.created_utc)}"


def state_text(seen: "Overview", one: "MatterView") -> str:
    """How far it got, in the words of the desk page: SENT is not there yet, and of a life that is said twice."""
    if one.state != "SENT":
        return one.state
    line = next((line for line in seen.lines if line.peer == one.peer), None)
    if line is not None and line.receipts == "NOT POSSIBLE":
        return "SENT, RECEIPT NOT POSSIBLE"
    return NOT_THERE if one.cls == "LIFE" else "SENT"


def due_text(one: "MatterView", now: int) -> str:
    """What is still asked and how long there is, the first clock first."""
    rows = []
    for ask, due in sorted(one.due.items(), key=lambda pair: pair[1]):
        rows.append(f"{ask} OVER by {span_text(now - due)}" if due <= now else f"{ask} in {span_text(due - now)}")
    return ", ".join(rows) or "-"


def matter_row(seen: "Overview", one: "MatterView") -> tuple[str, ...]:
    """One row of the list."""
    word = state_text(seen, one)
    return (
        one.short_id,
        f"{'EXERCISE ' if one.exercise else ''}{one.type}",
        one.cls,
        f"to {one.peer}" if one.ours else f"from {one.peer}",
        time_shown(one.created_utc),
        f"{word}, READ-BACK DIFFERS" if one.read_back == "MISMATCH" and one.acked_at is None else word,
        due_text(one, seen.now),
        ", ".join(ACT_WORDS[act] for act in one.can) or "-",
    )


def matter_rows(seen: "Overview", one: "MatterView") -> list[tuple[str, str]]:
    """Everything that is known of a statement, by name."""
    return [
        ("Statement", f"{one.short_id}, {one.statement}"),
        ("Type", f"{'EXERCISE ' if one.exercise else ''}{one.type}, {one.cls}"),
        ("Said", f"{'by us to' if one.ours else 'by'} {one.peer}, {time_shown(one.created_utc)}"),
        ("Data", "\n".join(values_lines(one.to_read_back))),
        ("Own words", f"[{one.free_text.lang}] {one.free_text.text}" if one.free_text is not None else ""),
        ("State", f"{state_text(seen, one)}; {_machine(one)}"),
        ("Asked", due_text(one, seen.now)),
        ("Read back", "\n".join(_read_back(one))),
        ("Rung", "\n".join(f"{ring.post} {time_shown(ring.at)}" for ring in one.rung)),
        ("History", "\n".join(_history(one))),
        ("Opened again", short_id(one.reopened) if one.reopened else ""),
        ("You may", ", ".join(f"skyparley statement {ACT_WORDS[act]} {one.short_id}" for act in one.can)),
    ]


def sentence_lines(found: "tuple[Sentence, ...]") -> list[str]:
    """What is read aloud, alone on its line so that a terminal can order it, and how far it was reviewed."""
    rows = []
    for one in found:
        said = f"{one.code}  {one.lang}" + (", no text in the language that was asked" if one.fallback else "")
        rows.append(f"{said}. {one.mark}" if one.mark else said)
        rows.append(one.text)
    return rows


def values_lines(values: "ReadBackValues") -> list[str]:
    """The data of a statement that people read to each other."""
    from msgspec import UNSET

    rows = []
    if values.position is not UNSET:
        rows.append(f"position {position_text(values.position)}")
    levels = [level_text(one) for one in (values.lower, values.upper) if one is not UNSET]
    if levels:
        rows.append(f"levels {' to '.join(levels)}")
    times = [time_shown(one) for one in (values.start, values.end) if one is not UNSET]
    if times:
        rows.append(f"time {' to '.join(times)}")
    return rows


def _machine(one: "MatterView") -> str:
    """How far the machines are, which is never how far the people are."""
    if not one.ours:
        return "heard before its turn, no receipt yet" if one.early else "our machine gave its receipt"
    return "the other machine has it" if one.delivered else "NOT YET RECEIVED by the other machine"


def _read_back(one: "MatterView") -> list[str]:
    if not one.read_back:
        return []
    if one.read_back == "DUE":
        return ["not yet; it comes before the acknowledgment"]
    rows = ["the same" if one.read_back == "MATCH" else f"DIFFERS: {', '.join(one.differs)}"]
    if one.read_back == "MISMATCH" and one.read_back_values is not None:
        rows += [f"said      {line}" for line in values_lines(one.to_read_back)]
        rows += [f"read back {line}" for line in values_lines(one.read_back_values)]
    return rows


def _history(one: "MatterView") -> list[str]:
    """Each act: when it was done by the clock of who did it, and when this node learned of it."""
    rows = []
    for step in one.history:
        later = f", known here {time_shown(step.learned_at)}" if step.learned_at // 1000 != step.at // 1000 else ""
        rows.append(f"{time_shown(step.at)}{later}  {step.by} {step.what} {step.text}".rstrip())
    return rows
