"""This node's role keys, and the one place where drafts become statements.

Sealing gives number, `prev`, `seen` and signature, in the sequencer, before the statement is durable; delivery only
carries bytes.  So a retry can never fork us.  Source: DESIGN "Feed", line-v1 3.4.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.domain.clauses import clause_text
from skyparley.domain.detection import key_for
from skyparley.domain.line_changes import second_text
from skyparley.domain.messages.arrangement_slots import TermsSlots
from skyparley.domain.messages.catalogue import CATALOGUE, class_of, slots_of
from skyparley.domain.messages.codes import Class, ClockQuality, Role
from skyparley.domain.messages.envelope import PROTO, Envelope, FeedHead, phrase_code, write
from skyparley.domain.messages.matter_slots import AcceptedSlots, KeySlots, LineSlots
from skyparley.domain.messages.slots import AcceptSlots, AgreementSlots, ChangeSlots, NoticeSlots, Wire
from skyparley.domain.notices import changed_since_told
from skyparley.domain.records import NOTHING, Draft, Line
from skyparley.domain.view import View
from skyparley.domain.voice_events import HeardMatter, HeardNotice
from skyparley.domain.voice_records import HeardDraft
from skyparley.evidence import jws
from skyparley.evidence.card import Card
from skyparley.evidence.keys import Kid, PrivateKey, SigningRole, public_bytes


class Signer:
    """Signs as a role of this party.  Raises ValueError when the card does not certify the keys."""

    def __init__(self, card: Card, keys: Mapping[SigningRole, PrivateKey]) -> None:
        self.card = card
        self._keys: dict[SigningRole, tuple[PrivateKey, Kid]] = {}
        for role, key in keys.items():
            kid = next((card.kid_of(entry) for entry in card.said.roles if entry.public == public_bytes(key)), None)
            if kid is None or kid.role != role:
                raise ValueError(f"the card does not certify this {role} key")
            self._keys[role] = (key, kid)

    def sign(self, role: SigningRole, value: Any, typ: str) -> str:
        """A compact JWS over the canonical JSON of a value."""
        key, kid = self._keys[role]
        return jws.sign(canonical(value), key, kid, typ)

    def _sign_bytes(self, role: SigningRole, payload: bytes, typ: str) -> str:
        key, kid = self._keys[role]
        return jws.sign(payload, key, kid, typ)

    def sign_detached(self, role: SigningRole, payload: bytes, typ: str) -> str:
        """A detached JWS over a payload that travels apart: the second signature of two people, or an agreement's."""
        key, kid = self._keys[role]
        return jws.sign_detached(payload, key, kid, typ)

    def sign_agreement(self, text: str) -> str:
        """Our detached signature under the canonical text of an agreement."""
        return self.sign_detached("desk", text.encode(), jws.AGREEMENT)

    def heard(self, item: HeardDraft) -> HeardNotice | HeardMatter:
        """What our desk heard by voice, signed by our own desk role as heard: it proves our record and nothing of theirs."""
        text = self.sign("desk", item.content, jws.HEARD)
        if item.id:
            return HeardNotice(peer=item.peer, id=item.id, jws=text, by=item.by)
        return HeardMatter(peer=item.peer, jws=text, by=item.by)

    def seal(self, view: View, draft: Draft, quality: ClockQuality) -> str:
        """The statement of a draft, next on its feed."""
        line = view.lines[draft.peer]
        row = CATALOGUE[draft.type]
        kind = slots_of(draft.type, in_dialogue=bool(draft.dialog_id))
        slots = self._complete(view, draft, msgspec.convert(draft.slots, kind))
        role: Role = "exercise" if draft.exercise else row.role
        epoch, seq = (1, 0) if line.sent.head == NOTHING else line.sent.head
        cls = _class_of(draft, slots)
        envelope = Envelope(
            proto=PROTO,
            epoch=epoch,
            seq=seq + 1,
            prev=line.sent.head_hash if seq else UNSET,
            seen=_seen(line),
            from_=view.own,
            to=draft.peer,
            msg_id=draft.msg_id,
            role=role,
            cls=cls,
            type=draft.type,
            code=phrase_code(draft.type, slots, answers=bool(draft.reply_to)) or UNSET,
            dialog_id=draft.dialog_id or UNSET,
            reply_to=draft.reply_to or UNSET,
            version=draft.version or UNSET,
            created_utc=draft.created_utc,
            clock_quality=UNSET if quality == "GOOD" else quality,
            valid_until=draft.valid_until or UNSET,
            reply_by=draft.reply_by or UNSET,
            exercise=True if draft.exercise else UNSET,
            table_hash=UNSET if cls == "LIFE" else view.table_hash_of(draft.peer),
            free_text=draft.free_text or UNSET,
            slots=slots,
        )
        text = self._sign_bytes(role, write(envelope), jws.STATEMENT)
        assert len(text) <= limits.STATEMENT_BYTES, "what a notice may hold leaves room for key and signatures"
        return text

    def _complete(self, view: View, draft: Draft, slots: Wire) -> Wire:
        """Put in what is known only now: the key with what was seen by now, what changed since told, our signature."""
        if isinstance(slots, NoticeSlots) and draft.exercise:
            return slots  # An exercise knows of no other notice.
        if isinstance(slots, ChangeSlots):
            slots = msgspec.structs.replace(slots, changed=changed_since_told(view, draft.peer, slots))
        match slots:
            case NoticeSlots():
                return msgspec.structs.replace(slots, key=key_for(view, draft.peer, slots.volumes))
            case AcceptSlots():
                return msgspec.structs.replace(slots, signature=self.sign_agreement(draft.sign))
            case TermsSlots():
                clause = clause_text(view.own, draft.peer, slots.body, version=slots.version, effective=slots.effective)
                return msgspec.structs.replace(slots, signature=self.sign_detached("supervisor", clause, jws.CLAUSE))
            case AcceptedSlots() if draft.sign:
                signature = self.sign_detached("supervisor", draft.sign.encode(), jws.CLAUSE)
                return msgspec.structs.replace(slots, signature=signature)
            case LineSlots() | KeySlots():
                text = second_text(draft.type, draft.msg_id, draft.peer, slots)
                return msgspec.structs.replace(slots, second=self.sign_detached("supervisor", text, jws.SECOND))
            case AgreementSlots():
                ours, theirs = slots.signatures
                signed = msgspec.structs.replace(ours, jws=self.sign_agreement(draft.sign))
                return msgspec.structs.replace(slots, signatures=(signed, theirs))
        return slots


def _class_of(draft: Draft, slots: Wire) -> Class:
    """The class by the catalogue, of the kind of notice that it changes, or of what it answers."""
    if isinstance(slots, ChangeSlots):
        return class_of(slots.kind)
    cls = draft.cls or CATALOGUE[draft.type].cls
    assert cls, f"the class of {draft.type} is left to what it answers, and the draft says none"
    return cls


def _seen(line: Line) -> FeedHead | msgspec.UnsetType:
    if line.received.head == NOTHING:
        return UNSET
    epoch, seq = line.received.head
    return FeedHead(epoch=epoch, seq=seq, hash=line.received.head_hash)
