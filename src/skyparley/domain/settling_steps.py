"""Lengths in the steps that people say, and the largest one that is still clear."""

import math
from collections.abc import Callable
from typing import Final

from skyparley.base.units import METRES_PER_NM

_COARSE_M: Final = 5 * METRES_PER_NM
_FINE_M: Final = METRES_PER_NM / 2


def step_m(size_m: float) -> float:
    """In which steps a length of this size is proposed: half miles, tenths of a mile, or 10 m for what is small."""
    if size_m >= _COARSE_M:
        return METRES_PER_NM / 2
    return METRES_PER_NM / 10 if size_m >= _FINE_M else 10.0


def most_steps(size: float, step: float, clear: Callable[[float], bool]) -> int:
    """The number of the largest whole step under a size that is clear; 0 where none is.

    What is clear must stay clear when it is made smaller still: the step is found by halving.
    """
    least, most = 0, math.ceil(size / step) - 1
    while least < most:
        middle = (least + most + 1) // 2
        if clear(middle * step):
            least = middle
        else:
            most = middle - 1
    return least
