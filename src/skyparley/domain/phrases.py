"""Statements as phrases: the code that a statement carries and, from its slots, the texts that stand in the sentence.

What a statement only refers to (the areas of a notice in conflict, the band that stays) is looked up where it is known;
where it is not, the sentence says so and nothing is made up.  A statement without a phrase code has no sentence.
Source: DOMAIN 10.2, 10.4, LNG-01; line-v1 section 4.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import UNSET

from skyparley.base.ids import Fingerprint, short_id
from skyparley.domain.messages import matter_slots as m
from skyparley.domain.messages import slots as s
from skyparley.domain.messages.arrangement_slots import CrossingSlots
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.phrase_values import (
    NOT_STATED,
    UNCHANGED,
    area_value,
    areas_value,
    levels_value,
    lower_value,
    shape_value,
    slot_value,
    times_value,
    upper_value,
    window,
)
from skyparley.language.phrasebook import SEVERAL, Rendered, render
from skyparley.language.values import position_value, time_value

EXERCISE_PHRASE: Final = "L10"
Values: TypeAlias = dict[str, str]
Known: TypeAlias = Callable[[Fingerprint, str, int], Sequence[s.VolumeSlot] | None]
"""The volumes of a notice of a party in a version, where they are known."""


class Said(msgspec.Struct, frozen=True):
    """The phrase of a statement: its code and the text for each of its slots."""

    code: str
    slots: Mapping[str, str]


def nothing_known(party: Fingerprint, notice_id: str, version: int) -> None:
    """Knows no notice: for a statement that is read by itself."""


def phrase_of(envelope: Envelope, known: Known = nothing_known) -> Said | None:
    """The phrase of a statement; None for one that carries no phrase code."""
    if envelope.code is UNSET or envelope.code not in _VALUES:
        return None
    return Said(envelope.code, _VALUES[envelope.code](envelope, envelope.slots, known))


def sentences(envelope: Envelope, lang: str, known: Known = nothing_known) -> tuple[Rendered, ...]:
    """What is read aloud of a statement in a language: that it is an exercise, where it is one, and its phrase.

    Empty for a statement without a phrase.  Raises BadPhrase for a language that the phrasebook does not have.
    """
    said = phrase_of(envelope, known)
    if said is None:
        return ()
    first = (render(EXERCISE_PHRASE, {}, lang),) if envelope.exercise is not UNSET else ()
    return (*first, render(said.code, said.slots, lang))


# --- the line ----------------------------------------------------------------------------------------------------

_STATE_AFTER: Final = {"SUSP": "SUSPENDED", "RESM": "RESUMED", "TERM": "TERMINATED"}
"""What each says of the line.  The end of one side's suspension does not make it open: the other's may go on."""


def _check(envelope: Envelope, slots: m.CheckSlots, known: Known) -> Values:
    return {"n": str(slots.n)}


def _checked(envelope: Envelope, slots: m.CheckSlots, known: Known) -> Values:
    return {"msg": f"LINE CHECK {slots.n}"}


def _acknowledged(envelope: Envelope, slots: m.AckSlots, known: Known) -> Values:
    return {"msg": short_id(slots.hash)}


def _stand_by(envelope: Envelope, slots: s.StandBySlots | m.LaterSlots, known: Known) -> Values:
    return {"time": time_value(slots.until), "msg": _subject(envelope)}


def _read_back(envelope: Envelope, slots: m.ReadBackSlots, known: Known) -> Values:
    texts = {name: _plain(value) for name, value in msgspec.structs.asdict(slots.values).items() if value is not UNSET}
    if not texts:
        return {"field": "ALL", "value": NOT_STATED}
    return {"field": SEVERAL.join(name.upper() for name in texts), "value": SEVERAL.join(texts.values())}


def _line_state(envelope: Envelope, slots: m.LineSlots, known: Known) -> Values:
    return {"state": _STATE_AFTER[envelope.type], "time": time_value(slots.effective)}


# --- notices -----------------------------------------------------------------------------------------------------


def _box(envelope: Envelope, slots: s.NoticeSlots, known: Known) -> Values:
    """What every telling of a notice says: id, area, levels and times."""
    start, end = window(slots.volumes)
    return {
        "id": slots.id,
        "area": area_value(slots.volumes),
        "lower": lower_value(slots.volumes),
        "upper": upper_value(slots.volumes),
        "start": time_value(start),
        "end": time_value(end),
    }


def _notice(envelope: Envelope, slots: s.NoticeSlots, known: Known) -> Values:
    return _box(envelope, slots, known) | {"kind": slots.kind}


def _hazard(envelope: Envelope, slots: s.NoticeSlots, known: Known) -> Values:
    """The phrase has no slot for the id, so it stands before the area."""
    box = _box(envelope, slots, known)
    notice_id = box.pop("id")
    return box | {"area": f"{notice_id}, {area_value(slots.volumes, room=_ROOM_AFTER_ID)}"}


_ROOM_AFTER_ID: Final = 360
"""An id has at most 32 characters."""


def _change(envelope: Envelope, slots: s.ChangeSlots, known: Known) -> Values:
    texts = {name: _CHANGED[name](slots) for name in slots.changed}
    if not texts:
        return {"id": slots.id, "field": "ALL", "value": UNCHANGED}
    return {"id": slots.id, "field": SEVERAL.join(texts), "value": SEVERAL.join(texts.values())}


_CHANGED: Final[dict[str, Callable[[s.ChangeSlots], str]]] = {
    "KIND": lambda slots: slots.kind,
    "AREA": lambda slots: area_value(slots.volumes, room=_ROOM_BESIDE),
    "LEVELS": lambda slots: levels_value(slots.volumes),
    "PERIOD": lambda slots: times_value(slots.volumes),
    "DUE REGARD": lambda slots: "STATED" if slots.due_regard.stated else f"NOT STATED {slots.due_regard.reason}",
}
_ROOM_BESIDE: Final = 185
"""For the area: levels, period, kind and due regard, which may stand beside it, take 210 at most."""


def _named(envelope: Envelope, slots: s.CancelSlots, known: Known) -> Values:
    return {"id": slots.id}


def _at(envelope: Envelope, slots: s.AtSlots, known: Known) -> Values:
    return {"id": slots.id, "time": time_value(slots.at)}


def _query(envelope: Envelope, slots: s.QuerySlots, known: Known) -> Values:
    return {"id": slots.id, "field": slots.field}


# --- conflicts ---------------------------------------------------------------------------------------------------


def _conflict(envelope: Envelope, slots: s.ConflictSlots, known: Known) -> Values:
    """`Your` and `our` are the words of the sender."""
    yours, ours = _sides(envelope, slots.notices)
    volumes = [known(one.party, one.id, one.version) for one in (yours, ours)]
    start, end = slots.start, slots.end
    area = "OF BOTH NOTICES"
    if volumes[0] and volumes[1]:
        area = areas_value(volumes[0], volumes[1])
        if start is UNSET or end is UNSET:  # They do not meet in time: from the first to the last is said.
            start, end = window([*volumes[0], *volumes[1]])
    return {
        "id1": yours.id,
        "id2": ours.id,
        "area": area,
        "start": NOT_STATED if start is UNSET else time_value(start),
        "end": NOT_STATED if end is UNSET else time_value(end),
    }


def _proposal(name: str, value: Callable[[Sequence[s.VolumeSlot]], str]) -> "Reader":
    """A reader of proposals that says one thing of each side, in the slots `name1` (you) and `name2` (we)."""

    def read(envelope: Envelope, slots: s.ProposalSlots, known: Known) -> Values:
        said = {"id": _subject(envelope)}
        for place, term in enumerate(_sides(envelope, slots.notices), 1):
            volumes = known(term.party, term.id, term.version) if term.volumes is UNSET else term.volumes
            said[f"{name}{place}"] = value(volumes) if volumes else UNCHANGED
        return said

    return read


def _answered(envelope: Envelope, slots: s.AcceptSlots | m.AcceptedSlots, known: Known) -> Values:
    return {"id": _subject(envelope)}


def _rejected(envelope: Envelope, slots: s.RejectSlots | m.NotAcceptedSlots, known: Known) -> Values:
    return {"id": _subject(envelope), "code": slots.reason}


def _subject(envelope: Envelope) -> str:
    """What an answer or offer is about, as people read it: the pair in conflict, else the statement answered."""
    if envelope.dialog_id is not UNSET:
        return short_id(envelope.dialog_id)
    answered = envelope.slots
    assert isinstance(answered, _ANSWERS), "what is about no pair of notices names the statement that it answers"
    return short_id(answered.hash)


_ANSWERS: Final = (m.AcceptedSlots, m.NotAcceptedSlots, m.LaterSlots)


def _sides(envelope: Envelope, pair: tuple[Any, Any]) -> tuple[Any, Any]:
    """Of two notices the receiver's, then the sender's."""
    return pair if pair[1].party == envelope.from_ else (pair[1], pair[0])


def _crossing(envelope: Envelope, slots: CrossingSlots, known: Known) -> Values:
    start, end = window(slots.volumes)
    return {
        "id": slots.id,
        "line": slots.line.id,
        "area": area_value(slots.volumes),
        "lower": lower_value(slots.volumes),
        "upper": upper_value(slots.volumes),
        "start": time_value(start),
        "end": time_value(end),
    }


# --- life and safety ---------------------------------------------------------------------------------------------


def _identity(envelope: Envelope, slots: m.IdentitySlots, known: Known) -> Values:
    return {
        "pos": position_value(slots.position),
        "level": slot_value(slots.level),
        "time": time_value(slots.at),
    }


def _identity_answer(envelope: Envelope, slots: m.IdentityAnswerSlots, known: Known) -> Values:
    said = {"msg": short_id(slots.hash)}
    return said if slots.until is UNSET else said | {"time": time_value(slots.until)}


def _stop(envelope: Envelope, slots: m.StopSlots, known: Known) -> Values:
    return {"area": shape_value(slots.area)}


def _passed(envelope: Envelope, slots: m.PassedSlots, known: Known) -> Values:
    action: str = NOT_STATED if slots.action is UNSET else slots.action
    if slots.level is not UNSET and slots.action in ("CLIMBING", "DESCENDING", "MAINTAINING"):
        towards = "" if slots.action == "MAINTAINING" else " TO"
        action = f"{slots.action}{towards} {slot_value(slots.level)}"
    return {"time": time_value(slots.at), "msg": short_id(slots.hash), "code": action}


def _distress(envelope: Envelope, slots: m.DistressSlots, known: Known) -> Values:
    position = NOT_STATED
    if slots.position is not UNSET:
        position = position_value(slots.position)
    elif slots.area is not UNSET:
        position = shape_value(slots.area)
    return {
        "id": slots.aircraft if slots.id is UNSET else slots.id,
        "pos": position,
        "time": time_value(slots.at),
        "n": NOT_STATED if slots.pob is UNSET else str(slots.pob),
    }


def _plain(value: Any) -> str:
    """A value that was read back: a position, a level or a time."""
    if isinstance(value, tuple):
        return position_value(value)
    return time_value(value) if isinstance(value, int) else slot_value(value)


Reader: TypeAlias = Callable[[Envelope, Any, Known], Values]
_VALUES: Final[Mapping[str, Reader]] = {
    "L1": _check,
    "L2": _checked,
    "L3": _acknowledged,
    "L5": _stand_by,
    "L7": _read_back,
    "L9": _line_state,
    "N1": _notice,
    "N2": _change,
    "N3": _named,
    "N4": _at,
    "N5": _at,
    "N6": _query,
    "N7": _box,
    "N8": _hazard,
    "C1": _conflict,
    "C2": _proposal("band", levels_value),
    "C3": _proposal("area", area_value),
    "C4": _proposal("period", times_value),
    "C5": _answered,
    "C6": _rejected,
    "C7": _crossing,
    "V4": _identity,
    "V5": _identity_answer,
    "V6": _identity_answer,
    "V7": _identity_answer,
    "V8": _stop,
    "V9": _passed,
    "D1": _distress,
    "D2": _box,
}
"""How the slots of each phrase are read from the statements that carry its code."""
