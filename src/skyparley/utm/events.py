"""What was decided in a DSS, as its journal keeps it: each says all that follows from it, so that folding decides nothing.

`notified` are the numbers of the subscriptions whose notification index went up by one.
"""

from typing import Final, TypeAlias

import msgspec

from skyparley.utm.records import Constraint, Intent, Standing, Subscription


class IntentPut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Created or changed.  `implicit`: the implicit subscription that was made or grown for it; `dropped`: the one that
    nothing depends on any more."""

    intent: Intent
    notified: tuple[int, ...] = ()
    implicit: Subscription | None = None
    dropped: str = ""


class IntentDeleted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    manager: str
    id: str
    notified: tuple[int, ...] = ()
    dropped: str = ""


class ConstraintPut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    constraint: Constraint
    notified: tuple[int, ...] = ()


class ConstraintDeleted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    manager: str
    id: str
    notified: tuple[int, ...] = ()


class SubscriptionPut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Created or changed; its notification index stays as it is, and begins at 0."""

    subscription: Subscription


class SubscriptionDeleted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    manager: str
    id: str


class AvailabilitySet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`by`: who declared it."""

    by: str
    standing: Standing


class Reported(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A USS reported a problem with an exchange.  Only the journal keeps it."""

    manager: str
    report_id: str
    exchange: str


class LetGo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ended long enough ago; each name is an id."""

    intents: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()


Event: TypeAlias = (
    IntentPut
    | IntentDeleted
    | ConstraintPut
    | ConstraintDeleted
    | SubscriptionPut
    | SubscriptionDeleted
    | AvailabilitySet
    | Reported
    | LetGo
)

SCHEMA: Final = 1
EVENTS: Final[dict[str, type[Event]]] = {
    cls.__name__: cls
    for cls in (
        IntentPut,
        IntentDeleted,
        ConstraintPut,
        ConstraintDeleted,
        SubscriptionPut,
        SubscriptionDeleted,
        AvailabilitySet,
        Reported,
        LetGo,
    )
}
_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_DECODERS: Final[dict[str, "msgspec.json.Decoder[Event]"]] = {
    kind: msgspec.json.Decoder(cls) for kind, cls in EVENTS.items()
}


def encode(event: Event) -> tuple[str, bytes]:
    """Kind and content: JSON with sorted names."""
    return type(event).__name__, _ENCODER.encode(event)


def decode(kind: str, content: bytes) -> Event:
    """Raises KeyError for a kind that is none of these and msgspec.DecodeError for a content that does not fit."""
    return _DECODERS[kind].decode(content)
