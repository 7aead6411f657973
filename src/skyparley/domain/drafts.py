"""Drafts of statements: the members that the catalogue fixes are put in here, once."""

from typing import Any

from skyparley.base.canonical import canonical
from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.catalogue import StatementType
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.messages.slots import Wire
from skyparley.domain.records import Draft
from skyparley.domain.view import Moment


def draft(
    kind: StatementType,
    peer: Fingerprint,
    slots: Wire,
    moment: Moment,
    /,
    sign: Wire | None = None,
    **members: Any,
) -> Draft:
    """A statement of `kind` to `peer`.

    `members`: dialog_id, reply_to, version, valid_until, reply_by, exercise, free_text; and `cls` where the catalogue leaves
    the class to what it answers.

    `sign` is what sealing must sign and put into the slots: an agreement (ACC, AGR), or a clause (ACC of a TBL).
    """
    return Draft(
        peer=peer,
        type=kind,
        msg_id=moment.new_id(),
        created_utc=moment.now,
        slots=to_plain(slots),
        sign=canonical(sign).decode() if sign else "",
        **members,
    )
