"""Makes docs/spec/schemas/: a JSON Schema for each statement type and for each other signed object, from the wire's own types.

Run it to write the files: python scripts/make_schemas.py.  A test holds the committed files against what this gives.
Each file stands alone, so that a one-way guard can whitelist by it: nothing unknown passes, at any depth.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from skyparley.base import limits
from skyparley.base.canonical import MAX_SAFE_INTEGER
from skyparley.domain.messages.arrangement_slots import GUARD_HZ, ClauseText
from skyparley.domain.messages.catalogue import (
    CATALOGUE,
    PHRASE_OF_CROSSING,
    PHRASE_OF_IDENTITY,
    PHRASE_OF_KIND,
    StatementType,
    TypeRow,
    class_of,
    told_by,
)
from skyparley.domain.messages.codes import NOTICE_KINDS, Class
from skyparley.domain.messages.envelope import _ABOUT_NOTICE, _ANSWERS, _DIALOGUE, _OFFERS, _Meaning
from skyparley.domain.messages.file_head import FileHead
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
    ("AcceptedSlots", "signature"): DETACHED,
    ("TermsSlots", "signature"): DETACHED,
    ("LineSlots", "second"): DETACHED,
    ("KeySlots", "second"): DETACHED,
    ("KeySlots", "card"): {
        "type": "string",
        "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$",
        "maxLength": limits.CARD_BYTES,
    },
    ("FreeText", "text"): {
        "type": "string",
        "pattern": "^[^\\u0000-\\u001f\\u007f]*$",
        "minLength": 1,
        "maxLength": limits.FREE_TEXT_CHARS,
    },
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
EITHER: Final[Mapping[str, list[Schema]]] = {
    # What the program judges as it makes the object: exactly one of these holds.
    "DueRegard": [
        {"properties": {"stated": {"const": True}}, "not": {"required": ["reason"]}},
        {"properties": {"stated": {"const": False}}, "required": ["reason"]},
    ],
    "DistressSlots": [
        {"required": ["position", "precision"], "not": {"required": ["area"]}},
        {"required": ["area"], "not": {"anyOf": [{"required": ["position"]}, {"required": ["precision"]}]}},
    ],
    "CounteredSlots": [
        {"required": ["volumes"], "not": {"anyOf": [{"required": ["start"]}, {"required": ["end"]}]}},
        {"required": ["start", "end"], "not": {"required": ["volumes"]}},
    ],
    "FrequencySlot": [
        {"properties": {"use": {"const": "GUARD"}, "hz": {"enum": list(GUARD_HZ)}}},
        {"properties": {"use": {"not": {"const": "GUARD"}}}},
    ],
    "RelaySlots": [{"required": ["stop"]}, {"required": ["distress"]}],
    "InterferenceSlots": [{"required": ["position"]}, {"required": ["area"]}],
    "IdentityAnswerSlots": [
        {"properties": {"answer": {"const": "CHECKING"}}, "required": ["until"]},
        {"properties": {"answer": {"enum": ["OURS", "NOT OURS"]}}, "not": {"required": ["until"]}},
    ],
}
ENVELOPE_ORDER: Final = tuple(field.encode_name for field in msgspec.structs.fields(_Meaning))


def all_schemas() -> dict[str, Schema]:
    """File name without its ending -> schema."""
    made: dict[str, Schema] = {kind: statement_schema(kind, row) for kind, row in CATALOGUE.items()}
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
        "file": object_schema("file", FileHead, "The payload of the head of a file (line-v1 12.3)."),
        "agreement": object_schema("agreement", Agreement, "The text that both parties sign (line-v1 9.3)."),
        "clause": object_schema("clause", ClauseText, "The text of a clause that both parties sign (line-v1 15.2)."),
        "table": object_schema("table", Table, "The table of numbers (line-v1 13)."),
    }
    for table in (made["table"], made["TBL"]["$defs"]["Table"], made["clause"]["$defs"]["Table"]):
        for number in table["properties"].values():
            number["minimum"] = 0
    return made


def object_schema(name: str, kind: type, description: str) -> Schema:
    """The schema of one of our types, whole, with everything it refers to."""
    (reference,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    own = definitions.pop(reference["$ref"].rsplit("/", 1)[1])
    return whole(name, description, own, definitions)


def statement_schema(name: StatementType, row: TypeRow) -> Schema:
    """The schema of a statement's payload; of a type with two forms, exactly one of them holds."""
    description = f"The payload of {name}: {row.purpose} (line-v1 3 and 4)."
    own, definitions = _form(name, row, matter=False)
    if row.matter is None:
        return whole(name, description, own, definitions)
    other, more = _form(name, row, matter=True)
    return whole(name, description, {"oneOf": [own, other]}, {**definitions, **more})


def _form(name: StatementType, row: TypeRow, *, matter: bool) -> tuple[Schema, dict[str, Schema]]:
    """The envelope as the catalogue wants it for one form of a type, and what it refers to."""
    kinds = (_Meaning, row.matter if matter else row.slots)
    (outer, slots), definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    made: Schema = definitions.pop(outer["$ref"].rsplit("/", 1)[1])
    own = {key: value for key, value in made.items() if key not in ("title", "description")}
    code, rules = _code_of(name, row, matter=matter)
    cls, more = _class_of(name, row, definitions, matter=matter)
    role = {"enum": [row.role, "exercise"]}
    members: Schema = own["properties"]
    members |= {"type": {"const": name}, "class": cls, "role": role, "slots": slots, "code": code or {}}
    wanted = {
        "dialog_id": name in _DIALOGUE and not matter,
        "version": (name in _DIALOGUE and not matter) or name in _ABOUT_NOTICE,
        "valid_until": name in _OFFERS and not matter,
        "reply_by": name in _OFFERS and not matter,
        "code": code is not None and not rules,
    }
    answers = ["reply_to"] if matter or name in _ANSWERS else []
    if cls.get("const") not in (None, "LIFE"):
        answers.append("table_hash")
    elif "const" not in cls:
        life = {"properties": {"class": {"const": "LIFE"}}}
        more = [*more, {"if": life, "else": {"required": ["table_hash"]}}]
    own["required"] = [*own["required"], *(member for member, there in wanted.items() if there), *answers]
    absent = {member for member, there in wanted.items() if not there and not (member == "code" and rules)}
    own["properties"] = {member: members[member] for member in ENVELOPE_ORDER if member not in absent}
    own["allOf"] = [*rules, *more, _exercise(row.role)]
    return own, definitions


def _exercise(role: str) -> Schema:
    """Exercise statements are signed by the exercise key, and no others are (LINE-10)."""
    real = {"properties": {"role": {"const": role}}, "not": {"required": ["exercise"]}}
    return {"oneOf": [real, {"properties": {"role": {"const": "exercise"}}, "required": ["exercise"]}]}


def _code_of(name: StatementType, row: TypeRow, *, matter: bool) -> tuple[Schema | None, list[Schema]]:
    """The phrase code, and by what of the statement it goes; None where there is none."""
    if row.code != "*":
        return ({"const": row.code} if row.code else None), []
    if name == "LCK":
        answers = {"required": ["reply_to"]}
        rule = {"if": answers, "then": _coded("L2"), "else": _coded("L1")}
        return {"enum": ["L1", "L2"]}, [rule]
    if matter:
        return None, []
    member, phrases = {"IDA": ("answer", PHRASE_OF_IDENTITY), "XNG": ("form", PHRASE_OF_CROSSING)}.get(
        name, ("kind", PHRASE_OF_KIND)
    )
    rules = [_phrase(member, value, code) for value, code in phrases.items()]
    return {"enum": list(dict.fromkeys(code for code in phrases.values() if code))}, rules


def _phrase(member: str, value: str, code: str) -> Schema:
    """A statement whose slot says this carries the phrase of that, and none where there is none."""
    asked = {"properties": {"slots": {"properties": {member: {"const": value}}}}}
    return {"if": asked, "then": _coded(code) if code else {"not": {"required": ["code"]}}}


def _coded(code: str) -> Schema:
    return {"properties": {"code": {"const": code}}, "required": ["code"]}


def _class_of(
    name: StatementType, row: TypeRow, definitions: dict[str, Schema], *, matter: bool
) -> tuple[Schema, list[Schema]]:
    """The class; of a first telling the kinds that it tells as well, of a change the class by its kind."""
    if name == "NCH":
        rules = [
            {
                "if": {"properties": {"slots": {"properties": {"kind": {"enum": _kinds(cls)}}}}},
                "then": {"properties": {"class": {"const": cls}}},
            }
            for cls in NOTICE_CLASSES
        ]
        return {"enum": NOTICE_CLASSES}, rules
    if name == "NCX":
        return {"enum": NOTICE_CLASSES}, []
    if matter or row.cls is None:
        return {"enum": list(get_args(Class))}, []
    if name in _ABOUT_NOTICE and "NoticeSlots" in definitions:
        kinds = [kind for kind in NOTICE_KINDS if told_by(kind) == name]
        definitions["NoticeSlots"]["properties"]["kind"] = {"enum": kinds}
    return {"const": row.cls}, []


NOTICE_CLASSES: Final = [cls for cls in get_args(Class) if cls in {class_of(kind) for kind in NOTICE_KINDS}]


def _kinds(cls: str) -> list[str]:
    return [kind for kind in NOTICE_KINDS if class_of(kind) == cls]


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
    if label in EITHER:
        schema["oneOf"] = EITHER[label]
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
