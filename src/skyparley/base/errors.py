"""Two failures.  A refusal is an answer, coded, with every reason.  A fault is an exception: ours, storage's or a peer's."""

import msgspec


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason of a refusal: a code that machines act on, a sentence that says what was wrong and what would be right.

    `field` names the input at fault.  `ids` names what is missing or in the way (for KEY_INCOMPLETE: the notice versions).
    """

    code: str
    text: str
    field: str = ""
    ids: tuple[str, ...] = ()


class Refusal(msgspec.Struct, frozen=True):
    """A decision not to act.  It is an answer and not an exception; it changes nothing."""

    reasons: tuple[Reason, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(reason.code for reason in self.reasons)


def refuse(code: str, text: str, *, field: str = "", ids: tuple[str, ...] = ()) -> Refusal:
    """A refusal with one reason."""
    return Refusal((Reason(code, text, field, ids),))


class Fault(Exception):
    """Something outside the rules failed.  `code` is stable, the message is for people."""

    code = "FAULT"


class JournalFault(Fault):
    """The journal could not be read or written.  What was not answered may or may not be kept: reload to know."""

    code = "JOURNAL_FAULT"


class JournalDamaged(JournalFault):
    """The journal's bytes are not what was written.  It is never used; the message names the file and the position."""

    code = "JOURNAL_DAMAGED"


class JournalLocked(JournalFault):
    """Another process holds this node's folder."""

    code = "JOURNAL_LOCKED"


class JournalFull(JournalFault):
    """No space is left where the journal lies."""

    code = "JOURNAL_FULL"


class JournalReadOnly(JournalFault):
    """The journal's folder or file cannot be written."""

    code = "JOURNAL_READ_ONLY"


class WrongPosition(JournalFault):
    """The journal's head is not where the append expected it.  Nothing was written."""

    code = "JOURNAL_WRONG_POSITION"


class PeerFault(Fault):
    """A peer could not be reached, or answered with something that is not the protocol.  Retry, then escalate."""

    code = "PEER_FAULT"
