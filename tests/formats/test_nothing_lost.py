"""Whatever a file holds: nothing is raised, every feature is in one plan or one flaw, and every plan can be used."""

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.formats.reading import read
from skyparley.formats.records import Reading
from skyparley.formats.soundness import flaws_of

FILES = sorted((Path(__file__).parent / "files").iterdir())
JSON_FILES = [path for path in FILES if path.suffix == ".json"]

scraps = (
    st.none() | st.booleans() | st.integers(-400, 400) | st.floats() | st.text(max_size=5) | st.just([]) | st.just({})
)
near = st.sampled_from(
    ["FL100", "SFC", "AGL", "2026-12-01T08:00Z", "Polygon", "Circle", "M", "1e999", "\x1b[2J", [[0, 0]]]
)


def accounted_for(found: Reading) -> None:
    """The law of a Reading.  A plan of several features names them all in its place."""
    places = [place for plan in found.plans for place in plan.place.split(", ")] + [flaw.place for flaw in found.flaws]
    if found.flaws and found.flaws[0].place == "file":
        assert not found.plans
        assert len(found.flaws) == 1
    else:
        assert len(places) == found.features
    assert len({(plan.party, plan.id) for plan in found.plans}) == len(found.plans)
    for plan in found.plans:
        assert plan.volumes
        assert plan.id
        assert plan.party
        assert plan.id.isprintable()
        assert not any(flaws_of(volume) for volume in plan.volumes)
    for flaw in found.flaws:
        assert flaw.reason.code
        assert flaw.reason.text
        assert flaw.reason.text.isprintable()


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(spot for name, part in inner for spot in spots(part, (*path, name)))]


def replaced(value: Any, path: tuple[Any, ...], scrap: Any) -> Any:
    if not path:
        return scrap
    changed = value.copy()
    changed[path[0]] = replaced(value[path[0]], path[1:], scrap)
    return changed


def plain_geojson() -> dict[str, Any]:
    square = [[10, 50], [11, 50], [11, 51], [10, 51], [10, 50]]
    properties = {"id": "a", "lower": "SFC", "upper": 5000, "upper_unit": "ft", "radius_nm": 1, "half_width_nm": 1}
    window = {"start": "2026-12-01T08:00Z", "end": "2026-12-01T09:00Z"}
    geometries = [
        {"type": "Polygon", "coordinates": [square]},
        {"type": "Point", "coordinates": [10, 50, 3]},
        {"type": "LineString", "coordinates": square},
        {"type": "GeometryCollection", "geometries": [{"type": "MultiPoint", "coordinates": square}]},
    ]
    features = [{"type": "Feature", "properties": properties | window, "geometry": geometry} for geometry in geometries]
    return {"type": "FeatureCollection", "features": features}


VALUES = [plain_geojson(), *(json.loads(path.read_bytes()) for path in JSON_FILES)]


@settings(max_examples=examples(500), deadline=None)
@given(st.sampled_from(VALUES), st.data())
def test_a_json_file_with_strange_values_in_some_places(value: Any, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        value = replaced(value, data.draw(st.sampled_from(spots(value))), data.draw(scraps | near))
    accounted_for(read("a.json", json.dumps(value).encode()))


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FILES), st.data())
def test_a_file_with_lines_lost_repeated_or_torn(path: Path, data: st.DataObject) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 4))):
        if not lines:
            break
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["lose", "repeat", "tear", "swap", "end"])):
            case "lose":
                del lines[at]
            case "repeat":
                lines.insert(at, lines[at])
            case "tear":
                torn = data.draw(st.binary(max_size=6))
                lines[at] = lines[at][: len(lines[at]) // 2] + torn
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                del lines[at:]
    accounted_for(read(path.name, b"".join(lines)))


@settings(max_examples=examples(300), deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_at_all(data: bytes) -> None:
    accounted_for(read("a", data))


@given(st.text(max_size=30))
def test_any_name_of_a_file_gives_a_party(name: str) -> None:
    found = read(name, json.dumps(plain_geojson()).encode())
    assert all(plan.party and plan.party.isprintable() for plan in found.plans)
