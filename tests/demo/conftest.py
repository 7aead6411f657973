"""Makes the support of these tests importable, whatever folder the run begins in."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
