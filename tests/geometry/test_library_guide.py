"""The guide to the library is true: each of its programs runs by itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs/guide/library.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=["objects", "arrays", "one among many"])
def test_a_program_of_the_guide_runs(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_call_that_the_guide_names_is_there():
    import skyparley

    calls = set(re.findall(r"`(\w+)\(", GUIDE.read_text("utf-8"))) - {"add", "Separation"}
    assert {"all_conflicts", "conflicts_between", "gaps", "inside", "judge", "load_kernels"} <= calls
    assert calls <= set(skyparley.__all__)
