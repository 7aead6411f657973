"""From the text of a file to a timeline, or everything that is wrong with it, with lines."""

import tomllib
from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final, TypeVar

import msgspec

from skyparley.cli.forms import BadForm, read_position
from skyparley.domain.messages.codes import HTTP_BEARERS
from skyparley.domain.profiles import PROFILES, profile
from skyparley.domain.table import NUMBERS, Table
from skyparley.scenario import timeline as t
from skyparley.scenario.bodies import Gazetteer
from skyparley.scenario.moments import DAY_ONE, BadMoment, Calendar, span_ms
from skyparley.scenario.problems import BadScenario, Lines, Problem, unknown
from skyparley.scenario.reading_steps import StepReader
from skyparley.testing.parties import party

T = TypeVar("T", bound=msgspec.Struct)
FORMAT: Final = 1


def read_timeline(text: str, source: str) -> t.Timeline:
    """A timeline from the text of a file.  Raises BadScenario with every problem that was found."""
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadScenario([Problem(0, "", f"not TOML: {error}")]) from None
    reader = _Reader(text)
    form = reader.form(plain, t.FileForm, "", 0)
    timeline = reader.timeline(form, source) if form is not None else None
    if reader.problems or timeline is None:
        raise BadScenario(reader.problems)
    return timeline


class _Reader:
    """One file being read.  `problems` gathers what is wrong, so that all of it is told at once."""

    def __init__(self, text: str) -> None:
        self.lines = Lines(text)
        self.problems: list[Problem] = []

    def form(self, plain: Mapping[str, Any], kind: type[T], table: str, place: int, name: str = "") -> T | None:
        """A table as its struct; None where it cannot be."""
        known = [field.name for field in msgspec.structs.fields(kind)]
        strange = [key for key in plain if key not in known]
        for key in strange:
            self.say(self.lines.of(table, place, key) or self.lines.of(key), name, unknown(key, known))
        given = {key: value for key, value in plain.items() if key not in strange}
        if kind is t.FileForm:
            given["parties"] = self._parties(given.get("parties", {}))
        try:
            return msgspec.convert(given, kind)
        except msgspec.ValidationError as error:
            said, _, at = str(error).partition(" - at `$.")
            key = at.strip("`").split(".")[0].split("[")[0]
            self.say(self.lines.of(table, place, key), f"{name} {at.strip('`')}".strip(), said)
            return None

    def _parties(self, plain: Any) -> dict[str, Any]:
        """What can be read of the parties; the rest is told."""
        if not isinstance(plain, dict) or not plain:
            self.say(
                self.lines.of("parties"), "parties", "a timeline has parties: [parties.A] and [parties.B] at least"
            )
            return {}
        found = {}
        for name, one in plain.items():
            said = one if isinstance(one, dict) else {}
            form = self.form(said, t.PartyForm, "parties", 0, f"parties.{name}")
            if form is not None:
                found[name] = said if isinstance(one, dict) else {}
        return {name: {key: value for key, value in said.items() if key in _PARTY_KEYS} for name, said in found.items()}

    def say(self, line: int, place: str, text: str) -> None:
        self.problems.append(Problem(line, place, text))

    # --- the whole file --------------------------------------------------------------------------------------

    def timeline(self, form: t.FileForm, source: str) -> t.Timeline | None:
        if form.scenario != FORMAT:
            self.say(
                self.lines.of("", 0, "scenario"),
                "scenario",
                f"{form.scenario} is a format that this program does not know; {FORMAT} is",
            )
        calendar = self._calendar(form)
        names = Gazetteer(calendar, form.places, form.areas)
        self._check_names(form, names)
        pulse_ms = self._span(form.pulse, "pulse") if form.pulse else 0
        parties = tuple(filter(None, (self._party(name, said, pulse_ms) for name, said in form.parties.items())))
        before_ms = self._span(form.before, "before")
        steps = StepReader(names, parties, self.lines, self.problems).all_of(form.step, form.tracks)
        if not form.step:
            self.say(0, "step", "a timeline has steps: [[step]] with at = and one of act, fault, expect, track, later")
        return t.Timeline(
            source=source,
            title=form.title,
            seed=form.seed,
            before_ms=before_ms,
            parties=parties,
            lines=self._pairs(form, parties),
            names=names,
            steps=steps,
        )

    def _calendar(self, form: t.FileForm) -> Calendar:
        try:
            return Calendar.read(form.day_one or DAY_ONE)
        except BadMoment as error:
            self.say(self.lines.of("", 0, "day_one"), "day_one", str(error))
            return Calendar.read(DAY_ONE)

    def _span(self, text: str, key: str, table: str = "") -> int:
        try:
            return span_ms(text)
        except BadMoment as error:
            self.say(self.lines.of(table, 0, key), key, str(error))
            return 0

    def _check_names(self, form: t.FileForm, names: Gazetteer) -> None:
        for name, text in form.places.items():
            try:
                read_position(text)
            except BadForm as error:
                self.say(self.lines.of("places", 0, name), f"places.{name}", str(error))
        for name in form.areas:
            try:
                names.shape(name)
            except (BadForm, BadMoment) as error:
                self.say(self.lines.of("areas", 0, name), f"areas.{name}", str(error))

    def _pairs(self, form: t.FileForm, parties: tuple[t.Party, ...]) -> tuple[tuple[str, str], ...]:
        known = [party.name for party in parties]
        if form.lines is None:
            return tuple(combinations(known, 2))
        for pair in form.lines:
            for name in pair:
                if name not in known:
                    self.say(self.lines.of("", 0, "lines"), "lines", unknown(name, known))
            if pair[0] == pair[1]:
                self.say(self.lines.of("", 0, "lines"), "lines", f"{pair[0]} has no line to itself")
        return form.lines

    # --- one party -------------------------------------------------------------------------------------------

    def _party(self, name: str, said: t.PartyForm, pulse_ms: int) -> t.Party | None:
        where = f"parties.{name}"
        try:
            party(name, max(1, said.bearers))
        except ValueError as error:
            self.say(self.lines.of("parties", 0, name), where, f"{name!r} cannot be the name of a party: {error}")
        if not 1 <= said.bearers <= len(HTTP_BEARERS):
            self.say(self.lines.of("parties", 0, "bearers"), f"{where}.bearers", f"from 1 to {len(HTTP_BEARERS)}")
        for role in said.people.values():
            if role not in t.PERSON_ROLES:
                self.say(self.lines.of("parties", 0, "people"), f"{where}.people", unknown(role, t.PERSON_ROLES))
        numbers = self._numbers(said, where)
        clock_error_ms = self._signed_span(said.clock_error)
        if numbers is None:
            return None
        return t.Party(
            name=name,
            numbers=slowed(numbers, pulse_ms) if pulse_ms else numbers,
            bearers=said.bearers,
            people=t.PEOPLE | said.people,
            clock_error_ms=clock_error_ms,
        )

    def _signed_span(self, text: str) -> int:
        sign = -1 if text.startswith("-") else 1
        return sign * self._span(text.lstrip("+-"), "clock_error", "parties")

    def _numbers(self, said: t.PartyForm, where: str) -> Table | None:
        if said.profile not in PROFILES:
            self.say(self.lines.of("parties", 0, "profile"), f"{where}.profile", unknown(said.profile, PROFILES))
            return None
        named = next(one for one in PROFILES if one == said.profile)
        for number in said.table:
            if number not in NUMBERS:
                self.say(self.lines.of("parties", 0, number), f"{where}.table", unknown(number, NUMBERS))
        known = {number: value for number, value in said.table.items() if number in NUMBERS}
        return msgspec.structs.replace(profile(named), **known)


_PARTY_KEYS: Final = tuple(field.name for field in msgspec.structs.fields(t.PartyForm))


def slowed(numbers: Table, pulse_ms: int) -> Table:
    """The table with slower heartbeats; what a link misses before it is DEGRADED and LOST keeps its proportion to them."""
    scaled = {
        name: max(getattr(numbers, name), getattr(numbers, name) * pulse_ms // numbers.heartbeat_ms)
        for name in ("link_degraded_ms", "link_lost_ms")
    }
    return msgspec.structs.replace(numbers, heartbeat_ms=pulse_ms, **scaled)
