"""Keys, tokens and an address of keys, for every test of the gateway."""

import asyncio
import functools
import json
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

AUDIENCE = "localhost"
ISSUER = "https://tokens.example"
_OF_PYJWT = jwt.algorithms.get_default_algorithms()


class Pair(msgspec.Struct, frozen=True):
    """A key pair as a token service has it.  `kid` is its name in a set of keys."""

    alg: str
    kid: str
    private: Any

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def private_pem(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def jwk(self, **more: Any) -> dict[str, Any]:
        """The entry of a key set.  A member that is given as None is left out."""
        entry = _OF_PYJWT[self.alg].to_jwk(self.private.public_key(), as_dict=True)
        entry.pop("key_ops", None)
        entry |= {"kid": self.kid, "use": "sig", "alg": self.alg} | more
        return {name: value for name, value in entry.items() if value is not None}


def pair(alg: str = "RS256", kid: str = "first", *, bits: int = 2048) -> Pair:
    """The pair of this name, made once in a process: RSA keys take their time."""
    return _pair(alg, kid, bits)


@functools.cache
def _pair(alg: str, kid: str, bits: int) -> Pair:
    match alg:
        case "ES256":
            private: Any = ec.generate_private_key(ec.SECP256R1())
        case "EdDSA":
            private = ed25519.Ed25519PrivateKey.generate()
        case _:
            private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return Pair(alg, kid, private)


def jwks(*entries: Pair | dict[str, Any]) -> bytes:
    """A key set of pairs, or of entries as they stand."""
    return json.dumps({"keys": [one.jwk() if isinstance(one, Pair) else one for one in entries]}).encode()


def make_token(
    sub: str | None,
    scopes: str | Iterable[str],
    *,
    key: Pair | None = None,
    aud: Any = AUDIENCE,
    iss: str | None = ISSUER,
    exp_in_s: float | None = 1800,
    alg: str = "RS256",
    now_s: float | None = None,
    headers: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """A token as a token service makes it.  A claim that is None is left out; so is `kid` when `headers` says so."""
    key = key if key is not None else pair(alg)
    now_s = time.time() if now_s is None else now_s
    said = {
        "sub": sub,
        "iss": iss,
        "aud": aud,
        "scope": scopes if isinstance(scopes, str) else " ".join(scopes),
        "exp": None if exp_in_s is None else int(now_s + exp_in_s),
        **claims,
    }
    said = {name: value for name, value in said.items() if value is not None}
    header = {"kid": key.kid, **(headers or {})}
    header = {name: value for name, value in header.items() if value is not None}
    return jwt.api_jws.encode(json.dumps(said).encode(), key.private, algorithm=key.alg, headers=header)


def bearer(*args: Any, **named: Any) -> str:
    """The value of an Authorization header with a token as `make_token` makes it."""
    return f"Bearer {make_token(*args, **named)}"


class KeyServer:
    """An address of keys on loopback.  `body` None lets whoever asks wait until `release` is set; `asked` counts."""

    def __init__(self) -> None:
        self.body: bytes | None = b""
        self.head = "HTTP/1.1 200 OK"
        self.asked = 0
        self.came = asyncio.Event()
        self.release = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            self.came.set()
            if self.body is None:
                await self.release.wait()
            body = self.body or b""
            writer.write(f"{self.head}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def key_server(*entries: Pair | dict[str, Any], tls: ssl.SSLContext | None = None) -> AsyncIterator[KeyServer]:
    """Serves these keys at `url`, by https where `tls` is given."""
    said = KeyServer()
    said.body = jwks(*entries)
    server = await asyncio.start_server(said.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    said.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
    try:
        yield said
    finally:
        said.release.set()
        server.close()
