"""The steps of a file, read: acts with their bodies, faults, expectations with their paths."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar, get_args

import msgspec

from skyparley.adapters.doors.acts import Act as DoorAct
from skyparley.domain.events import EVENTS
from skyparley.domain.messages.catalogue import CATALOGUE, TypeRow
from skyparley.domain.messages.codes import HTTP_BEARERS
from skyparley.domain.messages.envelope import Envelope
from skyparley.scenario import acts
from skyparley.scenario import timeline as t
from skyparley.scenario.bodies import Gazetteer, Problems, has_reference, wire
from skyparley.scenario.moments import BadMoment, span_ms
from skyparley.scenario.paths import BadPath, Path, check_path, read_path
from skyparley.scenario.problems import Lines, Problem, unknown
from skyparley.state.views import Overview

T = TypeVar("T", bound=msgspec.Struct)
KINDS: Final = ("act", "fault", "expect", "track", "later")
FAULTS: Final[tuple[str, ...]] = get_args(t.FaultKind)
OF_TWO: Final = ("cut", "restore", "pin")
STATEMENT_KEYS: Final = ("from", "to", "type", "has")
"""What a statement is looked for by; `has`: members of its payload, by path."""
ROWS: Final[Mapping[str, TypeRow]] = {str(name): row for name, row in CATALOGUE.items()}
ENVELOPE: Final = tuple(field.encode_name for field in msgspec.structs.fields(Envelope))
ENTRY_KEYS: Final = ("kind", "has")
_ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "act": ("act", "by", "who", "body", "refused"),
    "fault": ("fault", "party", "between", "bearer", "one_way", "text", "claims"),
    "expect": ("expect",),
    "track": ("track",),
    "later": ("later",),
}


class StepReader:
    """Reads steps one after the other; what is wrong goes to `problems`, and reading goes on."""

    def __init__(self, names: Gazetteer, parties: Sequence[t.Party], lines: Lines, problems: list[Problem]) -> None:
        self._names = names
        self._parties = {party.name: party for party in parties}
        self._lines = lines
        self._problems = problems
        self._place = 0
        self._ids: dict[str, int] = {}

    def all_of(self, plain: Sequence[t.Plain], tracks: Mapping[str, Any]) -> tuple[t.Step, ...]:
        """Every step, by time; those of one moment in the order of the file."""
        found: list[t.Step] = []
        before_ms: int | None = None
        for place, one in enumerate(plain):
            self._place = place
            at_ms = self._moment(one.get("at"), before_ms)
            before_ms = at_ms if at_ms is not None else before_ms
            found += self._step(one, at_ms or 0, tracks)
        return tuple(sorted(found, key=lambda step: step.at_ms))

    def _say(self, key: str, text: str) -> None:
        self._problems.append(
            Problem(self._lines.of("step", self._place, key), f"step {self._place + 1} {key}".rstrip(), text)
        )

    def _moment(self, said: Any, before_ms: int | None) -> int | None:
        if not isinstance(said, str):
            self._say("at", 'every step says when: at = "D4 07:20:00Z"')
            return None
        try:
            return self._names.calendar.moment(said, before_ms=before_ms)
        except BadMoment as error:
            self._say("at", str(error))
            return None

    def _step(self, plain: t.Plain, at_ms: int, tracks: Mapping[str, Any]) -> list[t.Step]:
        form = self._form(plain, t.StepForm, "")
        if form is None:
            return []
        kinds = [kind for kind in KINDS if plain.get(kind) not in (None, "")]
        if len(kinds) != 1:
            self._say("", f"a step is exactly one of {', '.join(KINDS)}; this one has {', '.join(kinds) or 'none'}")
            return []
        for key in plain:
            if key not in ("at", "id", "why", *_ALLOWED[kinds[0]]):
                self._say(
                    key, f"{key} says nothing in a step with {kinds[0]}; there stand {', '.join(_ALLOWED[kinds[0]])}"
                )
        what = self._what(kinds[0], form, tracks)
        name = self._name(form.id, f"{kinds[0]}-{self._place + 1}")
        if len(what) == 1:
            return [t.Step(at_ms=at_ms, id=name, why=form.why, what=what[0])]
        return [t.Step(at_ms=at_ms, id=f"{name}/{count}", why=form.why, what=one) for count, one in enumerate(what, 1)]

    def _what(self, kind: str, form: t.StepForm, tracks: Mapping[str, Any]) -> list[Any]:
        match kind:
            case "act":
                act = self._act(form)
                return [act] if act is not None else []
            case "fault":
                return [self._fault(form)]
            case "later":
                return [t.Later(form.later)]
            case "track":
                return [t.Later(f"tracks: {form.track if isinstance(form.track, str) else 'positions'}")]
        several = form.expect if isinstance(form.expect, list) else [form.expect or {}]
        return [one for one in map(self._expect, several) if one is not None]

    def _name(self, said: str, otherwise: str) -> str:
        name = said or otherwise
        if name in self._ids:
            self._say("id", f"{name!r} is the id of step {self._ids[name] + 1} already; every step has its own")
        self._ids[name] = self._place
        return name

    def _form(self, plain: t.Plain, kind: type[T], prefix: str) -> T | None:
        known = [field.name for field in msgspec.structs.fields(kind)]
        for key in plain:
            if key not in known:
                self._say(prefix + key, unknown(key, known))
        try:
            return msgspec.convert({key: value for key, value in plain.items() if key in known}, kind)
        except msgspec.ValidationError as error:
            said, _, at = str(error).partition(" - at `$.")
            self._say(prefix + at.strip("`").split("[")[0], said)
            return None

    def _party(self, name: str, key: str) -> None:
        if not name:
            self._say(key, f"whose? name one of {', '.join(self._parties)}")
        elif name not in self._parties:
            self._say(key, unknown(name, self._parties))

    # --- acts ------------------------------------------------------------------------------------------------

    def _act(self, form: t.StepForm) -> t.Act | None:
        self._party(form.by, "by")
        people = self._parties[form.by].people if form.by in self._parties else {}
        if form.who and people and form.who not in people:
            self._say("who", unknown(form.who, people))
        named = acts.act_names()
        if form.act not in named:
            self._say("act", unknown(form.act, named))
            return None
        act = named[form.act]
        body = self._body(act, form.body)
        refused = form.refused
        codes = None if refused is None else (refused,) if isinstance(refused, str) else tuple(refused)
        if codes == ():
            self._say("refused", 'name the code of the refusal, like refused = "KEY_INCOMPLETE"')
        return t.Act(address=act.path, by=form.by, who=form.who or "o1", body=body, kind=act, refused=codes)

    def _body(self, act: DoorAct, said: t.Plain) -> t.Plain:
        def problem(place: str, text: str) -> None:
            self._say("body", f"{place}: {text}" if place else text)

        if missing := acts.missing(act, said):
            problem("", f"lacks {', '.join(missing)}; the members are {', '.join(acts.command_fields(act))}")
        before = len(self._problems)
        read: t.Plain = wire(said, act.command, self._names, problem)
        if len(self._problems) == before:
            self._hold_against_types(act, read, problem)
        return read

    @staticmethod
    def _hold_against_types(act: DoorAct, read: t.Plain, problem: Problems) -> None:
        """What the door would call malformed is told before anything is played; what references lead to is not known yet."""
        kinds = {field.name: field.type for field in msgspec.structs.fields(act.command)}
        if "slots" in read and str(read.get("type")) in CATALOGUE:
            kinds["slots"] = CATALOGUE[read["type"]].slots
        for name, value in read.items():
            if has_reference(value):
                continue
            try:
                msgspec.convert(value, kinds[name])
            except (msgspec.ValidationError, ValueError) as error:
                said, _, at = str(error).partition(" - at `$")
                problem(f"{name}{at.rstrip('`')}", said)

    # --- faults ----------------------------------------------------------------------------------------------

    def _fault(self, form: t.StepForm) -> t.Fault:
        if form.fault not in FAULTS:
            self._say("fault", unknown(form.fault, FAULTS))
        elif form.fault in OF_TWO:
            if len(form.between) != 2:
                self._say("between", f'between whom? write between = ["A", "B"] with {form.fault}')
            for name in form.between:
                self._party(name, "between")
            if form.bearer:
                self._bearer(form)
        else:
            self._party(form.party, "party")
        if form.fault == "clock error":
            self._span(form.text.lstrip("+-"), "text")
        if form.claims:
            self._party(form.claims, "claims")
        kind: Any = form.fault
        return t.Fault(
            kind=kind,
            party=form.party,
            between=form.between,
            bearer=form.bearer,
            one_way=form.one_way,
            text=form.text,
            claims=form.claims,
        )

    def _bearer(self, form: t.StepForm) -> None:
        if form.fault == "pin":
            self._say("bearer", "cards are exchanged by hand: no bearer belongs to pin")
        known = {
            bearer
            for name in form.between
            if name in self._parties
            for bearer in HTTP_BEARERS[: self._parties[name].bearers]
        }
        if form.bearer not in known:
            self._say("bearer", unknown(form.bearer, sorted(known)))

    def _span(self, text: str, key: str) -> int:
        if not text:
            return -1
        try:
            return span_ms(text)
        except BadMoment as error:
            self._say(key, str(error))
            return -1

    # --- expectations ----------------------------------------------------------------------------------------

    def _expect(self, plain: t.Plain) -> t.Expect | None:
        form = self._form(plain, t.ExpectForm, "expect.")
        if form is None:
            return None
        subjects = [name for name in ("path", "statement", "entry") if plain.get(name)]
        if len(subjects) != 1:
            self._say(
                "expect", f"expect exactly one of path, statement, entry; here is {', '.join(subjects) or 'none'}"
            )
            return None
        if subjects[0] != "statement":
            self._party(form.of, "expect.of")
        operator, value = self._operator(form, subjects[0])
        path = self._path(form.path, typed=not form.read) if form.path else ()
        return t.Expect(
            of=form.of,
            path=path,
            path_text=form.path,
            read=form.read,
            statement=self._statement(form.statement),
            entry=self._entry(form.entry),
            operator=operator,
            value=value,
            same_at=form.same_at,
            same_path=self._path(form.same_path, typed=not form.read) if form.same_path else path,
            within_ms=self._span(form.within, "expect.within"),
            throughout_ms=self._span(form.throughout, "expect.throughout"),
            since_ms=self._since(form.since),
        )

    def _operator(self, form: t.ExpectForm, subject: str) -> tuple[str, Any]:
        given = [name for name in t.OPERATORS if getattr(form, name) is not msgspec.UNSET]
        given += ["count"] if form.count is not msgspec.UNSET else []
        given += [name for name in ("absent", "present", "same_at") if getattr(form, name)]
        if subject != "path" and (strange := [name for name in given if name not in ("count", "absent", "present")]):
            self._say("expect", f"{', '.join(strange)} says nothing of a {subject}; count, absent or present do")
        if len(given) > 1:
            self._say("expect", f"one expectation holds one thing; here are {', '.join(given)}")
        if not given and subject == "path":
            self._say(
                "expect", f"what of it? one of {', '.join((*t.OPERATORS, 'count', 'absent', 'present', 'same_at'))}"
            )
        if form.same_at:
            self._party(form.same_at, "expect.same_at")
        if form.within and form.throughout:
            self._say("expect", "within (at some moment) or throughout (at every moment): one of them")
        operator = given[0] if given else "present"
        return operator, getattr(form, operator, None) if operator in (*t.OPERATORS, "count") else None

    def _path(self, text: str, *, typed: bool) -> Path:
        try:
            path = read_path(text)
            if typed:
                check_path(path, Overview)
        except BadPath as error:
            self._say("expect.path", str(error))
            return ()
        return path

    def _since(self, text: str) -> int:
        if not text:
            return -1
        return self._moment(text, None) or -1

    def _statement(self, said: t.Plain | None) -> t.Plain | None:
        if said is None:
            return None
        for key in said:
            if key not in STATEMENT_KEYS:
                self._say("expect.statement", unknown(key, STATEMENT_KEYS))
        for key in ("from", "to"):
            self._party(str(said.get(key, "")), "expect.statement")
        kind = str(said.get("type", ""))
        if "type" in said and kind not in CATALOGUE:
            self._say("expect.statement", unknown(kind, CATALOGUE))
        for path in self._has(said, "expect.statement"):
            self._checked_statement(path, ROWS.get(kind))
        return said

    def _checked_statement(self, path: str, row: TypeRow | None) -> None:
        """A path into the payload of a statement: the envelope's members, and under `slots` those of its type."""
        first, _, rest = path.partition(".")
        if first != "slots":
            if first not in ENVELOPE:
                self._say("expect.statement", unknown(first, ENVELOPE))
        elif row is not None and rest:
            either = row.slots if row.matter is None else row.slots | row.matter
            self._checked(rest, either, "expect.statement")

    def _entry(self, said: t.Plain | None) -> t.Plain | None:
        if said is None:
            return None
        for key in said:
            if key not in ENTRY_KEYS:
                self._say("expect.entry", unknown(key, ENTRY_KEYS))
        kind = str(said.get("kind", ""))
        if kind not in EVENTS:
            self._say("expect.entry", unknown(kind, EVENTS))
        else:
            for key in self._has(said, "expect.entry"):
                self._checked(key, EVENTS[kind][0], "expect.entry")
        return said

    def _has(self, said: t.Plain, key: str) -> Sequence[str]:
        has = said.get("has", {})
        if not isinstance(has, dict):
            self._say(key, 'has is a table of paths and values, like has = { "slots.id" = "A-0001" }')
            return ()
        for path in has:
            try:
                read_path(path)
            except BadPath as error:
                self._say(key, str(error))
        return tuple(has)

    def _checked(self, path: str, kind: Any, key: str) -> None:
        try:
            check_path(read_path(path), kind)
        except BadPath as error:
            self._say(key, str(error))
