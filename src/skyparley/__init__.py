"""Skyparley: a deconfliction line for parties that share an airspace but not a command.

As a library: volumes, levels, conflicts and files of plans, with no node.  The names are loaded when they are first used, so that
`import skyparley` costs nothing to a program that does not need them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skyparley.domain.profiles import profile
    from skyparley.formats.reading import read
    from skyparley.formats.records import Flaw, Plan, Reading
    from skyparley.geometry.arrays import Bands, Volumes, Windows
    from skyparley.geometry.bulk import all_conflicts, conflicts_between, gaps, inside
    from skyparley.geometry.index import VolumeIndex, load_kernels
    from skyparley.geometry.judging import Found, ManyGaps
    from skyparley.geometry.levels import Level, Ref, format_level, parse_level
    from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Polygon
    from skyparley.geometry.volumes import Gaps, Separation, Verdict, Volume, judge, volume_problems

__version__ = "0.1.0"

_HOMES = {
    "domain.profiles": ("profile",),
    "formats.reading": ("read",),
    "formats.records": ("Flaw", "Plan", "Reading"),
    "geometry.shapes": ("Arc", "Circle", "Corridor", "Line", "Orbit", "Polygon"),
    "geometry.levels": ("Level", "Ref", "format_level", "parse_level"),
    "geometry.volumes": ("Gaps", "Separation", "Verdict", "Volume", "judge", "volume_problems"),
    "geometry.index": ("VolumeIndex", "load_kernels"),
    "geometry.bulk": ("all_conflicts", "conflicts_between", "gaps", "inside"),
    "geometry.arrays": ("Bands", "Volumes", "Windows"),
    "geometry.judging": ("Found", "ManyGaps"),
}
_HOME_OF = {name: f"skyparley.{home}" for home, names in _HOMES.items() for name in names}

__all__ = [
    "Arc",
    "Bands",
    "Circle",
    "Corridor",
    "Flaw",
    "Found",
    "Gaps",
    "Level",
    "Line",
    "ManyGaps",
    "Orbit",
    "Plan",
    "Polygon",
    "Reading",
    "Ref",
    "Separation",
    "Verdict",
    "Volume",
    "VolumeIndex",
    "Volumes",
    "Windows",
    "__version__",
    "all_conflicts",
    "conflicts_between",
    "format_level",
    "gaps",
    "inside",
    "judge",
    "load_kernels",
    "parse_level",
    "profile",
    "read",
    "volume_problems",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'skyparley' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
