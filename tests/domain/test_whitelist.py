"""DIS-01: what no message can hold.  The never-list is held against every name that the protocol knows."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from skyparley.domain.events import EVENTS
from skyparley.domain.messages import codes, envelope, receipt
from skyparley.domain.messages.catalogue import CATALOGUE

NEVER = [
    "target",
    "weapon",
    "sensor",
    "unit",
    "crew",
    "mission",
    "task",
    "tasking",
    "load",
    "base",
    "callsign",
    "call_sign",
    "aircraft",
    "type_of",
    "squadron",
    "pilot",
    "name",
    "mode4",
    "mode5",
    "iff",
    "site",
    "threat",
    "intent",
    "objective",
    "payload",
    "fuel",
    "ordnance",
    "munition",
    "strike",
    "route",
    "person",
    "officer",
    "text",
    "remark",
    "free",
]

ALLOWED = {
    "StatementReceived.text",  # Our own word for what was wrong with a peer's statement; never sent.
    "EvidenceKept.text",
    "HeadsCompared.text",
    "AlarmRaised.text",
    "AlarmCounted.text",
    "HookTried.text",
    "Rang.text",
    "HandoverOffered.text",  # The brief of our own desk at a hand-over: it stays in our journal.
    "CommandAnswered.person",  # Whether a person or a machine gave the command, and not who.
    "UnauthenticatedHeard.text",  # What somebody without a key sent us: kept for people, never sent on.
    "DistressSlots.aircraft",  # Which sort of aircraft is in distress, out of a closed list: what rescuers need to know.
    "CallDue.payload",  # The payload of a statement (line-v1 3), read aloud to a peer with only a telephone: no aircraft's.
    "CallRang.text",  # Our own words of whom to call; never sent.
    "VoicePeerPinned.name",  # What we call a party that has no card: no person.
    "PartySlot.name",  # What the cards call the two parties of a line: no person.
    "CallSignSlot.call_sign",  # How a post of a desk is called on the radio (LIV-10): no aircraft, no unit.
    # Words in the sender's own language beside the code, at most 200 characters, screened by the desk (decision 0002).
    "FreeText.text",
    "Envelope.free_text",
    "Draft.free_text",
}


def structs(kind: Any, seen: set[type] | None = None) -> Iterator[type]:
    """Every struct that a type can hold."""
    seen = set() if seen is None else seen
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind not in seen:
            seen.add(kind)
            yield kind
            for field in msgspec.structs.fields(kind):
                yield from structs(field.type, seen)
        return
    for inner in get_args(kind):
        yield from structs(inner, seen)


WIRE = {kind for row in CATALOGUE.values() for kind in (row.slots, row.matter) if kind is not None} | {
    envelope.Envelope,
    envelope.FeedHead,
    receipt.Receipt,
    receipt.Hello,
    receipt.CatchUp,
}


def names() -> set[str]:
    kinds = {kind for root in (*WIRE, *(cls for cls, _ in EVENTS.values())) for kind in structs(root)}
    return {f"{kind.__name__}.{field.name}" for kind in kinds for field in msgspec.structs.fields(kind)}


def test_no_name_of_the_protocol_or_the_journal_is_on_the_never_list():
    found = [
        name
        for name in sorted(names() - ALLOWED)
        if set(re.split(r"[._]", name.split(".", 1)[1].lower())) & set(NEVER) or name.split(".", 1)[1] in NEVER
    ]
    assert found == []
    assert len(names()) > 100, "the walk goes through everything"
    assert {"VolumeSlot.shape", "CircleSlot.radius_m", "TermNotice.volumes"} <= names()


@pytest.mark.parametrize("kind", sorted(WIRE, key=lambda kind: kind.__name__))
def test_everything_on_the_wire_refuses_what_it_does_not_know(kind: type):
    for part in structs(kind):
        if part is not envelope.Envelope:  # It is read through a struct that refuses; test_envelope tries it.
            assert part.__struct_config__.forbid_unknown_fields, part


def test_there_is_one_free_text_on_the_wire_and_no_other():
    """Every other text is a code of a closed list, an id, a hash, a signature or a reference of limited length."""
    free = [name for name in sorted(names()) if name.endswith((".text", ".free_text")) and not name.startswith("Draft")]
    assert set(free) - {name for name in ALLOWED if not name.startswith("Draft")} == set()
    for kind in {part for root in WIRE - {envelope.Envelope} for part in structs(root)}:
        for field in msgspec.structs.fields(kind):
            schema = msgspec.json.schema(msgspec.defstruct("One", [("it", field.type)]))
            for text in texts(schema):
                assert {"enum", "pattern", "maxLength", "const"} & set(text), f"{kind.__name__}.{field.name}"


def texts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "string":
            yield schema
        for inner in schema.values():
            yield from texts(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from texts(inner)


def test_kinds_say_what_an_activity_is_for_and_nothing_closer():
    assert set(codes.NOTICE_KINDS) == {
        "TRANSIT",
        "AREA WORK",
        "AERODROME",
        "REFUEL TRACK",
        "UAS AREA",
        "HAZARD",
        "HUM",
        "MEDEVAC",
        "SAR",
        "CIVIL",
        "TEST",
    }
