"""Who asks: access tokens of ASTM F3548-21, verified before anything else of a request is looked at.

Source: RFC 6750 (bearer tokens), RFC 7519 (claims), RFC 8725 3.1 (the key decides on the algorithm).
What a token says is nowhere shown before it is verified, and the token itself never.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final

import jwt
import msgspec
from jwt.api_jws import PyJWS
from jwt.utils import base64url_decode

from skyparley.base import limits
from skyparley.utm.idents import NAME_RULE, is_name
from skyparley.utm.key_ring import KeyRing
from skyparley.utm.token_keys import ALGORITHMS, Key

_SHOWN_CHARS: Final = 80  # of a claim, in a message
_LAST_S: Final = 253_402_300_800  # the year 10000
_JWS: Final = PyJWS(algorithms=ALGORITHMS)


class Caller(msgspec.Struct, frozen=True):
    """Who asks, by a verified token.  `sub` is the manager of what it makes; `exp_s` is the token's end, UTC seconds."""

    sub: str
    iss: str
    scopes: frozenset[str]
    exp_s: int


class TokenRefused(Exception):
    """No token, or not a good one: always 401.  The text says what was wrong and what would be right.

    `www_authenticate` goes into the header of that name.
    """

    def __init__(self, text: str, *, given: bool = True) -> None:
        """Without a token `given` is False: then the challenge names no error.  Source: RFC 6750 3.1."""
        super().__init__(text)
        self.www_authenticate = 'Bearer realm="dss"'
        if given:
            self.www_authenticate += f', error="invalid_token", error_description="{_quotable(text)}"'


class KeysAwaited(Exception):
    """A token cannot be judged yet: keys were not had from their source since the start.  503, try again later."""

    retry_after_s: Final = limits.DSS_KEYS_AGAIN_S


class _Kept(msgspec.Struct, frozen=True):
    """A verified token: who it is, and the mark of the key that verified it."""

    caller: Caller
    mark: str


class _Claims(msgspec.Struct, frozen=True):
    """What is read of a token.  Other claims are passed over; types are looked at one by one, for better messages."""

    sub: Any = None
    iss: Any = None
    aud: Any = None
    exp: Any = None
    nbf: Any = None
    scope: Any = ""


class Tokens:
    """Verifies tokens, each once; what is verified is remembered until it ends or its key counts no more."""

    def __init__(
        self, ring: KeyRing, *, audiences: Sequence[str], issuers: Sequence[str] = (), now_s: Callable[[], float]
    ) -> None:
        """`audiences`: the names that this DSS goes by, one at least.  `issuers`: who may make tokens; () is any.

        `now_s`: UTC in seconds.
        """
        assert audiences, "a DSS without a name would take tokens made for others"
        self._ring = ring
        self._audiences, self._issuers = tuple(audiences), tuple(issuers)
        self._now_s = now_s
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    async def caller(self, authorization: str | None) -> Caller:
        """Who sent this `Authorization` header.  Raises TokenRefused (401) and KeysAwaited (503)."""
        token = _token(authorization)
        # The token itself is not kept: whoever reads this process's memory finds none that it could use.
        digest = hashlib.sha256(token).digest()
        if (known := self._known(digest)) is not None:
            return known
        key, payload = await self._verified(token, _header(token))
        caller = self._judged(payload)
        self._kept[digest] = _Kept(caller, key.mark)
        while len(self._kept) > limits.DSS_TOKENS_KEPT:
            self._kept.popitem(last=False)
        return caller

    def _known(self, digest: bytes) -> Caller | None:
        """Who sent this token before, where it still counts."""
        kept = self._kept.get(digest)
        if kept is None:
            return None
        if kept.caller.exp_s <= self._now_s() or not self._ring.holds(kept.mark):
            del self._kept[digest]  # It is judged anew, which says what is wrong with it.
            return None
        self._kept.move_to_end(digest)
        return kept.caller

    async def _verified(self, token: bytes, header: tuple[str, str]) -> tuple[Key, bytes]:
        """The key that signed a token, and what it signed.  Raises TokenRefused, KeysAwaited."""
        alg, kid = header
        candidates = self._ring.candidates(kid)
        found = _signed(token, alg, candidates)
        if found is None and not self._ring.knows(kid):
            await self._ring.seek()
            candidates = self._ring.candidates(kid)
            found = _signed(token, alg, candidates)
        if found is not None:
            return found
        if candidates and not any(key.alg == alg for key in candidates):
            algorithms = " or ".join(sorted({key.alg for key in candidates}))
            raise TokenRefused(f"the token says {alg}; keys that it may be signed with are for {algorithms}")
        if candidates:
            raise TokenRefused(
                "the signature of the token does not fit; sign it with the key whose public half we hold"
            )
        if self._ring.waiting:
            raise KeysAwaited("the keys that tokens are verified with were not to be had yet; try again later")
        raise TokenRefused("no key of that name (kid) counts here; sign with a current key of the token service")

    def _judged(self, payload: bytes) -> Caller:
        """The caller by claims whose signature is right.  Raises TokenRefused."""
        try:
            claims = msgspec.json.decode(payload, type=_Claims)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise TokenRefused("the claims of the token are no JSON object") from None
        sub, iss = _name("sub", claims.sub), _name("iss", claims.iss)
        if self._issuers and iss not in self._issuers:
            raise TokenRefused(f"iss is {_shown(iss)}; tokens of {_listed(self._issuers)} are taken")
        self._for_us(claims.aud)
        now_s = self._now_s()
        exp_s = _ends(claims.exp, now_s)
        _begun(claims.nbf, now_s)
        if not isinstance(claims.scope, str):
            raise TokenRefused("scope should be one text, scopes with spaces between them")
        scopes = frozenset(scope for scope in claims.scope.split(" ") if scope)
        return Caller(sub=sub, iss=iss, scopes=scopes, exp_s=exp_s)

    def _for_us(self, aud: object) -> None:
        """Raises TokenRefused where a token is for others.  Source: RFC 7519 4.1.3, a text or a list of texts."""
        named = aud if isinstance(aud, list) else [aud]
        if not named or not all(isinstance(one, str) for one in named):
            raise TokenRefused(f"aud should be a text or a list of texts with {_listed(self._audiences)} in it")
        if not any(one in self._audiences for one in named):
            raise TokenRefused(f"aud is {_listed(named)}; {_listed(self._audiences)} is expected")


def _token(authorization: str | None) -> bytes:
    """The token in a header.  Raises TokenRefused.  Source: RFC 6750 2.1."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer":
        given = f"the Authorization header has another scheme; {_WANTED}" if scheme else f"no token; {_WANTED}"
        raise TokenRefused(given, given=False)
    token = token.strip()
    if not token:
        raise TokenRefused(f"no token; {_WANTED}", given=False)
    if len(token) > limits.DSS_TOKEN_BYTES:
        raise TokenRefused(f"the token has {len(token)} characters; at most {limits.DSS_TOKEN_BYTES} are taken")
    if not token.isascii() or token.count(".") != 2:
        raise TokenRefused("the token is no JWT: three parts in base64url with dots between them")
    return token.encode("ascii")


_WANTED: Final = 'send "Authorization: Bearer TOKEN"'


def _header(token: bytes) -> tuple[str, str]:
    """(alg, kid or "") of a token, not verified.  Raises TokenRefused."""
    try:
        header = msgspec.json.decode(base64url_decode(token.partition(b".")[0]), type=dict[str, Any])
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise TokenRefused("the token is no JWT: its header cannot be read") from None
    if "crit" in header:
        raise TokenRefused("the token asks for an extension (crit) that is not known here")
    alg, kid = header.get("alg"), header.get("kid", "")
    if alg not in ALGORITHMS:
        raise TokenRefused(f"the token is not signed with {', '.join(ALGORITHMS[:-1])} or {ALGORITHMS[-1]}")
    if not isinstance(kid, str):
        raise TokenRefused("kid in the header of the token should be a text, the name of the key")
    return alg, kid


def _signed(token: bytes, alg: str, candidates: Sequence[Key]) -> tuple[Key, bytes] | None:
    """The first key that signed a token, and what it signed.  A key is tried only with the algorithm of its type."""
    for key in candidates:
        if key.alg != alg:
            continue
        try:
            payload = _JWS.decode_complete(token, key.public, algorithms=[key.alg])["payload"]
        except (jwt.PyJWTError, ValueError):
            continue
        assert isinstance(payload, bytes), "the payload of a compact JWS is bytes"
        return key, payload
    return None


def _name(claim: str, said: object) -> str:
    """`sub` or `iss`.  Raises TokenRefused: absent, empty, too long, or with characters that a log would suffer from."""
    if not isinstance(said, str) or not said.strip():
        raise TokenRefused(f"the token has no {claim}; it should be a text that is not empty")
    if not is_name(said):
        raise TokenRefused(f"{claim} should have {NAME_RULE}")
    return said


def _ends(exp: object, now_s: float) -> int:
    """The end of a token in whole seconds.  Raises TokenRefused: absent, past, or over an hour ahead."""
    exp_s = _seconds("exp", exp)
    if exp_s <= now_s:
        raise TokenRefused(f"the token ended {_span(now_s - exp_s)} ago; get a new one")
    if exp_s > now_s + limits.DSS_TOKEN_AHEAD_S + limits.DSS_CLOCK_SKEW_S:
        ahead = f"exp is {_span(exp_s - now_s)} ahead"
        raise TokenRefused(f"{ahead}; a token may be good for {limits.DSS_TOKEN_AHEAD_S} s at most")
    return exp_s


def _begun(nbf: object, now_s: float) -> None:
    """Raises TokenRefused where a token is not good yet.  Absent, it is good from the start."""
    if nbf is None:
        return
    nbf_s = _seconds("nbf", nbf)
    if nbf_s > now_s + limits.DSS_CLOCK_SKEW_S:
        raise TokenRefused(f"the token is good only in {_span(nbf_s - now_s)} (nbf); wait, or look at the clocks")


def _seconds(claim: str, said: object) -> int:
    """A NumericDate, which may have a fraction, in whole seconds.  Raises TokenRefused.  Source: RFC 7519 2."""
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said < _LAST_S:
        raise TokenRefused(f"{claim} should be there as a number, seconds since 1970 UTC")
    return int(said)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s"


def _listed(names: Sequence[object]) -> str:
    return " or ".join(_shown(str(name)) for name in names[:4]) + (" or others" if len(names) > 4 else "")


def _shown(claim: str) -> str:
    """A claim for a message: of bearable length and in single quotes."""
    cut = claim if len(claim) <= _SHOWN_CHARS else claim[:_SHOWN_CHARS] + "..."
    return "'" + "".join(letter if letter.isprintable() else "?" for letter in cut) + "'"


def _quotable(text: str) -> str:
    """A text as a header's quoted string may hold it.  Source: RFC 6750 3, error_description."""
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "'" for letter in text)
