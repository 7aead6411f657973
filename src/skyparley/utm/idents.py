"""Names that a client writes: ids of entities, OVNs in a path, suffixes of OVNs, base URLs.  Each is read and made regular."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from skyparley.base import limits
from skyparley.utm.commands import Problem
from skyparley.utm.wire import shown

_UUID4 = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"|[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}",
    re.ASCII | re.IGNORECASE,
)
_UUID7 = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"|[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}",
    re.ASCII | re.IGNORECASE,
)
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f\\\"<>^`{|}]")
_AN_ID: Final = "a UUID of version 4, such as 0f7a6c1e-3b52-4d0e-9a51-6f2d1c8b7e90"


def read_id(text: str, place: str, problems: list[Problem]) -> str:
    """A UUID of version 4 and variant 1 in lower case with hyphens, which it may come without; else "" and a problem."""
    if _UUID4.fullmatch(text) is None:
        problems.append(Problem(place, f"{shown(text)} is no id", _AN_ID))
        return ""
    plain = text.replace("-", "").lower()
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def read_version(text: str | None, place: str, problems: list[Problem]) -> str | None:
    """What the caller holds, as it stands in the path.  None stays None; an empty part of the path is a problem."""
    if text is not None and not text.strip():
        problems.append(Problem(place, "is empty", "the one that the last answer about this gave; none to create"))
    return text


def read_suffix(text: str | None, now_us: int, problems: list[Problem]) -> str:
    """The suffix that an OVN is asked to have: a UUID of version 7 about as old as this moment.  "" if none is asked for.

    It stays as it was sent, with hyphens or without, since its sender puts the OVN together itself.

    Source: InterUSS DSS, requested_ovn_suffix; RFC 9562 5.7.
    """
    if text is None:
        return ""
    place, minutes = "requested_ovn_suffix", limits.DSS_SUFFIX_AGE_MS // 60_000
    if _UUID7.fullmatch(text) is None:
        problems.append(Problem(place, f"{shown(text)} is none", "a UUID of version 7"))
        return ""
    off_ms = int(text.replace("-", "")[:12], 16) - now_us // 1000
    if abs(off_ms) > limits.DSS_SUFFIX_AGE_MS:
        way = "ahead of" if off_ms > 0 else "behind"
        problems.append(Problem(place, f"its time is {abs(off_ms) // 1000} s {way} this DSS", f"within {minutes} min"))
    return text


def is_name(text: str) -> bool:
    """Whether a token may name somebody so, in `sub` or `iss`: what is shown and logged must not spoil either."""
    return 0 < len(text) <= limits.DSS_NAME_CHARS and text.isprintable() and not text.isspace()


NAME_RULE: Final = f"1 to {limits.DSS_NAME_CHARS} printable characters"


def read_base_url(text: str | None, place: str, problems: list[Problem], *, https_only: bool) -> str:
    """An absolute URL with a host, kept as it was sent."""
    wanted = f"an absolute {'https' if https_only else 'http or https'} URL with a host"
    wrong = "is missing" if not text else _url_fault(text, https_only=https_only)
    if wrong:
        problems.append(Problem(place, wrong, wanted))
    return text or ""


@lru_cache(maxsize=limits.DSS_URLS_KEPT)
def _url_fault(text: str, *, https_only: bool) -> str:
    """What is wrong with a base URL; "" for nothing."""
    if len(text) > limits.DSS_URL_CHARS:
        return f"has {len(text)} characters; at most {limits.DSS_URL_CHARS}"
    if _NOT_IN_URL.search(text):
        return f"{shown(text)} has a character that no URL has"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"{shown(text)} is no URL: {error}"
    if parts.scheme not in ("http", "https"):
        return f"{shown(text)} is not an absolute http or https URL"
    if not host:
        return f"{shown(text)} has no host"
    if parts.query or parts.fragment:
        return f"{shown(text)} has a query or a fragment, to which no path can be added"
    if https_only and parts.scheme != "https":
        return f"{shown(text)} is not https, which this DSS asks for"
    return ""
