"""The settings of a DSS, `[utm.dss]` in DIR/node.toml: what each is, and what is wrong with them.

Nothing here needs the packages of the extra `utm`: a node without a DSS reads these settings too.
"""

import re
from importlib.util import find_spec
from typing import Annotated, Final

import msgspec

from skyparley.base import limits

DSS_SECTION: Final = "utm.dss"
DEFAULT_LISTEN: Final = "127.0.0.1:8442"
_LONGEST_KEPT_S: Final = limits.DSS_ENDED_KEPT_LONGEST_S
_WEB = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", re.ASCII)
_NEEDS: Final = {"PyJWT": "jwt", "prometheus-client": "prometheus_client"}
"""What the extra `utm` installs, and how it is imported."""


class DssSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A Discovery and Synchronization Service for drone traffic.  Off unless `listen` is set."""

    listen: str = ""
    keys: tuple[str, ...] = ()
    jwks: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    issuer: tuple[str, ...] = ()
    certificate: str = ""
    certificate_key: str = ""
    refuse_down: bool = True
    keep_ended_s: Annotated[int, msgspec.Meta(ge=0, le=_LONGEST_KEPT_S)] = 3600
    https_base_urls_only: bool = False
    triggers_need_scope: bool = False
    metrics_listen: str = ""
    public_url: str = ""


class UtmSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the node does for drone traffic."""

    dss: DssSettings = DssSettings()


DSS_SETTINGS: Final[dict[str, str]] = {
    "utm.dss.listen": "Address and port of a DSS of ASTM F3548-21 for drone traffic. Empty: none is served. It needs "
    "skyparley[utm], a REAL clock, keys or jwks, and an audience.",
    "utm.dss.keys": "Files with the public keys that access tokens are verified with, PEM or JWKS, seen from this folder. "
    "They are read again every five minutes.",
    "utm.dss.jwks": "Addresses of key sets (JWKS) that access tokens are verified with, asked again every five minutes. "
    "https, or http to this machine.",
    "utm.dss.audience": "The names of this DSS as tokens have them in aud, usually its host names. A token for another "
    "name is refused.",
    "utm.dss.issuer": "Who may make tokens, as they have it in iss. Empty: whoever has one of the keys.",
    "utm.dss.certificate": "The certificate of the door and those above it, one PEM file, seen from this folder; with "
    "certificate_key the door speaks TLS. A renewed one is taken within a minute. Empty: plain HTTP, for this machine or "
    "behind a proxy.",
    "utm.dss.certificate_key": "The key of that certificate, a PEM file without a passphrase, mode 0600.",
    "utm.dss.refuse_down": "true: a USS that is declared Down is answered 412 where it creates, changes or removes "
    "operational intents, as the interface says. false: it is served, as by other systems.",
    "utm.dss.keep_ended_s": f"How long what has ended can still be read and removed by its owner, in seconds, up to "
    f"{_LONGEST_KEPT_S}. It is in nobody's way from its end on.",
    "utm.dss.https_base_urls_only": "true: a base URL of a USS that is not https is refused.",
    "utm.dss.triggers_need_scope": "true: who asks to be notified of constraints needs utm.constraint_processing, and of "
    "operational intents utm.strategic_coordination, as the interface says; deployed systems do not look.",
    "utm.dss.metrics_listen": "Address and port for /metrics, in the form of Prometheus; no token is asked for, so keep "
    "it inside your own network. Empty: none.",
    "utm.dss.public_url": "Where USSs find this DSS, as it says of itself at /aux/v1/pool/dss_instances. Empty: not said.",
}
"""Every setting of a DSS and what it means."""


def dss_problems(dss: DssSettings, clock: str) -> list[str]:
    """What is wrong with settings whose types are right, one sentence each.  `clock`: the node's kind.

    Whether addresses are addresses is looked at with those of the other doors.
    """
    found = []
    if dss.jwks and (odd := [url for url in dss.jwks if _WEB.fullmatch(url) is None]):
        found.append(f"utm.dss.jwks has {odd[0]!r}; write addresses like https://auth.example/jwks.json")
    if dss.public_url and _WEB.fullmatch(dss.public_url) is None:
        found.append(f"utm.dss.public_url is {dss.public_url!r}; write an address like https://dss.example")
    if bool(dss.certificate) != bool(dss.certificate_key):
        missing = "utm.dss.certificate_key" if dss.certificate else "utm.dss.certificate"
        found.append(f"{missing} is missing; TLS takes utm.dss.certificate and utm.dss.certificate_key")
    for key, names in (
        ("keys", dss.keys),
        ("jwks", dss.jwks),
        ("audience", dss.audience),
        ("issuer", dss.issuer),
    ):
        if any(not name.strip() for name in names):
            found.append(f"utm.dss.{key} has an empty text in it; take it out")
    if not dss.listen:
        return found + (["utm.dss.metrics_listen goes with utm.dss.listen"] if dss.metrics_listen else [])
    if not dss.keys and not dss.jwks:
        found.append(
            "utm.dss.listen is set; it needs utm.dss.keys or utm.dss.jwks, or nobody could be known by a token"
        )
    if not dss.audience:
        found.append("utm.dss.listen is set; it needs utm.dss.audience, the names that tokens call this DSS by")
    if clock != "REAL":
        found.append("utm.dss.listen is set and clock.kind is SCALED; a DSS goes by real time, as those who call it do")
    return found


def missing_packages() -> str:
    """What is not installed of what a DSS needs, as a sentence with what to do; "" where all is."""
    missing = [name for name, module in _NEEDS.items() if find_spec(module) is None]
    if not missing:
        return ""
    return f"{' and '.join(missing)} not installed; a DSS needs an extra: pip install 'skyparley[utm]'"
