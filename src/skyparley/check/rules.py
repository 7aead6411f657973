"""What a check requires between two plans: by the table, or by the edge of a published area, and who is compared at all."""

import re
from decimal import ROUND_CEILING, Decimal
from typing import Final

import msgspec

from skyparley.formats.records import Plan
from skyparley.geometry.volumes import Separation

EDGE_RIGHT: Final = "write it like 2NM,500ft or 3 km (a distance, a height, or both with a comma)"
_LATERAL_PER_UNIT: Final = {"NM": Decimal(1852), "KM": Decimal(1000), "M": Decimal(1)}
_FEET_PER_UNIT: Final = {"FT": Decimal(1), "M": 1 / Decimal("0.3048")}
_AMOUNT: Final = re.compile(r"(\d{1,7}(?:\.\d{1,6})?)\s*(NM|KM|M|FT)", re.ASCII | re.IGNORECASE)
LATERAL_MOST_M: Final = 1_000_000  # beyond it everything conflicts with everything and nothing is told


class BadEdge(ValueError):
    """The text of an edge cannot be read; the message says what would be right."""


class Edge(msgspec.Struct, frozen=True):
    """How far a plan must stay off a published area; 0 means out of it."""

    lateral_m: int = 0
    vertical_ft: int = 0


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What is required.  `table`: what the numbers are called.  `within`: plans of one party are compared, too."""

    table: str
    table_hash: str
    separation: Separation
    edge: Edge = Edge()
    within: bool = False

    @property
    def edge_separation(self) -> Separation:
        """Between anything and a published area.  Levels of different references keep the table's margin and ground."""
        return Separation(
            lateral_m=self.edge.lateral_m,
            vertical_ft=self.edge.vertical_ft,
            time_ms=0,
            reference_margin_ft=self.separation.reference_margin_ft,
            highest_ground_ft=self.separation.highest_ground_ft,
        )

    def between(self, one: Plan, other: Plan) -> Separation:
        """What is required between two plans."""
        return self.edge_separation if "AIRSPACE" in (one.origin, other.origin) else self.separation

    def compared(self, one: Plan, other: Plan) -> bool:
        """Whether two plans are compared: those of two parties, and with `within` all."""
        return self.within or one.party != other.party


def read_edge(text: str) -> Edge:
    """An edge from `2NM,500ft`, `2NM` or `500 ft`.  Metres are a distance when they stand first, else a height.

    Rounded up: an edge is never less than was said.  Raises BadEdge.
    """
    given: dict[str, int] = {}
    for place, part in enumerate(text.split(",")):
        match = _AMOUNT.fullmatch(part.strip())
        if match is None or place > 1:
            raise BadEdge(f"{text!r} is not an edge; {EDGE_RIGHT}")
        figure, unit = Decimal(match[1]), match[2].upper()
        name = "vertical" if unit == "FT" or (unit == "M" and place == 1) else "lateral"
        if name in given:
            raise BadEdge(f"{text!r} names two {name} amounts; {EDGE_RIGHT}")
        per_unit = _FEET_PER_UNIT if name == "vertical" else _LATERAL_PER_UNIT
        given[name] = int((figure * per_unit[unit]).to_integral_value(ROUND_CEILING))
    if given.get("lateral", 0) > LATERAL_MOST_M:
        raise BadEdge(f"{text!r}: an edge of more than {LATERAL_MOST_M // 1000} km is not meant; {EDGE_RIGHT}")
    return Edge(given.get("lateral", 0), given.get("vertical", 0))
