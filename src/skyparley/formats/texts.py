"""Bytes to text, text to JSON, and free text to something that can be shown: what is wrong is said, never raised on."""

import json
import math
import unicodedata
from typing import Any, Final

_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_LONGEST_INTEGER: Final = 400  # digits; a longer one is beyond every float, and slow to read


class BadText(ValueError):
    """The bytes are no text, or the text is no JSON; the message says what, where, and what would be right."""


class Twice(dict[str, Any]):
    """A JSON object that names some of its members twice.  Which one was meant cannot be told."""

    names: tuple[str, ...] = ()


def text_of(data: bytes) -> str:
    """The text of a file: by its byte order mark, else UTF-8, else Windows-1252, in which older files are written.

    Raises BadText for what is no text: bytes 0 without a mark say that it is something else.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise BadText(f"the file begins as {encoding} text and is not: {error.reason}") from None
    if b"\x00" in data:
        raise BadText("the file is not text: it holds bytes of value 0")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Five bytes are undefined in Windows-1252; they become the sign of an unknown letter, and nothing else is lost.
        return data.decode("cp1252", errors="replace")


def json_of(text: str) -> Any:
    """The JSON value of a text.  Raises BadText with line and column.

    The standard library's parser, because it alone tells of a name said twice in one object: such an object comes as
    a Twice.  NaN and Infinity, which JSON does not have, come as such and are refused where a number is looked at.
    """
    try:
        return _parsed(text)
    except json.JSONDecodeError as error:
        text = f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise BadText(
            f"{text}{'; the file seems to be cut off' if error.pos >= len(error.doc.rstrip()) else ''}"
        ) from None
    except RecursionError:
        raise BadText("JSON that is nested too deeply to be a file of plans") from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # The only other ValueError is of an integer of thousands of digits.
        return json.loads(text, object_pairs_hook=_object, parse_int=_integer)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else math.copysign(math.inf, -1 if digits[0] == "-" else 1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    twice, seen = Twice(plain), set()
    twice.names = tuple(dict.fromkeys(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return twice


def label(value: object) -> str:
    """Text of a file made fit to be shown on one line: control signs dropped, white space single; "" for no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    if not text.isprintable():
        text = "".join(" " if sign.isspace() else sign for sign in text if sign.isspace() or _shows(sign))
    return " ".join(text.split())


def _shows(sign: str) -> bool:
    return unicodedata.category(sign)[0] != "C"


def shown(value: object, *, most: int = 60) -> str:
    """A value of a file as a message may quote it: on one line, and not longer than `most` signs."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."
