"""What is kept of a notice that left memory: enough that a late statement gets the answer it would have got before.

A final one leaves its state alone.  One whose period was over and whose owner may still change it leaves its number and a
digest of each field, so that a late NCH is judged as strictly.  Ids are never given twice.
Source: docs/decisions/0007-what-is-forgotten-and-when.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import UNSET

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.catalogue import FIRST_TELLS, may_be_next
from skyparley.domain.messages.codes import CHANGED_FIELDS, ChangedField, ErrCode
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.slots import AtSlots, CancelSlots, ChangeSlots, DueRegard, NoticeSlots, VolumeSlot
from skyparley.domain.records import LIVE_STATES, NOTHING, Notice, NoticeState, Number

DIGEST_BYTES: Final = 8
"""Of one field.  It is no proof: who would find another content for it only gets a wrong `changed` taken."""

NoticeKey = tuple[Fingerprint, str]


class Stub(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A notice that left memory.  `told`: to whom a notice of ours was told.  The rest is there while it is not final."""

    state: NoticeState
    told: tuple[Fingerprint, ...] = ()
    version: int = 0
    number: Number = NOTHING
    """Of the statement that set the version."""
    agreed: bool = False
    """That statement was an AGR."""
    fields: bytes = b""


@dataclass
class Forgotten:
    """All that left memory."""

    notices: dict[NoticeKey, Stub] = field(default_factory=dict)
    pairs: dict[str, int] = field(default_factory=dict)
    """The last turn of the dialogue about each pair."""
    agreements: set[str] = field(default_factory=set)
    matters: dict[str, int] = field(default_factory=dict)
    """Hashes of statements that asked people for something and are over, each with when it left, oldest first."""

    def add_matter(self, statement: str, at: int) -> None:
        """One more, and those that left so long ago that nobody acts about them any more are let go of."""
        self.matters[statement] = at
        while self.matters[oldest := next(iter(self.matters))] < at - limits.MATTERS_FORGOTTEN_MS:
            del self.matters[oldest]


def stub_of(notice: Notice, *, own: bool, agreed: bool) -> Stub:
    """What is kept of a notice.  `agreed`: its version was set by an agreement."""
    if own:
        return Stub(state=notice.state, told=tuple(notice.told))
    if notice.state not in LIVE_STATES:
        return Stub(state=notice.state)
    told = notice.told[notice.party]
    current = notice.current
    return Stub(
        state=notice.state,
        version=current.version,
        number=told.number,
        agreed=agreed,
        fields=field_digests(current.kind, current.volumes, current.due_regard),
    )


def field_digests(kind: str, volumes: Sequence[VolumeSlot], due_regard: DueRegard) -> bytes:
    """A digest of each field that an NCH may change, in the order of the wire."""
    said = {
        "KIND": kind,
        "AREA": [slot.shape for slot in volumes],
        "LEVELS": [(slot.lower, slot.upper) for slot in volumes],
        "PERIOD": [(slot.start, slot.end) for slot in volumes],
        "DUE REGARD": due_regard,
    }
    assert said.keys() == set(CHANGED_FIELDS), "every field is told apart"
    return b"".join(sha256(canonical(said[name])).digest()[:DIGEST_BYTES] for name in CHANGED_FIELDS)


def judge_late_notice(stub: Stub, envelope: Envelope) -> tuple[ErrCode, str] | None:
    """NTC and NCH about a notice that left memory: why the meaning is refused, or None.  As notices.judge_notice."""
    slots = envelope.slots
    assert isinstance(slots, NoticeSlots)
    if envelope.type in FIRST_TELLS:
        return "VERSION", f"{slots.id} was told before; a change is NCH"
    if stub.state not in LIVE_STATES:
        return "STATE", f"{slots.id} is {stub.state}"
    if not may_be_next(slots.kind, int(envelope.version or 0), stub.version):
        return "VERSION", f"the next version of {slots.id} is {stub.version + 1}"
    if isinstance(slots, ChangeSlots) and list(slots.changed) != _changed(stub, slots):
        return "SCHEMA", "changed does not list the fields that differ"
    return None


def _changed(stub: Stub, slots: NoticeSlots) -> list[ChangedField]:
    after = field_digests(slots.kind, slots.volumes, slots.due_regard)
    places = ((name, slice(DIGEST_BYTES * n, DIGEST_BYTES * (n + 1))) for n, name in enumerate(CHANGED_FIELDS))
    return [name for name, place in places if stub.fields[place] != after[place]]


def judge_late_act(stub: Stub, envelope: Envelope) -> tuple[ErrCode, str] | None:
    """NCX, NACT, NEND about a notice that left memory: why the meaning is refused, or None.  As notices.judge_act."""
    slots = envelope.slots
    assert isinstance(slots, CancelSlots | AtSlots)
    if stub.state not in LIVE_STATES or (envelope.type == "NACT" and stub.state == "ACTIVE"):
        return "STATE", f"{slots.id} is {stub.state}"
    seen: Number = NOTHING if envelope.seen is UNSET else envelope.seen.number
    known = stub.version - 1 if stub.agreed and stub.number > seen else stub.version
    if known != envelope.version:
        return "VERSION", f"{slots.id} is at version {stub.version}"
    return None


def after_late_act(stub: Stub, envelope: Envelope) -> Stub:
    """The stub once the act took effect."""
    if envelope.type == "NACT":
        return msgspec.structs.replace(stub, state="ACTIVE")
    return Stub(state="CANCELLED" if envelope.type == "NCX" else "ENDED", told=stub.told)
