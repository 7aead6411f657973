"""From single features to a Reading: features of one id become one plan, and what cannot be used becomes a flaw."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from skyparley.base.errors import Reason
from skyparley.formats.records import Flaw, Origin, Plan, Reading
from skyparley.formats.soundness import flaws_of
from skyparley.geometry.problem import Problem
from skyparley.geometry.volumes import Volume


class Said(NamedTuple):
    """What one feature says, once read.  `id` is "" where the file names none; `place` then stands in."""

    place: str
    id: str
    party: str
    volumes: tuple[Volume, ...]
    name: str = ""
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    origin: Origin = "PLAN"
    names: tuple[str, ...] = ()


class Unread(NamedTuple):
    """A feature that cannot be used, with all that is wrong with it.  `party` and `id` where they could be read."""

    place: str
    id: str
    party: str
    problems: tuple[Problem, ...]


class BadFeature(ValueError):
    """A feature cannot be used.  `problems` says why, all that was found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = problems


class File(NamedTuple):
    """What is common to all plans of one file."""

    name: str
    format: str
    joins: bool  # whether features of one id are one plan of several volumes; if not, repeated ids are numbered


def judged(said: Said) -> Said | Unread:
    """The feature, or what is wrong with its volumes."""
    problems = [problem for volume in said.volumes for problem in flaws_of(volume)]
    if not said.volumes:
        problems.append(Problem("NO_AREA", "the feature has no area"))
    if not problems:
        return said
    return Unread(said.place, said.id, said.party, tuple(dict.fromkeys(problems)))


def reading(file: File, features: Iterable[Said | Unread], left_out: Sequence[str] = ()) -> Reading:
    """All features of a file as plans and flaws, in the order of the file."""
    groups: dict[tuple[str, str], list[Said]] = {}
    unread: list[Unread] = []
    count = 0
    for count, feature in enumerate(features, 1):
        if isinstance(feature, Unread):
            unread.append(feature)
        else:
            alone = not (file.joins and feature.id)
            key = ("", str(count)) if alone else (feature.party, feature.id)
            groups.setdefault(("alone", key[1]) if alone else ("id", repr(key)), []).append(feature)
    taken = _Names(group[0] for group in groups.values())
    lost = {(feature.party, feature.id): feature for feature in unread if file.joins and feature.id}
    plans = tuple(_plan(file, group, taken, lost) for group in groups.values())
    return Reading(
        file=file.name,
        format=file.format,
        features=count,
        plans=plans,
        flaws=tuple(_flaw(file.name, feature) for feature in unread),
        left_out=tuple(left_out),
    )


def unusable(name: str, format: str, code: str, text: str, *, features: int = 0) -> Reading:
    """The reading of a file of which nothing can be used."""
    flaw = Flaw(file=name, place="file", reason=Reason(code, text))
    left_out = (f"{features} features: {text}",) if features else ()
    return Reading(file=name, format=format, features=features, flaws=(flaw,), left_out=left_out)


class _Names:
    """Ids, each given once per party: a repeated one is numbered, and never into one that the file itself uses."""

    def __init__(self, features: Iterable[Said]) -> None:
        self._said = {(feature.party, feature.id) for feature in features if feature.id}
        self._given: set[tuple[str, str]] = set()
        self._last: dict[tuple[str, str], int] = {}

    def give(self, feature: Said) -> str:
        wanted = feature.id or feature.place.replace(" ", "-")
        if feature.id and (feature.party, wanted) not in self._given:
            return self._take(feature.party, wanted)
        number, free = self._last.get((feature.party, wanted), 1), wanted
        while (feature.party, free) in self._given or (feature.party, free) in self._said:
            number += 1
            free = f"{wanted} ({number})"
        self._last[feature.party, wanted] = number
        return self._take(feature.party, free)

    def _take(self, party: str, name: str) -> str:
        self._given.add((party, name))
        return name


def _plan(file: File, group: list[Said], taken: _Names, lost: dict[tuple[str, str], Unread]) -> Plan:
    first = group[0]
    notes = tuple(dict.fromkeys(note for said in group for note in said.notes))
    missing = lost.get((first.party, first.id))
    if missing is not None:
        notes = (*notes, f"{missing.place} bears the same id and could not be read: this plan lacks it")
    return Plan(
        id=taken.give(first),
        party=first.party,
        volumes=tuple(volume for said in group for volume in said.volumes),
        origin=first.origin,
        name=next((said.name for said in group if said.name), ""),
        file=file.name,
        place=_places([said.place for said in group]),
        dropped=tuple(dict.fromkeys(name for said in group for name in said.dropped)),
        notes=notes,
        names=tuple(dict.fromkeys(name for said in group for name in said.names)),
    )


def _places(places: list[str]) -> str:
    """ "feature 3", or "features 3, 5, 8" for several."""
    if len(places) == 1:
        return places[0]
    word = places[0].split(" ")[0]
    return f"{word}s {', '.join(place.removeprefix(f'{word} ') for place in places)}"


def _flaw(file: str, feature: Unread) -> Flaw:
    text = "; ".join(problem.text for problem in feature.problems)
    return Flaw(file=file, place=feature.place, id=feature.id, reason=Reason(feature.problems[0].code, text))
