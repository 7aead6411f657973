"""The keys of a DSS: what is read, what is not, how keys are changed while it runs, and what becomes of a source that fails."""

import asyncio
import datetime
import ipaddress
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tokens_support import Pair, jwks, key_server, pair

from skyparley.base import limits
from skyparley.utm.key_ring import KeyRing
from skyparley.utm.token_keys import KeyFault, read_jwks, read_keys, read_pem

ALL = (pair(), pair("ES256", "second"), pair("EdDSA", "third"))


def certificate(of: Pair) -> bytes:
    """One that ended long ago: the key is what is trusted."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tokens.example")])
    builder = x509.CertificateBuilder(name, name, of.private.public_key(), 7)
    builder = builder.not_valid_before(datetime.datetime(2001, 1, 1)).not_valid_after(datetime.datetime(2002, 1, 1))  # noqa: DTZ001
    return builder.sign(of.private, None if of.alg == "EdDSA" else hashes.SHA256()).public_bytes(Encoding.PEM)


def marks(keys: Any) -> list[str]:
    return [key.mark for key in keys]


def file_of(folder: Path, data: bytes, name: str = "keys") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def fault(read: Callable[[], object]) -> str:
    with pytest.raises(KeyFault) as caught:
        read()
    return str(caught.value)


# --- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ALL, ids=lambda key: key.alg)
def test_a_key_is_the_same_from_every_form(key: Pair) -> None:
    forms = (key.public_pem, certificate(key), jwks(key), b"\n Some text\n" + key.public_pem + b"and more\n")
    read = [read_keys(form).keys for form in forms]
    assert len({keys[0].mark for keys in read}) == 1
    assert {keys[0].alg for keys in read} == {key.alg}
    assert [keys[0].kid for keys in read] == ["", "", key.kid, ""]


def test_the_older_form_of_an_rsa_key_is_read() -> None:
    old = pair().private.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    assert b"RSA PUBLIC KEY" in old
    assert marks(read_pem(old).keys) == marks(read_pem(pair().public_pem).keys)


def test_a_file_may_hold_several_keys() -> None:
    assert [key.alg for key in read_keys(b"".join(key.public_pem for key in ALL)).keys] == ["RS256", "ES256", "EdDSA"]


P384 = Pair("ES384", "big", ec.generate_private_key(ec.SECP384R1()))
SKIPPED: dict[str, tuple[Any, str]] = {
    "unknown kty": ({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, "is of another kind"),
    "a secret": ({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}, "is of another kind"),
    "another curve": (P384.jwk(), "is of another kind"),
    "for agreement": ({"kty": "OKP", "crv": "X25519", "x": "AA"}, "is of another kind"),
    "no kind": ({}, "is of another kind"),
    "a kind that is no text": ({"kty": ["RSA"]}, "is of another kind"),
    "no object": (7, "is no object"),
    "another algorithm": (pair().jwk(alg="RS512"), "is for another algorithm than RS256"),
    "alg is no text": (pair().jwk(alg=["RS256"]), "is for another algorithm than RS256"),
    "for encryption": (pair().jwk(use="enc"), "is not for signatures"),
    "for wrapping": (pair().jwk(key_ops=["wrapKey"]), "is not for verifying"),
    "operations are no list": (pair().jwk(key_ops="verify"), "is not for verifying"),
    "a number as name": (pair().jwk(kid=7), 'has a "kid" that is no text'),
    "private": (pair().jwk(d="AQAB"), "holds a private key"),
    "no modulus": (pair().jwk(n=None), "is damaged"),
    "a modulus that is no number": (pair().jwk(n="!!"), ""),
    "a modulus that is no text": (pair().jwk(n=65537), "is damaged"),
    "no point of the curve": (pair("ES256", "second").jwk(x="AA"), "is damaged"),
    "a short point": (pair("EdDSA", "third").jwk(x="AA"), "is damaged"),
    "a short RSA key": (pair(kid="short", bits=1024).jwk(), "is an RSA key of 1024 bits; from 2048 to 8192 are wanted"),
}


@pytest.mark.parametrize("case", SKIPPED)
def test_an_entry_that_is_of_no_use_is_skipped_and_the_rest_is_taken(case: str) -> None:
    entry, why = SKIPPED[case]
    read = read_jwks(json.dumps({"keys": [ALL[0].jwk(), entry, ALL[1].jwk()]}).encode())
    assert [key.kid for key in read.keys] == ["first", "second"]
    (skipped,) = read.skipped
    assert skipped.startswith(f"keys[1]: {why}")


@pytest.mark.parametrize(
    "entry",
    [
        pair().jwk(alg=None, use=None, kid=None),
        pair().jwk(key_ops=["verify", "sign"]),
        pair("EdDSA", "third").jwk(alg="Ed25519"),
        pair("ES256", "second").jwk(x5t="unknown member"),
    ],
)
def test_what_an_entry_may_leave_out_or_add(entry: dict[str, Any]) -> None:
    assert len(read_jwks(json.dumps({"keys": [entry], "more": 1}).encode()).keys) == 1


def test_an_empty_set_is_a_set() -> None:
    assert read_jwks(b'{"keys": []}').keys == ()


NO_KEYS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "there is no PUBLIC KEY or CERTIFICATE in it"),
    "prose": (b"hello", "there is no PUBLIC KEY or CERTIFICATE in it"),
    "a web page": (b"<html>", "there is no PUBLIC KEY or CERTIFICATE in it"),
    "private": (ALL[1].private_pem, "it holds a private key"),
    "private beside public": (ALL[0].public_pem + ALL[1].private_pem, "it holds a private key"),
    "another block": (b"-----BEGIN X509 CRL-----\nAA\n-----END X509 CRL-----\n", "it holds a X509 CRL"),
    "cut off": (ALL[0].public_pem + ALL[1].public_pem[:-30], "its last block does not end"),
    "damaged": (ALL[0].public_pem.replace(b"MII", b"MIJ", 1), "a PUBLIC KEY in it is damaged"),
    "another curve": (P384.public_pem, "is a key on secp384r1; for ES256 it is P-256"),
    "short": (pair(kid="short", bits=1024).public_pem, "is an RSA key of 1024 bits"),
    "half JSON": (b'{"keys": [', "it is not JSON"),
    "deep JSON": (b"[" * 10_000, "it is not JSON"),
    "JSON of another kind": (b"[]", 'it has no list "keys"'),
    "keys are no list": (b'{"keys": {}}', 'it has no list "keys"'),
    "too many entries": (json.dumps({"keys": [{}] * 65}).encode(), "it holds 65 keys; at most 64 are taken"),
    "too many blocks": (ALL[2].public_pem * 65, "it holds 65 keys; at most 64 are taken"),
}


@pytest.mark.parametrize("case", NO_KEYS)
def test_what_holds_no_keys_is_a_fault_that_names_the_file(case: str, tmp_path: Path) -> None:
    data, why = NO_KEYS[case]
    path = file_of(tmp_path, data)
    assert fault(lambda: KeyRing(files=[path])).startswith(f"{path}: {why}")


# --- a start --------------------------------------------------------------------------------------------------------


def test_a_start_without_any_source_fails() -> None:
    assert fault(KeyRing).startswith("no keys are named")


def test_a_start_with_a_file_that_is_missing_or_of_no_use_fails(tmp_path: Path) -> None:
    good = file_of(tmp_path, jwks(*ALL), "good")
    missing = tmp_path / "missing"
    assert fault(lambda: KeyRing(files=[good, missing])) == f"{missing} is missing; it should hold public keys"
    useless = file_of(tmp_path, jwks(P384.jwk()), "useless")
    assert fault(lambda: KeyRing(files=[useless])).startswith(
        f"{useless} holds no key that tokens can be verified with: keys[0]: is of another kind"
    )
    empty = file_of(tmp_path, jwks(), "empty")
    assert fault(lambda: KeyRing(files=[empty])).endswith("the set is empty")
    large = file_of(tmp_path, b" " * (limits.DSS_KEY_BYTES + 1), "large")
    assert "at most 262144" in fault(lambda: KeyRing(files=[large]))


def test_a_file_that_others_may_change_is_not_trusted(tmp_path: Path) -> None:
    path = file_of(tmp_path, jwks(*ALL))
    path.chmod(0o666)
    assert "chmod go-w" in fault(lambda: KeyRing(files=[path]))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://tokens.example/jwks.json?key=s3cret", "http://tokens.example/jwks.json is asked in the clear"),
        (
            "http://127.0.0.1.tokens.example/jwks.json",
            "http://127.0.0.1.tokens.example/jwks.json is asked in the clear",
        ),
        ("http://192.0.2.1/jwks.json", "http://192.0.2.1/jwks.json is asked in the clear"),
        ("ftp://tokens.example/jwks.json", "'ftp://tokens.example/jwks.json' is no address of a key set"),
        ("file:///etc/keys.json", "'file:///etc/keys.json' is no address of a key set"),
        ("tokens.example", "'tokens.example' is no address of a key set"),
        ("https://tokens.example:port/", "'https://tokens.example:port/' is no address"),
        ("https://tokens.example/ jwks", "'https://tokens.example/ jwks' is no address of a key set"),
        ("https://user:s3cret@tokens.example/", "the address of keys at tokens.example holds a name or password"),
    ],
)
def test_an_address_that_is_not_to_be_trusted_is_refused(url: str, why: str) -> None:
    said = fault(lambda: KeyRing(urls=[url]))
    assert said.startswith(why)
    assert "s3cret" not in said


@pytest.mark.parametrize(
    "url", ["https://tokens.example/", "http://localhost:1/", "http://[::1]:1/", "http://127.9.9.9/"]
)
def test_https_and_this_machine_are_trusted(url: str) -> None:
    assert KeyRing(urls=[url]).waiting


def test_http_to_another_machine_is_a_setting() -> None:
    assert KeyRing(urls=["http://tokens.example/"], any_http=True).waiting


# --- keys that change -----------------------------------------------------------------------------------------------


def held(ring: KeyRing, *pairs: Pair) -> list[bool]:
    return [ring.holds(read_pem(one.public_pem).keys[0].mark) for one in pairs]


def test_keys_of_an_address_are_changed_while_it_runs() -> None:
    async def main() -> None:
        old, new = ALL[0], pair("RS256", "new")
        async with key_server(old) as server:
            ring = KeyRing(urls=[server.url])
            assert ring.waiting
            seen = []
            for keys in ((old,), (old, new), (new,), (), (old,)):
                server.body = jwks(*keys)
                await ring.look()
                seen.append((held(ring, old, new), ring.knows("first"), ring.knows("new")))
            assert seen == [
                ([True, False], True, False),
                ([True, True], True, True),
                ([False, True], False, True),
                ([False, False], False, False),
                ([True, False], True, False),
            ]
            assert not ring.waiting

    asyncio.run(main())


def test_a_key_in_two_sources_counts_until_both_have_let_it_go(tmp_path: Path) -> None:
    first, second = file_of(tmp_path, jwks(*ALL), "first"), file_of(tmp_path, ALL[0].public_pem, "second")
    ring = KeyRing(files=[first, second])

    async def main() -> None:
        first.write_bytes(jwks(ALL[1]))
        await ring.look()
        assert held(ring, *ALL) == [True, True, False]
        second.write_bytes(ALL[2].public_pem)
        await ring.look()
        assert held(ring, *ALL) == [False, True, True]

    asyncio.run(main())


def test_a_file_that_is_spoilt_later_keeps_its_last_good_set(tmp_path: Path) -> None:
    path = file_of(tmp_path, jwks(*ALL))
    ticks = [0]
    ring = KeyRing(files=[path], ticks_ms=lambda: ticks[0])

    async def main() -> None:
        for spoil in (lambda: path.write_bytes(b'{"keys": ['), path.unlink, lambda: None):
            spoil()
            ticks[0] += 60_000
            await ring.look()
            assert held(ring, *ALL) == [True, True, True]
        (health,) = ring.health()
        assert (health.name, health.keys, health.age_s, health.failures) == (str(path), 3, 180.0, 3)
        assert health.problem == f"{path} is missing; it should hold public keys"
        path.write_bytes(jwks(ALL[1]))
        await ring.look()
        (health,) = ring.health()
        assert (health.keys, health.age_s, health.failures, health.problem) == (1, 0.0, 3, "")

    with structlog.testing.capture_logs() as logs:
        asyncio.run(main())
    said = [(entry["event"], entry["log_level"]) for entry in logs]
    assert said == [
        ("keys not read", "warning"),
        ("keys not read", "warning"),  # another reason; the third look finds the same and is silent
        ("keys are read again", "info"),
        ("keys taken", "info"),
    ]


ANSWERS: dict[str, tuple[str, bytes, str]] = {
    "an error": ("HTTP/1.1 500 No", jwks(*ALL), "answered 500"),
    "a redirect": ("HTTP/1.1 302 Go\r\nlocation: http://127.0.0.1:1/", b"", "answered 302"),
    "a page": ("HTTP/1.1 200 OK", b"<html></html>", "it is not JSON"),
    "PEM": ("HTTP/1.1 200 OK", ALL[0].public_pem, "it is not JSON"),
    "too much": ("HTTP/1.1 200 OK", b" " * (limits.DSS_KEY_BYTES + 1), "answers with over 262144 bytes"),
    "compressed": ("HTTP/1.1 200 OK\r\ncontent-encoding: gzip", b"\x1f\x8b", "a compressed answer was not asked for"),
    "no HTTP": ("SMTP ready", b"", "not reached (RemoteProtocolError)"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_address_that_answers_with_something_else_keeps_its_last_good_set(case: str) -> None:
    head, body, why = ANSWERS[case]

    async def main() -> None:
        async with key_server(*ALL) as server:
            ring = KeyRing(urls=[server.url + "?secret=s3cret"], ticks_ms=lambda: 0)
            await ring.look()
            server.head, server.body = head, body
            with structlog.testing.capture_logs() as logs:
                await ring.look()
            assert held(ring, *ALL) == [True, True, True]
            (health,) = ring.health()
            assert (health.keys, health.failures, health.age_s) == (3, 1, 0.0)
            assert health.problem.startswith(f"{server.url}: {why}")
            assert "s3cret" not in repr(logs) + repr(health)

    asyncio.run(main())


def test_an_address_where_nobody_is_keeps_its_last_good_set() -> None:
    async def main() -> None:
        async with key_server(*ALL) as server:
            ring = KeyRing(urls=[server.url])
            await ring.look()
        await ring.look()
        assert held(ring, *ALL) == [True, True, True]
        assert ring.health()[0].problem == f"{server.url}: not reached (ConnectError)"

    asyncio.run(main())


def test_an_address_that_hangs_is_not_waited_for_and_keeps_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DSS_KEYS_ANSWER_MS", 200)
    path = file_of(tmp_path, jwks(ALL[0]))

    async def main() -> None:
        async with key_server() as server:
            server.body = None
            ring = KeyRing(files=[path], urls=[server.url])
            path.write_bytes(jwks(ALL[1]))
            await ring.look()
            assert held(ring, *ALL) == [False, True, False]
            assert ring.waiting
            assert ring.health()[1].problem == f"{server.url}: no answer in 0.2 s"

    asyncio.run(main())


def tls_of(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for 127.0.0.1, and the file of the certificate that vouches for it: its own."""
    key = pair("ES256", "tls")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder(name, name, key.private.public_key(), 8)
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = builder.not_valid_before(now - day).not_valid_after(now + day).add_extension(address, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    path = file_of(folder, builder.sign(key.private, hashes.SHA256()).public_bytes(Encoding.PEM), "tls.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, file_of(folder, key.private_pem, "tls.key"))
    return context, path


def test_https_counts_only_with_a_certificate_that_this_machine_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, trusted = tls_of(tmp_path)

    async def main() -> None:
        async with key_server(*ALL, tls=tls) as server:
            ring = KeyRing(urls=[server.url])
            await ring.look()
            assert ring.waiting
            assert ring.health()[0].problem == f"{server.url}: not reached (ConnectError)"
            monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
            await ring.look()
            assert held(ring, *ALL) == [True, True, True]

    asyncio.run(main())


# --- seeking --------------------------------------------------------------------------------------------------------


def test_keys_are_sought_only_so_often() -> None:
    async def main() -> None:
        async with key_server(*ALL) as server:
            ticks = [0]
            ring = KeyRing(urls=[server.url], ticks_ms=lambda: ticks[0])
            for _ in range(50):
                await ring.seek()
            assert server.asked == 1
            ticks[0] += limits.DSS_KEYS_SOUGHT_S * 1000 - 1
            await ring.seek()
            assert server.asked == 1
            ticks[0] += 1
            await ring.seek()
            assert server.asked == 2

    asyncio.run(main())


def test_who_seeks_while_somebody_does_waits_for_the_same_even_if_the_first_gives_up() -> None:
    async def main() -> None:
        async with key_server() as server:
            server.body = None
            ring = KeyRing(urls=[server.url])
            seeking = [asyncio.create_task(ring.seek()) for _ in range(20)]
            await server.came.wait()
            seeking[0].cancel()
            server.body = jwks(*ALL)
            server.release.set()
            given_up = await asyncio.gather(*seeking, return_exceptions=True)
            assert [type(one) for one in given_up] == [asyncio.CancelledError] + [type(None)] * 19
            assert held(ring, *ALL) == [True, True, True]
            assert server.asked == 1

    asyncio.run(main())


# --- the round ------------------------------------------------------------------------------------------------------


def test_the_round_looks_at_its_interval_and_sooner_while_a_source_fails() -> None:
    async def main() -> None:
        async with key_server(*ALL) as server:
            ring = KeyRing(urls=[server.url], every_s=300)
            slept: list[float] = []
            enough = asyncio.Event()

            async def sleep_s(seconds: float) -> None:
                slept.append(seconds)
                server.head = "HTTP/1.1 500 No" if len(slept) == 2 else "HTTP/1.1 200 OK"
                if len(slept) == 4:
                    enough.set()
                    await asyncio.Event().wait()

            running = asyncio.create_task(ring.run(sleep_s))
            await enough.wait()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert slept == [300, 300, limits.DSS_KEYS_AGAIN_S, 300]
            assert server.asked == 4

    asyncio.run(main())


def test_a_round_that_is_ended_in_the_middle_of_a_look_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with key_server() as server:
            server.body = None
            ring = KeyRing(urls=[server.url])
            running = asyncio.create_task(ring.run())
            await server.came.wait()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            ours = {task for task in asyncio.all_tasks() if "KeyRing" in repr(task.get_coro())}
            assert ours, "the look was under way"
            _, left = await asyncio.wait(ours, timeout=limits.DSS_KEYS_ANSWER_MS / 2000)
            assert not left, "it was ended, and not only given up for want of an answer"

    asyncio.run(main())


# --- which keys may have signed -------------------------------------------------------------------------------------


def test_a_name_chooses_the_keys_and_keys_without_a_name_answer_for_any(tmp_path: Path) -> None:
    named, unnamed = file_of(tmp_path, jwks(*ALL[:2]), "named"), file_of(tmp_path, ALL[2].public_pem, "unnamed")
    ring = KeyRing(files=[named, unnamed])
    assert [key.alg for key in ring.candidates("second")] == ["ES256"]
    assert [key.alg for key in ring.candidates("nobody")] == ["EdDSA"]
    assert sorted(key.alg for key in ring.candidates("")) == ["ES256", "EdDSA", "RS256"]
    assert [ring.knows(kid) for kid in ("first", "nobody", "")] == [True, False, False]


def test_two_keys_of_one_name_are_both_tried(tmp_path: Path) -> None:
    ring = KeyRing(files=[file_of(tmp_path, jwks(ALL[0].jwk(kid="same"), ALL[1].jwk(kid="same")))])
    assert [key.alg for key in ring.candidates("same")] == ["RS256", "ES256"]
