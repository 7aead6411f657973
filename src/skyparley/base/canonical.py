"""Canonical JSON (RFC 8785) for the subset that we send: objects, arrays, strings, booleans and whole numbers.

No floats, no null, no number beyond 2**53 - 1.  In this subset, with ASCII keys, msgspec's sorted encoding and RFC 8785
are the same bytes; a test holds the two against each other.
"""

import re
from typing import Any, Final

import msgspec

MAX_SAFE_INTEGER: Final = 2**53 - 1
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


class NotCanonical(ValueError):
    """The bytes are not canonical JSON of our subset; the message says where they differ."""


def canonical(value: Any) -> bytes:
    """The canonical bytes of plain data or of a msgspec Struct.  Raises NotCanonical on a float, null or huge number."""
    plain = msgspec.to_builtins(value)
    _check(plain, "$")
    return _encoder.encode(plain)


def parse_canonical(data: bytes, *, max_bytes: int, max_depth: int) -> Any:
    """Plain data from bytes that must already be canonical.  Size and depth are limited before anything is parsed.

    Raises NotCanonical.  A duplicate key does not survive re-encoding and is refused with everything else that differs.
    """
    if len(data) > max_bytes:
        raise NotCanonical(f"{len(data)} bytes; at most {max_bytes}")
    deep = depth(data)
    if deep > max_depth:
        raise NotCanonical(f"nested {deep} deep; at most {max_depth}")
    try:
        value = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotCanonical(f"not JSON: {error}") from None
    _check(value, "$")
    if _encoder.encode(value) != data:
        raise NotCanonical("not in canonical form (RFC 8785): a duplicate key, white space, key order or number form")
    return value


def depth(data: bytes) -> int:
    """How deep brackets nest in JSON bytes, without parsing them."""
    deepest = level = 0
    for byte in _STRING.sub(b"", data):
        if byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def _check(value: Any, path: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonical(f"{path}: keys are ASCII text")
            _check(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            _check(inner, f"{path}[{place}]")
    elif isinstance(value, str):
        if _CONTROL.search(value):
            raise NotCanonical(f"{path}: control characters are not allowed")
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise NotCanonical(f"{path}: {value} is beyond 2**53 - 1")
    else:
        kind = "null" if value is None else type(value).__name__
        raise NotCanonical(f"{path}: {kind} is not allowed; leave out what is absent, send whole numbers")
