"""OpenAir airspace files: each area becomes a plan of the file's party, always active unless it says otherwise.

Source: SeeYou OpenAir file format specification 2.1.0 (Naviter, 2025), and published files.
"""

import re
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from skyparley.base.units import METRES_PER_NM
from skyparley.formats.airspace_levels import widened
from skyparley.formats.arcs import Piece, arc_between, arc_of_bearings, ring_of
from skyparley.formats.gathering import File, Said, Unread, judged, reading, unusable
from skyparley.formats.level_words import BadLevel, Words, read_level
from skyparley.formats.openair_lines import (
    DRAWING,
    GEOMETRY,
    TERRAIN,
    BadLine,
    Record,
    figures,
    length_nm,
    position,
    positions,
    records,
    setting,
)
from skyparley.formats.records import ALWAYS, Reading
from skyparley.formats.repair import mended
from skyparley.formats.texts import label, shown
from skyparley.formats.time_words import BadTime, read_time
from skyparley.geometry.levels import Level, band_problems
from skyparley.geometry.problem import Problem
from skyparley.geometry.shapes import Circle, Corridor, Point, Shape
from skyparley.geometry.volumes import Volume

FORMAT: Final = "OpenAir"
_MEMBERS: Final = {"AC", "AN", "AY", "AI"}  # what an area can begin with
_HELD: Final = {"AN", "AH", "AL", "AA", *GEOMETRY}  # what a plan holds
_CLEARLY = re.compile(r"^\s*(?:AC\s+\S|A[NHL]\s+\S|DP\s*\d|V\s*[DX]\s*=)", re.MULTILINE | re.IGNORECASE)
_LIKE_A_POSITION = re.compile(r"\d{1,3}[:.]\d{1,2}.*[NS].*\d{1,3}[:.]\d{1,2}.*[EW]", re.IGNORECASE)
_WORDS: Final = Words(feet_unless_told=True)
_NEAR: Final = 0.05  # by how much two radii of one arc may differ before it is worth a note


@dataclass
class _Area:
    """The records of one area."""

    records: list[Record]

    def texts(self, command: str) -> list[str]:
        return [record.text for record in self.records if record.command == command]

    def first(self, command: str) -> str:
        return next((text for text in self.texts(command) if text), "")

    @property
    def is_drawn(self) -> bool:
        return any(record.command in GEOMETRY for record in self.records)


@dataclass
class _Drawing:
    """What the geometry lines of one area have drawn so far; V lines hold until the next, and for one area."""

    pieces: list[Piece] = field(default_factory=list)
    circles: list[Circle] = field(default_factory=list)
    airway: list[Point] = field(default_factory=list)
    centre: Point | None = None
    width_nm: float | None = None
    clockwise: bool = True
    notes: dict[str, None] = field(default_factory=dict)


def is_openair(text: str) -> bool:
    """Whether a text has lines that only OpenAir has."""
    return len(_CLEARLY.findall(text)) >= 2


def read_openair(name: str, party: str, text: str) -> Reading:
    """The areas of a file.  Lines that draw terrain or set pens are no areas and are counted in `left_out`."""
    areas, terrain = _areas(records(text))
    if not areas:
        return unusable(name, FORMAT, "FILE_EMPTY", "the file has no area: none begins with an AC or AN line")
    left_out = (f"{terrain} terrain elements (TO, TC): they are no airspace",) if terrain else ()
    file = File(name, FORMAT, joins=False)
    return reading(file, (_read(area, party) for area in areas), left_out)


def _areas(lines: list[Record]) -> tuple[list[_Area], int]:
    """The areas, and how many terrain elements there are.  What stands before the first area belongs to none."""
    areas: list[_Area] = []
    terrain, within = 0, False
    for record in lines:
        if record.command in TERRAIN:
            terrain, within = terrain + 1, False
        elif record.command in _MEMBERS and (not within or _begins(record, areas[-1])):
            areas.append(_Area([record]))
            within = True
        elif within:
            areas[-1].records.append(record)
    return areas, terrain


def _begins(record: Record, area: _Area) -> bool:
    """Whether a line begins the next area: AC does, and so does a name or a type after a finished drawing."""
    if record.command == "AC":
        return any(earlier.command not in ("AY", "AI") for earlier in area.records)
    return area.is_drawn and record.command in ("AN", "AY", "AI")


def _read(area: _Area, party: str) -> Said | Unread:
    place = f"line {area.records[0].line}"
    name = label(area.first("AN"))
    problems: list[Problem] = []
    notes: dict[str, None] = {}
    shapes = _shapes(area, problems, notes)
    bands = _bands(area, problems, notes)
    windows = _windows(area.texts("AA"), notes)
    if problems:
        return Unread(place, name, party, tuple(dict.fromkeys(problems)))
    volumes = tuple(Volume(shape, *band, *window) for window in windows for band in bands for shape in shapes)
    others = {record.command or "a line of no known record" for record in area.records}
    dropped = tuple(sorted(others - _HELD - set(DRAWING)))
    return judged(Said(place, name, party, volumes, name, dropped, tuple(notes), "AIRSPACE", ("AN",) if name else ()))


def _shapes(area: _Area, problems: list[Problem], notes: dict[str, None]) -> list[Shape]:
    """The shapes of an area.  A line of its geometry that cannot be read is a problem: the area would be another."""
    drawing = _Drawing(notes=notes)
    for record in area.records:
        try:
            if record.command in GEOMETRY or record.command.startswith("D"):
                _draw(drawing, record)
            elif not record.command and _LIKE_A_POSITION.search(record.text):
                raise BadLine(f"{shown(record.text)} looks like a position without DP before it")
        except BadLine as error:
            problems.append(Problem("LINE_UNREADABLE", f"line {record.line}: {error}"))
    shapes: list[Shape] = [*drawing.circles]
    if drawing.airway:
        shapes.extend(_airway(drawing, problems))
    if drawing.pieces:
        areas = mended(ring_of(drawing.pieces))
        shapes.extend(areas.shapes)
        if areas.note:
            notes.setdefault(areas.note)
    if not shapes and not problems:
        problems.append(Problem("NO_AREA", "the area has no outline: no DP, DA, DB, DC or DY line"))
    return shapes


def _draw(drawing: _Drawing, record: Record) -> None:
    match record.command:
        case "V":
            _set(drawing, *setting(record.text))
        case "DP":
            drawing.pieces.append(position(record.text))
        case "DB":
            _add_arc(drawing, *positions(record.text))
        case "DA":
            radius_nm, from_deg, to_deg = figures(record.text)
            radius_m, centre = _positive(radius_nm) * METRES_PER_NM, _centre(drawing)
            arc = arc_of_bearings(centre, radius_m, from_deg, to_deg, clockwise=drawing.clockwise)
            drawing.pieces.append(arc)
        case "DC":
            radius_m = _positive(length_nm(record.text)) * METRES_PER_NM
            drawing.circles.append(Circle(*_centre(drawing), radius_m))
        case "DY":
            drawing.airway.append(position(record.text))
        case _:
            raise BadLine(f"{record.command} is no record of OpenAir; it has {', '.join(GEOMETRY)}")


def _set(drawing: _Drawing, name: str, value: str) -> None:
    """A V line.  Z (zoom) and T (track) draw nothing."""
    if name == "X":
        drawing.centre = position(value)
    elif name == "W":
        drawing.width_nm = _positive(length_nm(value))
    elif name == "D":
        if value not in ("+", "-"):
            raise BadLine(f"V D={shown(value)} is no direction; write V D=+ for clockwise or V D=-")
        drawing.clockwise = value == "+"
    elif name not in ("Z", "T"):
        raise BadLine(f"V {name}= sets nothing that OpenAir has; it has X, D, W, Z and T")


def _add_arc(drawing: _Drawing, start: Point, end: Point) -> None:
    arc = arc_between(_centre(drawing), start, end, clockwise=drawing.clockwise)
    nearer_m, farther_m = sorted((arc.start_m, arc.end_m))
    if nearer_m <= 0:
        raise BadLine("an arc begins or ends in its own centre; a V X= line may be missing before it")
    if farther_m - nearer_m > _NEAR * farther_m:
        ends = f"{arc.start_m / METRES_PER_NM:.2f} and {arc.end_m / METRES_PER_NM:.2f} NM"
        drawing.notes.setdefault(
            f"the ends of an arc lie {ends} from its centre; the radius goes from one to the other"
        )
    drawing.pieces.append(arc)


def _centre(drawing: _Drawing) -> Point:
    if drawing.centre is None:
        raise BadLine("there is no centre; a V X= line must stand before it in the same area")
    return drawing.centre


def _positive(length_nm: float) -> float:
    if not 0 < length_nm < 5_000:
        raise BadLine(f"{length_nm} is not a length in NM")
    return length_nm


def _airway(drawing: _Drawing, problems: list[Problem]) -> list[Shape]:
    if drawing.width_nm is None:
        problems.append(Problem("WIDTH_MISSING", "an airway (DY) needs its width in NM; write V W=5 before it"))
        return []
    drawing.notes.setdefault("the ends of the airway are round: half its width more than it says")
    return [Corridor(tuple(drawing.airway), drawing.width_nm * METRES_PER_NM / 2)]


def _bands(area: _Area, problems: list[Problem], notes: dict[str, None]) -> list[tuple[Level, Level]]:
    """The bands of an area: one, or several that together hold all that "1000FT AGL/2600FT AMSL" can mean."""
    lowers = _levels(area, "AL", problems, notes)
    uppers = _levels(area, "AH", problems, notes)
    bands = []
    for lower, upper in product(lowers, uppers):
        band, note = widened(lower, upper)
        if len(lowers) * len(uppers) > 1 and band_problems(*band):
            continue  # one reading of two is empty; the other holds the area
        bands.append(band)
        if note:
            notes.setdefault(note)
    if lowers and uppers and not bands:
        problems.append(Problem("BAND_EMPTY", "no lower level is below an upper level"))
    return bands


def _levels(area: _Area, command: str, problems: list[Problem], notes: dict[str, None]) -> list[Level]:
    """The levels of one line: one, or those that it parts by a stroke.  None with a problem."""
    name = "upper" if command == "AH" else "lower"
    texts = dict.fromkeys(text for text in area.texts(command) if text)
    if len(texts) != 1:
        what = "there is none" if not texts else f"{' and '.join(map(shown, texts))} are said"
        problems.append(Problem(f"{name.upper()}_MISSING", f"an area needs one {command} line ({name} level): {what}"))
        return []
    (text,) = texts
    parts = [part.strip() for part in text.split("/")]
    if len(parts) > 1:
        notes.setdefault(f"{command}: {shown(text)} says {len(parts)} levels; the area is taken with each of them")
    found = []
    for part in parts:
        try:
            read = read_level(part, upper=command == "AH", words=_WORDS)
        except BadLevel as error:
            problems.append(Problem(error.code, f"{command}: {error}"))
            return []
        found.append(read.level)
        if read.note:
            notes.setdefault(f"{command}: {read.note}")
    return found


def _windows(texts: list[str], notes: dict[str, None]) -> list[tuple[int, int]]:
    """When an area is active: always, unless AA lines give windows.  What they leave open is taken as active.

    NONE alone says that another notice will tell when: until then it may be any time.  Source: SeeYou OpenAir 2.1.0, AA.
    """
    windows = []
    for text in dict.fromkeys(text.split(";", 1)[0].strip() for text in texts):
        window = _window(text)
        if window is None:
            notes.setdefault(f"AA {shown(text)} gives no window; the area is taken as always active")
            return [ALWAYS]
        windows.append(window)
    return windows or [ALWAYS]


def _window(text: str) -> tuple[int, int] | None:
    ends = [part.strip() for part in text.split("/")]
    if len(ends) != 2 or [end.upper() for end in ends] == ["NONE", "NONE"]:
        return None
    try:
        start_ms = ALWAYS[0] if ends[0].upper() == "NONE" else read_time(ends[0], end=False)
        end_ms = ALWAYS[1] if ends[1].upper() == "NONE" else read_time(ends[1], end=True)
    except BadTime:
        return None
    return (start_ms, end_ms) if start_ms < end_ms else None
