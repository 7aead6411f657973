"""What every event of the journal is: frozen, nothing unknown, absent where it has its default."""

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all events."""
