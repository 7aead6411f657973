"""A card: what one party gives another by hand, so that the two can tell each other's signatures.

It is a JWS signed by the party key that it carries, so it proves only that whoever made it holds that key.  Whose key
it is, people settle by reading the fingerprint's words aloud.  A card certifies role keys, each for a time, and says
where the party can be reached.  Source: DESIGN "Keys"; DOMAIN LINE-11, IAM-01;
docs/spec/line-v1.md 2.
"""

import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from skyparley.base import limits
from skyparley.base.canonical import NotCanonical, canonical, parse_canonical
from skyparley.base.ids import Fingerprint, b64url, from_b64url
from skyparley.evidence import jws
from skyparley.evidence.keys import PARTY_ROLE, ROLES, Kid, PrivateKey, fingerprint, is_sound, make_kid, public_bytes
from skyparley.evidence.seal_keys import is_sound_seal, seal_key_id

BEARER_KINDS: Final = ("http",)
ROLE_KEYS_MAX: Final = 64  # four roles; keys that were replaced stay, for what they signed.  A full card has 12 KiB
SEAL_KEYS_MAX: Final = 16  # one in use; those before it still open what was sealed before the peer had the newer card
BEARERS_MAX: Final = 8
URL_CHARS: Final = 256

# One alphabet and one case: two names that look alike must not stand side by side on a desk's screen.
_NAME = re.compile(r"[A-Z0-9-]{1,16}", re.ASCII)
_PRINTABLE = re.compile(r"[!-~]+", re.ASCII)

_Key = Annotated[str, msgspec.Meta(min_length=43, max_length=43)]
_Time = Annotated[int, msgspec.Meta(ge=0)]


class BadCard(ValueError):
    """A card that must not be used.  `code` is for machines; the message says what was wrong."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class RoleKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_ms": "from", "until_ms": "until"}):
    """A role's key, base64url of 32 bytes, and the half-open time in which it may sign."""

    role: str
    key: _Key
    from_ms: _Time
    until_ms: _Time

    @property
    def public(self) -> bytes:
        """The 32 public bytes."""
        return from_b64url(self.key)

    def valid_at(self, at_ms: int) -> bool:
        """Whether the party lets this key sign at that time."""
        return self.from_ms <= at_ms < self.until_ms


class SealEntry(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_ms": "from", "until_ms": "until"}
):
    """A key that files are sealed to, base64url of 32 bytes of X25519, and the half-open time in which to use it."""

    key: _Key
    from_ms: _Time
    until_ms: _Time

    @property
    def public(self) -> bytes:
        """The 32 public bytes."""
        return from_b64url(self.key)

    def valid_at(self, at_ms: int) -> bool:
        """Whether a file may be sealed to this key at that time."""
        return self.from_ms <= at_ms < self.until_ms


class Bearer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way of reaching the party."""

    kind: str
    url: Annotated[str, msgspec.Meta(max_length=URL_CHARS)]


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"issued_ms": "issued"}):
    """What a party says on its card, before the party key signs it."""

    name: str
    roles: Annotated[tuple[RoleKey, ...], msgspec.Meta(min_length=1, max_length=ROLE_KEYS_MAX)]
    bearers: Annotated[tuple[Bearer, ...], msgspec.Meta(max_length=BEARERS_MAX)]
    clock: Literal["REAL", "SCALED"]
    issued_ms: _Time
    seals: Annotated[tuple[SealEntry, ...], msgspec.Meta(min_length=1, max_length=SEAL_KEYS_MAX)] | UnsetType = UNSET


class _Payload(Draft, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The payload as it stands on the wire."""

    card: Literal[1]
    party_key: _Key


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A card that was read and holds.  Only `read_card` makes one."""

    fingerprint: Fingerprint
    party_key: bytes
    said: Draft
    text: str

    @property
    def name(self) -> str:
        """What the party calls itself."""
        return self.said.name

    @property
    def urls(self) -> tuple[str, ...]:
        """Where its node answers over HTTP, in the order of its preference; () if nowhere."""
        return tuple(bearer.url for bearer in self.said.bearers if bearer.kind == "http")

    @property
    def seals(self) -> tuple[SealEntry, ...]:
        """The keys that files for the party are sealed to; () where the card names none."""
        return () if self.said.seals is UNSET else self.said.seals

    def seal_entry(self, at_ms: int) -> SealEntry | None:
        """The key to seal to at a time: of those in their time the one that began last; None where there is none."""
        usable = [entry for entry in self.seals if entry.valid_at(at_ms)]
        return max(usable, key=lambda entry: (entry.from_ms, entry.key), default=None)

    def role(self, kid: Kid) -> RoleKey | None:
        """What the card certifies under this kid, or None.  The party key certifies and is never a role key."""
        return next((entry for entry in self.said.roles if self.kid_of(entry) == kid), None)

    def role_key(self, kid: Kid) -> bytes | None:
        """The public bytes under this kid, or None.  Whether the key may sign at a time is `role(kid).valid_at`."""
        entry = self.role(kid)
        return None if entry is None else entry.public

    def kid_of(self, entry: RoleKey) -> Kid:
        """The kid of one of the card's role keys."""
        return make_kid(self.fingerprint, entry.role, entry.public)


def is_name(text: str) -> bool:
    """Whether a party may call itself so."""
    return _NAME.fullmatch(text) is not None


def make_card(draft: Draft, party_key: PrivateKey) -> str:
    """The card's text, signed.  Raises BadCard if it could not be read again: nobody should hand out such a card."""
    public = public_bytes(party_key)
    payload = canonical({"card": 1, "party_key": b64url(public), **msgspec.to_builtins(draft)})
    text = jws.sign(payload, party_key, make_kid(fingerprint(public), PARTY_ROLE, public), jws.CARD)
    read_card(text)
    return text


def read_card(text: str, now_ms: int | None = None) -> Card:
    """A card, verified by these steps in this order.  Raises BadCard with the code of the first that fails.

    1. CARD_TOO_LARGE     it has at most CARD_BYTES characters
    2. NOT_JWS            it is a compact JWS of ours
    3. WRONG_TYPE         its typ is skyparley-card
    4. CARD_FORM          its payload is canonical JSON with exactly the fields of version 1
    5. CARD_PARTY_KEY     its party key is a sound Ed25519 key, and the kid is that key's thumbprint, role and key id
    6. BAD_SIGNATURE      the party key signed it
    7. CARD_NAME          its name is 1 to 16 of A-Z, 0-9 and the hyphen
    8. CARD_ROLES         each role is on the closed list, each key sound, its time not empty; no key stands twice
    9. CARD_SEALS         each seal key is sound, its time not empty; no key stands twice
    10. CARD_BEARERS      each bearer is of a known kind with a usable address
    11. CARD_FROM_FUTURE  if a time is given: it was not issued later than ten minutes from then
    """
    if len(text) > limits.CARD_BYTES:
        raise BadCard("CARD_TOO_LARGE", f"{len(text)} characters; a card takes at most {limits.CARD_BYTES}")
    try:
        parsed = jws.split(text, max_bytes=limits.CARD_BYTES)
    except jws.BadSignature as error:
        raise BadCard(error.code, f"this is not a card: {error}") from None
    if parsed.typ != jws.CARD:
        raise BadCard("WRONG_TYPE", f"this is a {parsed.typ} and not a card")
    payload = _payload(parsed.payload)
    party_key = _party_key(payload, parsed.kid)
    if not jws.verify(parsed, party_key):
        raise BadCard("BAD_SIGNATURE", "the signature is not that of the party key on the card")
    if not is_name(payload.name):
        raise BadCard("CARD_NAME", "a party's name is 1 to 16 of the characters A-Z 0-9 -")
    _check_roles(payload)
    _check_seals(payload)
    for bearer in payload.bearers:
        _check_bearer(bearer)
    if now_ms is not None and payload.issued_ms > now_ms + limits.REQUEST_AGE_MS:
        raise BadCard("CARD_FROM_FUTURE", "the card says that it was issued later than now; check both clocks")
    said = Draft(**{field: getattr(payload, field) for field in Draft.__struct_fields__})
    return Card(fingerprint=fingerprint(party_key), party_key=party_key, said=said, text=text)


def _payload(data: bytes) -> _Payload:
    try:
        plain = parse_canonical(data, max_bytes=limits.CARD_BYTES, max_depth=4)
        return msgspec.convert(plain, _Payload)
    except NotCanonical as error:
        raise BadCard("CARD_FORM", f"the card's payload is {error}") from None
    except msgspec.ValidationError as error:
        raise BadCard("CARD_FORM", f"the card's fields are not those of version 1: {error}") from None


def _party_key(payload: _Payload, kid: Kid) -> bytes:
    key = _sound(payload.party_key, "CARD_PARTY_KEY", "the party key")
    if kid != make_kid(fingerprint(key), PARTY_ROLE, key):
        raise BadCard("CARD_PARTY_KEY", "the card is signed in the name of another key than the party key on it")
    return key


def _check_roles(payload: _Payload) -> None:
    """Step 8.  A role key that is also the party key would put the party key on a machine that is always on."""
    seen = {make_kid(fingerprint(from_b64url(payload.party_key)), PARTY_ROLE, from_b64url(payload.party_key)).key_id}
    for entry in payload.roles:
        if entry.role not in ROLES:
            raise BadCard("CARD_ROLES", f"{entry.role!r} is not a role; the roles are {', '.join(ROLES)}")
        key = _sound(entry.key, "CARD_ROLES", f"the {entry.role} key")
        if entry.from_ms >= entry.until_ms:
            raise BadCard("CARD_ROLES", f"the {entry.role} key is valid at no time: it ends before it begins")
        key_id = make_kid(fingerprint(key), entry.role, key).key_id
        if key_id in seen:
            raise BadCard("CARD_ROLES", f"the key {key_id} stands on the card twice")
        seen.add(key_id)


def _check_seals(payload: _Payload) -> None:
    seen = set()
    for entry in () if payload.seals is UNSET else payload.seals:
        try:
            key = entry.public
        except ValueError:
            raise BadCard("CARD_SEALS", "a seal key is not base64url of 32 bytes") from None
        if not is_sound_seal(key):
            raise BadCard("CARD_SEALS", "a seal key is not a sound X25519 key: anybody could read what is sealed to it")
        if entry.from_ms >= entry.until_ms:
            raise BadCard("CARD_SEALS", "a seal key is for no time: it ends before it begins")
        if seal_key_id(key) in seen:
            raise BadCard("CARD_SEALS", f"the seal key {seal_key_id(key)} stands on the card twice")
        seen.add(seal_key_id(key))


def _check_bearer(bearer: Bearer) -> None:
    if bearer.kind not in BEARER_KINDS:
        raise BadCard("CARD_BEARERS", f"{bearer.kind!r} is not a bearer; the kinds are {', '.join(BEARER_KINDS)}")
    try:
        url = urlsplit(bearer.url)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable or _PRINTABLE.fullmatch(bearer.url) is None:
        raise BadCard("CARD_BEARERS", f"{bearer.url!r} is not an address like https://node.example:8441")
    if url.username is not None or url.password is not None or "?" in bearer.url or "#" in bearer.url:
        raise BadCard("CARD_BEARERS", "an address on a card carries no user name, password, query or fragment")


def _sound(text: str, code: str, what: str) -> bytes:
    try:
        key = from_b64url(text)
    except ValueError:
        raise BadCard(code, f"{what} is not base64url of 32 bytes") from None
    if not is_sound(key):
        raise BadCard(code, f"{what} is not a sound Ed25519 key")
    return key
