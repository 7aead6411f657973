"""Canonical JSON (RFC 8785) for the subset that we send: objects, arrays, strings, booleans and whole numbers.

No floats, no null, no number beyond 2**53 - 1.  In this subset, with ASCII keys, msgspec's sorted encoding and RFC 8785
are the same bytes; a test holds the two against each other.
"""

import re
from itertools import accumulate
from typing import Any, Final

import msgspec

MAX_SAFE_INTEGER: Final = 2**53 - 1
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
# What a look at the bytes can pass, strings taken out: brackets, whole numbers surely below the limit, true, false.
_PLAIN = re.compile(rb"(?:[][{}:,]|-?[0-9]{1,15}(?![0-9.eE])|true|false)*")
_ESCAPED = re.compile(rb'\\[^"\\]|\x7f')
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_NESTS = {byte: 1 if byte in b"[{" else -1 for byte in b"[]{}"}
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


class NotCanonical(ValueError):
    """The bytes are not canonical JSON of our subset; the message says where they differ."""


def canonical(value: Any) -> bytes:
    """The canonical bytes of plain data or of a msgspec Struct.  Raises NotCanonical on a float, null or huge number."""
    data = _encoder.encode(value)
    if not _surely_ours(data, _STRING.sub(b"", data)):
        _check(msgspec.to_builtins(value), "$")
    return data


def parse_canonical(data: bytes, *, max_bytes: int, max_depth: int) -> Any:
    """Plain data from bytes that must already be canonical.  Size and depth are limited before anything is parsed.

    Raises NotCanonical.  A duplicate key does not survive re-encoding and is refused with everything else that differs.
    """
    if len(data) > max_bytes:
        raise NotCanonical(f"{len(data)} bytes; at most {max_bytes}")
    outside_strings = _STRING.sub(b"", data)
    deep = _depth(outside_strings)
    if deep > max_depth:
        raise NotCanonical(f"nested {deep} deep; at most {max_depth}")
    try:
        value = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotCanonical(f"not JSON: {error}") from None
    if not _surely_ours(data, outside_strings):
        _check(value, "$")
    if _encoder.encode(value) != data:
        raise NotCanonical("not in canonical form (RFC 8785): a duplicate key, white space, key order or number form")
    return value


def depth(data: bytes) -> int:
    """How deep brackets nest in JSON bytes, without parsing them."""
    return _depth(_STRING.sub(b"", data))


def _depth(outside_strings: bytes) -> int:
    brackets = outside_strings.translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_NESTS.__getitem__, brackets)), default=0)


def _surely_ours(data: bytes, outside_strings: bytes) -> bool:
    """A quick look at the bytes.  False means only that `_check` must look closer, and say what is wrong."""
    return data.isascii() and _ESCAPED.search(data) is None and _PLAIN.fullmatch(outside_strings) is not None


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
