"""The nodes of tests/domain and the commands of tests/cli serve here as well."""

import sys
from pathlib import Path

for folder in ("domain", "cli"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
