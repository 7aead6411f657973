"""Makes docs/spec/schemas/: a JSON Schema for each statement type and for each other signed object, from the wire's own types.

Run it to write the files: python scripts/make_schemas.py.  A test holds the committed files against what this gives.
Each file stands alone, so that a one-way guard can whitelist by it: nothing unknown passes, at any depth.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from skyparley.base.canonical import MAX_SAFE_INTEGER
from skyparley.domain.messages.catalogue import CATALOGUE, PHRASE_OF_KIND, StatementType, TypeRow
from skyparley.domain.messages.envelope import _DIALOGUE, _OFFERS, _VERSIONED, _Meaning
from skyparley.domain.messages.receipt import CatchUp, Heartbeat, Hello, Receipt
from skyparley.domain.messages.slots import Agreement
from skyparley.domain.table import Table
from skyparley.evidence.card import BEARER_KINDS, URL_CHARS, _Payload
from skyparley.evidence.keys import ROLES

SCHEMAS: Final = Path(__file__).parents[1] / "docs" / "spec" / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

KEY: Final = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}
DETACHED: Final = {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,256}\.\.[A-Za-z0-9_-]{86}$"}
NARROWER: Final[Mapping[tuple[str, str], Schema]] = {
    # What the program judges by itself and not by the type of the member.  Source: line-v1 2, 9.3.
    ("AcceptSlots", "signature"): DETACHED,
    ("AgreementSignature", "jws"): DETACHED,
    ("card", "name"): {"type": "string", "pattern": "^[A-Z0-9-]{1,16}$"},
    ("card", "party_key"): KEY,
    ("RoleKey", "key"): KEY,
    ("RoleKey", "role"): {"enum": list(ROLES)},
    ("SealEntry", "key"): KEY,
    ("Bearer", "kind"): {"enum": list(BEARER_KINDS)},
    ("Bearer", "url"): {
        "type": "string",
        "pattern": '^https?://[!"$->@-~]+$',  # printable, no query, no fragment
        "maxLength": URL_CHARS,
    },
}
ENVELOPE_ORDER: Final = tuple(field.encode_name for field in msgspec.structs.fields(_Meaning))


def all_schemas() -> dict[str, Schema]:
    """File name without its ending -> schema."""
    made = {kind: statement_schema(kind, row) for kind, row in CATALOGUE.items()}
    made |= {
        "card": object_schema("card", _Payload, "The payload of a card (line-v1 2)."),
        "receipt": object_schema("receipt", Receipt, "The payload of a receipt (line-v1 6)."),
        "hello": object_schema("hello", Hello, "The payload of HELLO (line-v1 7.2)."),
        "hello-answer": object_schema("hello-answer", Hello, "The payload of the answer to HELLO (line-v1 7.2)."),
        "heartbeat": object_schema("heartbeat", Heartbeat, "The payload of a heartbeat (line-v1 7.8)."),
        "heartbeat-answer": object_schema(
            "heartbeat-answer", Heartbeat, "The payload of the answer to a heartbeat (line-v1 7.8)."
        ),
        "catchup": object_schema("catchup", CatchUp, "The payload of a catch-up request (line-v1 7.4)."),
        "agreement": object_schema("agreement", Agreement, "The text that both parties sign (line-v1 9.3)."),
        "table": object_schema("table", Table, "The table of numbers (line-v1 10)."),
    }
    for number in made["table"]["properties"].values():
        number["minimum"] = 0
    return made


def object_schema(name: str, kind: type, description: str) -> Schema:
    """The schema of one of our types, whole, with everything it refers to."""
    (reference,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    own = definitions.pop(reference["$ref"].rsplit("/", 1)[1])
    return whole(name, description, own, definitions)


def statement_schema(name: StatementType, row: TypeRow) -> Schema:
    """The schema of a statement's payload: the envelope as the catalogue wants it for this type, and its slots."""
    kinds = (_Meaning, row.slots)
    (outer, slots), definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    own = definitions.pop(outer["$ref"].rsplit("/", 1)[1])
    members: Schema = own["properties"]
    members |= {"type": {"const": name}, "class": {"const": row.cls}, "role": {"const": row.role}, "slots": slots}
    members["code"] = (
        {"enum": [code for code in PHRASE_OF_KIND.values() if code]} if row.code == "*" else {"const": row.code}
    )
    wanted = {
        "dialog_id": name in _DIALOGUE,
        "version": name in _VERSIONED,
        "valid_until": name in _OFFERS,
        "reply_by": name in _OFFERS,
        "code": row.code not in ("", "*"),
    }
    own["required"] = [*own["required"], *(member for member, there in wanted.items() if there)]
    absent = {member for member, there in wanted.items() if not there and not (member == "code" and row.code == "*")}
    own["properties"] = {member: members[member] for member in ENVELOPE_ORDER if member not in absent}
    if row.code == "*":
        own["allOf"] = [_phrase(kind, code) for kind, code in PHRASE_OF_KIND.items()]
    return whole(name, f"The payload of {name}: {row.purpose} (line-v1 3 and 4).", own, definitions)


def _phrase(kind: str, code: str) -> Schema:
    """A proposal of a kind carries the phrase of that kind, and none where the kind has none."""
    asked = {"properties": {"slots": {"properties": {"kind": {"const": kind}}}}}
    answer: Schema = {"properties": {"code": {"const": code}}, "required": ["code"]}
    return {"if": asked, "then": answer if code else {"not": {"required": ["code"]}}}


def whole(name: str, description: str, own: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """A schema that stands alone, tightened where the types of the program say less than the specification."""
    head = {"$schema": DIALECT, "$id": f"urn:skyparley:line-v1:{name}", "title": name, "description": description}
    body = {key: value for key, value in own.items() if key not in ("title", "description")}
    named = dict(sorted(definitions.items()))
    for label, schema in ((name, body), *named.items()):
        _tighten(label, schema)
    return {**head, **body, **({"$defs": named} if named else {})}


def _tighten(label: str, schema: Schema) -> None:
    for (owner, member), narrower in NARROWER.items():
        if owner == label and member in schema.get("properties", {}):
            schema["properties"][member] = narrower
    if label == "DueRegard":
        said, reasoned = ({"properties": {"stated": {"const": stated}}} for stated in (True, False))
        schema["oneOf"] = [{**said, "not": {"required": ["reason"]}}, {**reasoned, "required": ["reason"]}]
    _walk(schema)


def _walk(node: Any) -> None:
    """No whole number beyond what canonical JSON carries; no word that only OpenAPI knows."""
    if isinstance(node, list):
        for inner in node:
            _walk(inner)
    if not isinstance(node, dict):
        return
    if node.get("type") == "integer":
        node.setdefault("maximum", MAX_SAFE_INTEGER)
    if node.get("type") == "object" and "properties" in node:
        node["additionalProperties"] = False
    for word in ("discriminator", "default"):  # No member of ours has such a name.
        node.pop(word, None)
    for inner in node.values():
        _walk(inner)


def text_of(schema: Schema) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=True) + "\n"


def main() -> int:
    SCHEMAS.mkdir(parents=True, exist_ok=True)
    for name, schema in all_schemas().items():
        (SCHEMAS / f"{name}.json").write_text(text_of(schema), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
