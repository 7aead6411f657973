"""Bytes: what is a signed text and what is not, sizes, media types, addresses.  Source: line-v1 1.1, 1.4, 7."""

import json
from typing import Final

from skyparley.base.canonical import canonical
from skyparley.base.ids import b64url
from skyparley.conform.checks_feed import next_notice, refused, some_statement
from skyparley.conform.probe import BATCH, Probe
from skyparley.conform.requirement import Chapter, need
from skyparley.conform.target import CATCH_UP, HELLO, JSON, STATEMENTS
from skyparley.evidence import jws

TEXTS: Final = Chapter()
TEXT_CHARS: Final = 64 * 1024  # line-v1 7
BODY_BYTES: Final = 512 * 1024  # line-v1 7
DEPTH: Final = 12  # line-v1 7


async def refused_payload(probe: Probe, payload: bytes, why: str) -> None:
    """Raises Fails unless a rightly signed payload of these bytes is REFUSED."""
    await refused(probe, probe.identity.sign_bytes(payload, jws.STATEMENT, "desk"), why)


def with_slot(probe: Probe, written: bytes) -> bytes:
    """The payload of a right statement with one slot more, whose value is written so."""
    return canonical(next_notice(probe)).replace(b'"slots":{', b'"slots":{"a":' + written + b",", 1)


async def refused_slots(probe: Probe, *written: bytes) -> None:
    """Raises Fails unless a value written so makes a payload that is REFUSED."""
    for one in written:
        await refused_payload(probe, with_slot(probe, one), f"a payload with {one.decode('utf-8')!r}")


@TEXTS.must("1.4", "alg", "a header with another alg, `none` and EdDSA included, is no signed text: REFUSED")
async def alg(probe: Probe) -> None:
    for name in ("none", "EdDSA", "HS256", "ed25519"):
        header = canonical({"alg": name, "kid": probe.identity.kid("desk"), "typ": jws.STATEMENT})
        await refused(probe, probe.identity.sign_raw(header, canonical(next_notice(probe)), "desk"), f"alg {name}")


@TEXTS.must(
    "1.4", "header", "a header with a member more or less, or not in canonical form, is no signed text: REFUSED"
)
async def header(probe: Probe) -> None:
    right = {"alg": jws.ALG, "kid": probe.identity.kid("desk"), "typ": jws.STATEMENT}
    spaced = json.dumps(right).encode("ascii")
    less = canonical({name: value for name, value in right.items() if name != "typ"})
    for bytes_ in (canonical(right | {"crit": ["b64"]}), canonical(right | {"b64": False}), spaced, less):
        await refused(
            probe,
            probe.identity.sign_raw(bytes_, canonical(next_notice(probe)), "desk"),
            f"the header {bytes_.decode()}",
        )


@TEXTS.must("1.2", "base64url", "a signed text with padding, other letters or stray last bits is REFUSED")
async def base64url(probe: Probe) -> None:
    text = probe.sealed(next_notice(probe))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    stray = text[:-1] + letters[letters.index(text[-1]) | 1]
    for bent in (f"{text}=", f"{text}==", stray, text.replace(".", "..", 1), f"{text}.", f" {text}"):
        await refused(probe, bent, "a text that is not as its signer wrote it")


@TEXTS.must("1.4", "signature", "a statement whose signature does not hold is REFUSED")
async def signature(probe: Probe) -> None:
    head, body, tail = probe.sealed(next_notice(probe)).split(".")
    await refused(probe, f"{head}.{body}.{tail[:-2] + ('AA' if tail[-2:] != 'AA' else 'BA')}", "a bent signature")
    other = b64url(canonical(next_notice(probe)))
    await refused(probe, f"{head}.{other}.{tail}", "the signature of another payload")


@TEXTS.must("1.1", "white-space", "a payload with white space is REFUSED")
async def white_space(probe: Probe) -> None:
    plain = canonical(next_notice(probe))
    for payload in (plain + b" ", b" " + plain, plain.replace(b":", b": ", 1), plain + b"\n"):
        await refused_payload(probe, payload, "white space")


@TEXTS.must("1.1", "key-order", "a payload whose members are not sorted is REFUSED")
async def key_order(probe: Probe) -> None:
    said = next_notice(probe)
    backwards = json.dumps(dict(sorted(said.items(), reverse=True)), separators=(",", ":")).encode("ascii")
    await refused_payload(probe, backwards, "members in another order")


@TEXTS.must("1.1", "duplicate-key", "a payload that has one key twice is REFUSED")
async def duplicate_key(probe: Probe) -> None:
    plain = canonical(next_notice(probe))
    await refused_payload(
        probe, plain.replace(b'{"class":"COORD"', b'{"class":"COORD","class":"COORD"', 1), "a key twice"
    )


@TEXTS.must("1.1", "fraction", "a payload with a fraction or an exponent, 1.0 included, is REFUSED")
async def fraction(probe: Probe) -> None:
    await refused_slots(probe, b"1.0", b"1.5", b"1e3", b"-0")


@TEXTS.must("1.1", "null", "a payload with null is REFUSED: absent means absent")
async def null(probe: Probe) -> None:
    await refused_slots(probe, b"null", b"[null]")


@TEXTS.must("1.1", "range", "a payload with a number beyond 2^53 - 1 is REFUSED")
async def range_(probe: Probe) -> None:
    await refused_slots(probe, b"9007199254740992", b"-9007199254740992")


@TEXTS.must("1.1", "text", "a payload with control characters, needless escapes or keys beyond ASCII is REFUSED")
async def text(probe: Probe) -> None:
    await refused_slots(probe, b'"\\n"', b'"\\u0007"', b'"\x7f"', b'"\\u0041"', b'"\\/"', '{"é":1}'.encode())


@TEXTS.must("7", "depth", "a payload nested 12 deep is read, and one nested 13 deep is REFUSED")
async def depth(probe: Probe) -> None:
    def nested(deep: int) -> bytes:
        inner = deep - 2  # the payload and its slots are the first two
        return with_slot(probe, b"[" * inner + b"]" * inner)

    await refused_payload(probe, nested(DEPTH + 1), f"a payload nested {DEPTH + 1} deep")
    await probe.say_text(probe.identity.sign_bytes(nested(DEPTH), jws.STATEMENT, "desk"))


@TEXTS.must("7", "text-size", "a signed text over 64 KiB is refused: 413 TOO_LARGE")
async def text_size(probe: Probe) -> None:
    for path in (STATEMENTS, HELLO, CATCH_UP):
        (await probe.target.post(path, "a" * (TEXT_CHARS + 1))).refuses(413, "TOO_LARGE")


@TEXTS.must("7", "body-size", "a body over 512 KiB is refused: 413 TOO_LARGE")
async def body_size(probe: Probe) -> None:
    line = "a" * 8_191 + "\n"
    (await probe.target.post(STATEMENTS, line * (BODY_BYTES // len(line)) + "a")).refuses(413, "TOO_LARGE")


@TEXTS.must("7.1", "batch", "more than 64 statements in one request are refused: 413 TOO_LARGE")
async def batch(probe: Probe) -> None:
    text = await some_statement(probe)
    (await probe.target.post(STATEMENTS, "\n".join([text, *["a.b.c"] * BATCH]))).refuses(413, "TOO_LARGE")


@TEXTS.must("7.1", "media-type", "statements that do not come as text/plain are refused: 400 MALFORMED")
async def media_type(probe: Probe) -> None:
    sealed = probe.sealed(next_notice(probe))
    (await probe.target.post(STATEMENTS, sealed, media=JSON)).refuses(400, "MALFORMED")


@TEXTS.must("7", "line-feed", "one LF at the end of a body is allowed")
async def line_feed(probe: Probe) -> None:
    sealed = await some_statement(probe)
    plain = probe.results(await probe.target.post(STATEMENTS, sealed + "\n"), (sealed,))
    need(plain["results"][0]["result"] == "DUPLICATE", f"it was answered {plain['results'][0]['result']}")
    answer = await probe.target.post(HELLO, probe.make_hello() + "\n")
    need(answer.status == 200, f"HELLO was answered {answer.shown}")


@TEXTS.must("7", "nonsense", "a body that is no signed text, empty or not ASCII, is refused: 400 MALFORMED")
async def nonsense(probe: Probe) -> None:
    for path in (STATEMENTS, HELLO, CATCH_UP):
        for body in (b"", b"\n", b"{}", b"a.b.c", b"..", b"\xff\xfe"):
            (await probe.target.post(path, body)).refuses(400, "MALFORMED")


@TEXTS.must("7.5", "method", "another method is refused 405 METHOD, another address 404 NOT_FOUND")
async def method(probe: Probe) -> None:
    for path in (STATEMENTS, HELLO, CATCH_UP):
        for name in ("GET", "PUT", "DELETE"):
            (await probe.target.once(name, path)).refuses(405, "METHOD")
    (await probe.target.post("/peer/v1/nothing", b"x")).refuses(404, "NOT_FOUND")
