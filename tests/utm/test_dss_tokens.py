"""Access tokens: who passes, who does not and why, and that what was verified once is not believed for longer than it is good."""

import asyncio
import base64
import functools
import hashlib
import hmac
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from tokens_support import AUDIENCE, ISSUER, Pair, bearer, jwks, key_server, make_token, pair

from skyparley.base import limits
from skyparley.utm.key_ring import KeyRing
from skyparley.utm.tokens import Caller, KeysAwaited, TokenRefused, Tokens

NOW_S = 1_800_000_000
SCOPE = "utm.strategic_coordination"


class Clock:
    """UTC seconds as a test says."""

    def __init__(self) -> None:
        self.now_s: float = NOW_S

    def __call__(self) -> float:
        return self.now_s


def ring_of(folder: Path, *pairs: Pair) -> KeyRing:
    path = folder / "keys.json"
    path.write_bytes(jwks(*pairs))
    return KeyRing(files=[path], ticks_ms=lambda: 0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(tmp_path: Path, clock: Clock) -> Tokens:
    """Knows one key of each algorithm."""
    ring = ring_of(tmp_path, pair(), pair("ES256", "second"), pair("EdDSA", "third"))
    return Tokens(ring, audiences=[AUDIENCE, "dss.example"], now_s=clock)


def asked(tokens: Tokens, authorization: str | None) -> Caller:
    return asyncio.run(tokens.caller(authorization))


def refused(tokens: Tokens, authorization: str | None) -> TokenRefused:
    with pytest.raises(TokenRefused) as caught:
        asked(tokens, authorization)
    return caught.value


def said(**more: Any) -> str:
    """A good token but for what is given, made at NOW_S."""
    more = {"now_s": NOW_S} | more
    return bearer(more.pop("sub", "uss1"), more.pop("scopes", SCOPE), **more)


# --- who passes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [pair(), pair("ES256", "second"), pair("EdDSA", "third")], ids=lambda key: key.alg)
@pytest.mark.parametrize("named", [True, False])
def test_a_token_of_each_algorithm_passes_with_and_without_the_name_of_its_key(
    tokens: Tokens, key: Pair, named: bool
) -> None:
    header = {} if named else {"kid": None}
    assert asked(tokens, said(key=key, headers=header, scopes="one two")) == Caller(
        sub="uss1", iss=ISSUER, scopes=frozenset({"one", "two"}), exp_s=NOW_S + 1800
    )


@pytest.mark.parametrize("aud", ["localhost", "dss.example", ["elsewhere", "localhost"], ["dss.example"]])
def test_an_audience_is_a_text_or_a_list(tokens: Tokens, aud: Any) -> None:
    assert asked(tokens, said(aud=aud)).sub == "uss1"


def test_a_token_may_be_good_for_exactly_one_hour(tokens: Tokens) -> None:
    assert asked(tokens, said(exp_in_s=3600)).exp_s == NOW_S + 3600


def test_an_hour_ahead_is_judged_with_so_much_skew_and_no_more(tokens: Tokens) -> None:
    assert asked(tokens, said(exp_in_s=3600 + limits.DSS_CLOCK_SKEW_S))
    assert "ahead" in str(refused(tokens, said(exp_in_s=3600 + limits.DSS_CLOCK_SKEW_S + 1)))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "  Bearer "])
def test_the_scheme_is_read_without_regard_to_case(tokens: Tokens, scheme: str) -> None:
    assert asked(tokens, f"{scheme} {make_token('uss1', SCOPE, now_s=NOW_S)}").sub == "uss1"


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [(None, set()), ("", set()), (" ", set()), ("one", {"one"}), (" one  two one ", {"one", "two"})],
)
def test_scopes_are_words_between_spaces(tokens: Tokens, scope: str | None, scopes: set[str]) -> None:
    assert asked(tokens, said(scope=scope)).scopes == scopes


def test_claims_that_nobody_knows_are_passed_over(tokens: Tokens) -> None:
    more = {"jti": "7", "client_id": "other", "iat": NOW_S + 900, "nested": {"a": [1, {"b": None}]}, "role": 7}
    assert asked(tokens, said(**more)).sub == "uss1"


def test_a_time_may_have_a_fraction(tokens: Tokens) -> None:
    assert asked(tokens, said(exp=NOW_S + 10.7, nbf=NOW_S - 0.5)).exp_s == NOW_S + 10


def test_a_key_without_a_name_verifies_a_token_that_names_one(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(pair().public_pem)
    tokens = Tokens(KeyRing(files=[path]), audiences=[AUDIENCE], now_s=clock)
    assert asked(tokens, said(headers={"kid": "whatever"})).sub == "uss1"


def test_an_issuer_is_asked_for_only_where_issuers_are_named(tmp_path: Path, clock: Clock) -> None:
    tokens = Tokens(ring_of(tmp_path, pair()), audiences=[AUDIENCE], issuers=[ISSUER], now_s=clock)
    assert asked(tokens, said()).iss == ISSUER
    assert str(refused(tokens, said(iss="https://other.example"))) == (
        "iss is 'https://other.example'; tokens of 'https://tokens.example' are taken"
    )


# --- who does not ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("authorization", [None, "", " ", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz"])
def test_without_a_token_the_challenge_names_no_error(tokens: Tokens, authorization: str | None) -> None:
    why = refused(tokens, authorization)
    assert why.www_authenticate == 'Bearer realm="dss"'
    assert 'send "Authorization: Bearer TOKEN"' in str(why)


CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "no sub": ({"sub": None}, "the token has no sub"),
    "empty sub": ({"sub": ""}, "the token has no sub"),
    "blank sub": ({"sub": "  "}, "the token has no sub"),
    "sub is a number": ({"sub": 7}, "the token has no sub"),
    "sub with a line end": ({"sub": "uss1\nuss2"}, "sub should have 1 to 256 printable characters"),
    "long sub": ({"sub": "u" * 257}, "sub should have 1 to 256 printable characters"),
    "no iss": ({"iss": None}, "the token has no iss"),
    "empty iss": ({"iss": ""}, "the token has no iss"),
    "no aud": ({"aud": None}, "aud should be a text or a list"),
    "empty aud": ({"aud": ""}, "aud is ''; 'localhost' or 'dss.example' is expected"),
    "other aud": ({"aud": "elsewhere"}, "aud is 'elsewhere'; 'localhost' or 'dss.example' is expected"),
    "aud with quotes": ({"aud": 'a"b\\c\u00e9'}, "aud is 'a\"b\\c\u00e9'; 'localhost'"),
    "aud in another case": ({"aud": "LOCALHOST"}, "aud is 'LOCALHOST'"),
    "aud that begins so": ({"aud": "localhost.example"}, "aud is 'localhost.example'"),
    "no aud of a list": ({"aud": []}, "aud should be a text or a list"),
    "others of a list": ({"aud": ["a", "b"]}, "aud is 'a' or 'b'"),
    "a list of more": ({"aud": ["localhost", 7]}, "aud should be a text or a list"),
    "aud is an object": ({"aud": {"localhost": 1}}, "aud should be a text or a list"),
    "no exp": ({"exp_in_s": None}, "exp should be there as a number"),
    "exp as text": ({"exp": str(NOW_S + 60)}, "exp should be there as a number"),
    "exp is true": ({"exp": True}, "exp should be there as a number"),
    "exp beyond all years": ({"exp": 10**30}, "exp should be there as a number"),
    "exp below all years": ({"exp": -(10**30)}, "exp should be there as a number"),
    "past": ({"exp_in_s": -60}, "the token ended 60 s ago; get a new one"),
    "past at this moment": ({"exp_in_s": 0}, "the token ended 0 s ago"),
    "a day ahead": ({"exp_in_s": 86_400}, "exp is 86400 s ahead; a token may be good for 3600 s at most"),
    "nbf ahead": ({"nbf": NOW_S + 6}, "the token is good only in 6 s (nbf)"),
    "nbf as text": ({"nbf": "now"}, "nbf should be there as a number"),
    "a list of scopes": ({"scope": [SCOPE]}, "scope should be one text"),
    "crit": ({"headers": {"crit": ["exp"]}}, "the token asks for an extension (crit)"),
    "crit of nothing": ({"headers": {"crit": []}}, "the token asks for an extension (crit)"),
    "unknown kid": ({"headers": {"kid": "nobody"}}, "no key of that name (kid) counts here"),
    "kid of another key": ({"headers": {"kid": "second"}}, "the token says RS256; keys that it may be signed with"),
    "other key of that name": ({"key": pair(bits=2049)}, "the signature of the token does not fit"),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_a_token_is_refused_with_what_would_be_right(tokens: Tokens, case: str) -> None:
    changed, text = CLAIMS[case]
    why = refused(tokens, said(**changed))
    assert str(why).startswith(text)
    assert why.www_authenticate.startswith('Bearer realm="dss", error="invalid_token", error_description="')
    assert why.www_authenticate.isascii()
    assert why.www_authenticate.isprintable()
    assert why.www_authenticate.count('"') == 6
    assert "\\" not in why.www_authenticate


def test_begun_within_the_skew_passes(tokens: Tokens) -> None:
    assert asked(tokens, said(nbf=NOW_S + limits.DSS_CLOCK_SKEW_S))


def test_a_token_that_is_too_long_is_not_looked_at(tokens: Tokens) -> None:
    assert "at most 8192 are taken" in str(refused(tokens, said(filler="x" * limits.DSS_TOKEN_BYTES)))


def test_claims_that_are_no_object_are_refused(tokens: Tokens) -> None:
    for payload in (b"", b"[]", b"7", b"\xff", b"[" * 5000, b'{"exp":NaN}'):
        token = jwt.api_jws.encode(payload, pair().private, algorithm="RS256", headers={"kid": "first"})
        assert "no JSON object" in str(refused(tokens, f"Bearer {token}"))


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=40), st.booleans())
def test_whatever_comes_is_refused_and_nothing_else_happens(
    header: bytes, payload: bytes, signature: bytes, encoded: bool
) -> None:
    parts = [_b64(part) if encoded else part.decode("latin-1") for part in (header, payload, signature)]
    refused(one_key_only(), "Bearer " + ".".join(parts))


@given(
    st.dictionaries(
        st.sampled_from(["alg", "kid", "crit", "b64", "typ"]),
        st.one_of(st.none(), st.booleans(), st.text(max_size=8), st.lists(st.integers(), max_size=2)),
    )
)
def test_whatever_a_header_says_is_refused_and_nothing_else_happens(header: dict[str, Any]) -> None:
    parts = (json.dumps(header).encode(), b"{}", b"x" * 256)
    refused(one_key_only(), "Bearer " + ".".join(map(_b64, parts)))


# --- algorithms -----------------------------------------------------------------------------------------------------


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _by_hand(alg: str, sign: Callable[[bytes], bytes], **header: Any) -> str:
    """A token that no honest library makes."""
    claims = {"sub": "uss1", "iss": ISSUER, "aud": AUDIENCE, "exp": NOW_S + 60, "scope": SCOPE}
    signed = _b64(json.dumps({"alg": alg, "typ": "JWT", **header}).encode()) + "." + _b64(json.dumps(claims).encode())
    return f"Bearer {signed}.{_b64(sign(signed.encode()))}"


@functools.cache
def one_key_only() -> Tokens:
    """One for all examples.  Its file is gone, so that a look for an unknown key fails: that must change nothing."""
    with tempfile.TemporaryDirectory() as folder:
        ring = ring_of(Path(folder), pair())
    return Tokens(ring, audiences=[AUDIENCE], now_s=lambda: NOW_S)


def test_a_token_made_by_hand_passes_when_it_is_signed_so_that_those_below_fail_for_their_algorithm(
    tokens: Tokens,
) -> None:
    rs256 = jwt.algorithms.get_default_algorithms()["RS256"]
    assert asked(tokens, _by_hand("RS256", lambda text: rs256.sign(text, pair().private), kid="first"))


@pytest.mark.parametrize("kid", [{}, {"kid": "first"}])
@pytest.mark.parametrize("secret", ["pem", "der", "jwk"])
def test_the_public_key_is_no_secret_to_sign_with(tokens: Tokens, secret: str, kid: dict[str, str]) -> None:
    """The confusion of algorithms: HS256 with the bytes of the public key, which everybody has."""
    pem = pair().public_pem
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    key = {"pem": pem, "der": der, "jwk": json.dumps(pair().jwk()).encode()}[secret]
    forged = _by_hand("HS256", lambda text: hmac.new(key, text, hashlib.sha256).digest(), **kid)
    assert str(refused(tokens, forged)) == "the token is not signed with RS256, ES256 or EdDSA"
    lied = _by_hand("RS256", lambda text: hmac.new(key, text, hashlib.sha256).digest(), **kid)
    assert "the signature of the token does not fit" in str(refused(tokens, lied))


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "", "HS512", "RS512", "PS256", "ES384", "RS256 "])
def test_another_algorithm_is_refused(tokens: Tokens, alg: str) -> None:
    assert "is not signed with" in str(refused(tokens, _by_hand(alg, lambda _: b"", kid="first")))


def test_a_good_signature_by_another_algorithm_of_the_same_key_is_refused(tokens: Tokens) -> None:
    algorithms = jwt.algorithms.get_default_algorithms()
    for alg in ("RS512", "PS256"):
        signed = _by_hand(alg, lambda text, alg=alg: algorithms[alg].sign(text, pair().private), kid="first")  # type: ignore[misc]
        assert "is not signed with" in str(refused(tokens, signed))
        lied = _by_hand("RS256", lambda text, alg=alg: algorithms[alg].sign(text, pair().private), kid="first")  # type: ignore[misc]
        assert "does not fit" in str(refused(tokens, lied))


def test_an_unencoded_payload_is_refused(tokens: Tokens) -> None:
    rs256 = jwt.algorithms.get_default_algorithms()["RS256"]
    odd = _by_hand("RS256", lambda text: rs256.sign(text, pair().private), kid="first", b64=False)
    refused(tokens, odd)


def test_a_token_changed_anywhere_is_refused(tokens: Tokens) -> None:
    token = make_token("uss1", SCOPE, now_s=NOW_S)
    payload = token.index(".") + 1
    for place in (payload + 5, payload + 20, token.rindex(".") + 5):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        refused(tokens, f"Bearer {changed}")


# --- verified once --------------------------------------------------------------------------------------------------


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that a signature is looked at."""
    counted: list[int] = []
    before = jwt.api_jws.PyJWS.decode_complete

    def counting(*args: Any, **named: Any) -> Any:
        counted.append(1)
        return before(*args, **named)

    monkeypatch.setattr(jwt.api_jws.PyJWS, "decode_complete", counting)
    return counted


def test_a_token_is_verified_once(tokens: Tokens, verifications: list[int]) -> None:
    authorization = said()
    first = asked(tokens, authorization)
    assert [asked(tokens, authorization) for _ in range(5)] == [first] * 5
    assert len(verifications) == 1


def test_a_remembered_token_ends_when_it_ends(tokens: Tokens, clock: Clock) -> None:
    authorization = said(exp_in_s=60)
    clock.now_s = NOW_S + 59.9
    asked(tokens, authorization)
    clock.now_s = NOW_S + 60
    assert "the token ended" in str(refused(tokens, authorization))


def test_a_remembered_token_dies_with_its_key(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(jwks(pair(), pair("ES256", "second")))
    ring = KeyRing(files=[path])
    tokens = Tokens(ring, audiences=[AUDIENCE], now_s=clock)
    by_first, by_second = said(), said(key=pair("ES256", "second"))

    async def main() -> None:
        await tokens.caller(by_first)
        await tokens.caller(by_second)
        path.write_bytes(jwks(pair("ES256", "second")))
        await tokens.caller(by_first)  # Nobody has looked yet.
        await ring.look()
        with pytest.raises(TokenRefused, match="no key of that name"):
            await tokens.caller(by_first)
        await tokens.caller(by_second)

    asyncio.run(main())


def test_a_key_that_only_changes_its_name_keeps_what_it_verified(
    tmp_path: Path, clock: Clock, verifications: list[int]
) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(jwks(pair()))
    ring = KeyRing(files=[path])
    tokens = Tokens(ring, audiences=[AUDIENCE], now_s=clock)

    async def main() -> None:
        await tokens.caller(said())
        path.write_bytes(jwks(pair().jwk(kid="renamed")))
        await ring.look()
        await tokens.caller(said())

    asyncio.run(main())
    assert len(verifications) == 1


def test_so_many_tokens_are_remembered_and_the_longest_unused_goes_first(
    tokens: Tokens, verifications: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DSS_TOKENS_KEPT", 3)
    key = pair("EdDSA", "third")
    one, two, three, four = (said(key=key, jti=str(number)) for number in range(4))
    for authorization in (one, two, three, one, four):
        asked(tokens, authorization)
    assert len(verifications) == 4
    asked(tokens, one)
    assert len(verifications) == 4, "it was used last before the fourth"
    asked(tokens, two)
    assert len(verifications) == 5, "it was let go for the fourth"


def test_a_refused_token_is_not_remembered(tokens: Tokens, clock: Clock) -> None:
    authorization = said(nbf=NOW_S + 60)
    refused(tokens, authorization)
    clock.now_s = NOW_S + 60
    assert asked(tokens, authorization).sub == "uss1"


# --- keys that are not there yet ------------------------------------------------------------------------------------


def test_while_no_key_was_ever_had_a_token_cannot_be_judged(clock: Clock) -> None:
    async def main() -> None:
        async with key_server(pair()) as server:
            server.head = "HTTP/1.1 503 Later"
            ticks = [0]
            ring = KeyRing(urls=[server.url], ticks_ms=lambda: ticks[0])
            tokens = Tokens(ring, audiences=[AUDIENCE], now_s=clock)
            with pytest.raises(KeysAwaited) as caught:
                await tokens.caller(said())
            assert caught.value.retry_after_s == limits.DSS_KEYS_AGAIN_S
            with pytest.raises(TokenRefused):  # What no key could make good is refused at once.
                await tokens.caller("Bearer no.token.this")
            server.head = "HTTP/1.1 200 OK"
            ticks[0] += limits.DSS_KEYS_SOUGHT_S * 1000
            assert (await tokens.caller(said())).sub == "uss1"
            with pytest.raises(TokenRefused):
                await tokens.caller(said(headers={"kid": "nobody"}))

    asyncio.run(main())


def test_a_new_key_is_sought_when_a_token_names_it(clock: Clock) -> None:
    async def main() -> None:
        async with key_server(pair()) as server:
            ticks = [0]
            ring = KeyRing(urls=[server.url], ticks_ms=lambda: ticks[0])
            tokens = Tokens(ring, audiences=[AUDIENCE], now_s=clock)
            await tokens.caller(said())
            new = pair("EdDSA", "new")
            server.body = jwks(pair(), new)
            with pytest.raises(TokenRefused, match="no key of that name"):
                await tokens.caller(said(key=new))
            ticks[0] += limits.DSS_KEYS_SOUGHT_S * 1000
            assert (await tokens.caller(said(key=new))).sub == "uss1"
            assert server.asked == 2

    asyncio.run(main())


# --- what is not shown ----------------------------------------------------------------------------------------------


def test_no_token_stands_in_a_log_a_message_or_the_memory_of_what_was_verified(tokens: Tokens) -> None:
    def parts(authorization: str) -> list[str]:
        return [part for part in authorization.removeprefix("Bearer ").split(".") if len(part) > 8]

    good, bad, unknown = said(), said(exp_in_s=-9), said(headers={"kid": "a-secret-name"})
    with structlog.testing.capture_logs() as logs:
        asked(tokens, good)
        errors = [refused(tokens, bad), refused(tokens, unknown)]
    shown = repr(logs) + "".join(str(error) + error.www_authenticate for error in errors) + repr(vars(tokens))
    for part in [*parts(good), *parts(bad), *parts(unknown), "a-secret-name"]:
        assert part not in shown
