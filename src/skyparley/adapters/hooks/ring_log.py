"""Rings and alarms in the log of the node: whoever reads only its error stream sees that somebody is called."""

from collections.abc import Sequence

import structlog

from skyparley.base.ids import short_id
from skyparley.domain.events import AlarmRaised, Rang
from skyparley.engine.sequencer import Change

log = structlog.get_logger("skyparley.rings")


def heard(changes: Sequence[Change]) -> None:
    """Durable changes, in order.  Nothing that a peer wrote goes into the log: references, codes and our own words."""
    for change in changes:
        match change.event:
            case Rang() as rang:
                log.warning(
                    "ring",
                    post=rang.post,
                    cls=rang.cls,
                    statement=short_id(rang.statement),
                    peer=rang.peer,
                    missed=rang.code,
                    position=change.position,
                )
            case AlarmRaised() as alarm:
                log.warning("alarm", code=alarm.code, peer=alarm.peer, position=change.position)
