"""What is shown to people who plug the library into programs of their own, run as it stands."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

EXAMPLES = Path(__file__).parents[2] / "examples"


def feature(id: str, party: str, lon: float, *, start: str = "2026-11-23T09:00Z") -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, 36.0]},
        "properties": {
            "id": id, "party": party, "radius_nm": 5, "lower": "FL200", "upper": "FL240",
            "start": start, "end": "2026-11-23T10:00Z",
        },
    }  # fmt: skip


def collection(*features: dict[str, Any]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.fixture
def service() -> TestClient:
    spec = importlib.util.spec_from_file_location("fastapi_service", EXAMPLES / "fastapi_service.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return TestClient(module.app)


def test_the_service_says_who_conflicts_and_forgets_what_is_withdrawn(service: TestClient) -> None:
    assert service.post("/plans", content=collection(feature("a", "A", 37.0))).json() == {"a": []}
    near, far = feature("b", "B", 37.2), feature("far", "B", 39.0)
    assert service.post("/plans", content=collection(near, far)).json() == {"b": ["A a"], "far": []}
    assert service.delete("/plans/A/a").status_code == 200
    assert service.post("/plans", content=collection(feature("c", "C", 37.1))).json() == {"c": ["B b"]}


def test_the_service_files_all_or_none_and_says_what_would_be_right(service: TestClient) -> None:
    answer = service.post("/plans", content=collection(feature("a", "A", 37.0), feature("b", "B", 37.0, start="9 am")))
    assert answer.status_code == 422
    assert "feature 2" in answer.text
    assert service.delete("/plans/A/a").status_code == 404, "nothing of it was filed"


def test_every_cell_of_the_notebook_runs_and_gives_what_it_shows() -> None:
    notebook = json.loads((EXAMPLES / "geodataframe.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    for cell in cells:
        exec(compile(cell, "geodataframe.ipynb", "exec"), names)
    conflicts = names["conflicts"]
    assert set(conflicts.columns) >= {"one", "other", "lateral_nm", "vertical_ft"}
    assert {frozenset(pair) for pair in zip(conflicts.one, conflicts.other, strict=True)} == {
        frozenset({"survey-1", "relief-7"}),
    }
    assert names["free"].id.tolist() == ["survey-2"]
