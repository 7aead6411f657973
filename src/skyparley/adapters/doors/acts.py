"""The acts of a desk: one row an address, with the command that it comes to.

The body of an act is its command without what the address names already.
"""

from typing import Annotated, Any, Final

import msgspec

from skyparley.adapters.doors.answers import Malformed, explain
from skyparley.base.canonical import MAX_SAFE_INTEGER, NotCanonical, canonical
from skyparley.base.ids import digest
from skyparley.domain import commands as c


class Act(msgspec.Struct, frozen=True):
    """`path` is below /desk/v1; its members are members of the command.  `given`: what the door adds itself."""

    path: str
    command: type[c.DeskCommand]
    summary: str
    right: str = "act"
    given: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the body's schema."""
        return f"{self.command.__name__}Body"


ACTS: Final = (
    Act("/notices", c.FileNotice, "File a notice"),
    Act("/notices/{id}/change", c.ChangeNotice, "A new version of a notice of ours; what is absent stays"),
    Act("/notices/{id}/cancel", c.CancelNotice, "Cancel a notice of ours"),
    Act("/notices/{id}/activate", c.ActivateNotice, "Declare a notice of ours active"),
    Act("/notices/{id}/end", c.EndNotice, "Declare a notice of ours ended"),
    Act("/peers/{party}/notices/{id}/query", c.QueryNotice, "Ask a peer to clarify one field of its notice"),
    Act("/conflicts/{pair_id}/propose", c.Propose, "Propose terms; a counter-proposal where an offer is open"),
    Act("/conflicts/{pair_id}/counter", c.Propose, "The same as propose"),
    Act("/conflicts/{pair_id}/accept", c.Accept, "Accept the open offer: it is signed at once"),
    Act("/conflicts/{pair_id}/reject", c.Reject, "Reject the open offer"),
    Act("/conflicts/{pair_id}/stand_by", c.StandBy, "Ask the other side to wait for an answer"),
    Act("/conflicts/{pair_id}/withdraw", c.Withdraw, "Withdraw our open offer"),
    Act("/lines/{peer}/epoch", c.OpenEpoch, "One of two persons opens a new epoch of our feed", right="act"),
    Act("/clock", c.AnchorClock, "Set the clock of a SCALED node", given=("real_ms",)),
)

TWO_PERSONS: Final = frozenset({c.OpenEpoch})
"""Acts for two people: no machine may be one of them, and the second must have the right to supervise (IAM-02)."""


TEXT_PATTERN: Final = r"^[^\x00-\x1f\x7f]*$"
_Text = Annotated[str, msgspec.Meta(pattern=TEXT_PATTERN, description="no control characters")]
_Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]
_NARROWER: Final[dict[Any, Any]] = {str: _Text, int: _Number, tuple[str, ...]: tuple[_Text, ...]}
"""What the journal can keep of a plain type: said in the document, and by name when something else was sent."""


def _body_type(act: Act) -> type[msgspec.Struct]:
    outside = {*act.given, *(part[1:-1] for part in act.path.split("/") if part.startswith("{"))}
    fields: list[Any] = [
        (field.name, _narrower(field.type))
        if field.default is msgspec.NODEFAULT
        else (field.name, _narrower(field.type), field.default)
        for field in msgspec.structs.fields(act.command)
        if field.name not in outside
    ]
    return msgspec.defstruct(
        act.name, fields, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
    )


def _narrower(kind: Any) -> Any:
    if kind == tuple[str, ...] | None:
        return tuple[_Text, ...] | None
    return _NARROWER.get(kind, kind)


BODIES: Final[dict[type[c.DeskCommand], type[msgspec.Struct]]] = {act.command: _body_type(act) for act in ACTS}
"""The body of each act, made from its command, so that the two cannot part."""


def read_act(act: Act, path: dict[str, str], body: bytes, given: dict[str, Any]) -> tuple[c.DeskCommand, str]:
    """The command, and the digest that tells this request from another one with the same key.  Raises Malformed."""
    names = tuple(field.name for field in msgspec.structs.fields(BODIES[act.command]))
    try:
        said = msgspec.convert(_whole(msgspec.json.decode(body)), BODIES[act.command])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise explain(error, names) from None
    except RecursionError:
        raise Malformed("the body nests too deep") from None
    members = {name: getattr(said, name) for name in names} | path
    # What the door adds is not part of it: a retry a second later is the same request.
    request = digest(_checked([act.path, digest(_checked(path)), digest(_checked(said))]))
    return act.command(**members | given), request


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 7.0 is the whole number 7, as JSON Schema has it.  Others are left to be refused."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    return value


def _checked(said: Any) -> bytes:
    """Canonical bytes.  Raises Malformed for what JSON can say and the journal cannot keep."""
    try:
        return canonical(said)
    except NotCanonical as error:
        place, _, text = str(error).partition(": ")
        raise Malformed(text, field=place.removeprefix("$").removeprefix(".")) from None
