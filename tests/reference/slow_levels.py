"""The slow twin of the vertical gap: every ground that is possible is tried."""

from skyparley.geometry.levels import Ref

GROUND = ("SFC", "AGL")


def slow_signed_gap_ft(a, b, margin_ft, highest_ground_ft):
    """The signed gap of bands a and b, each (lower, upper)."""
    return max(over(a[0], b[1], margin_ft, highest_ground_ft), over(b[0], a[1], margin_ft, highest_ground_ft))


def over(lower, upper, margin_ft, highest_ground_ft):
    if upper.ref == Ref.UNL:
        return -(10**9)
    kinds = {"AGL" if level.ref.value in GROUND else level.ref.value for level in (lower, upper)}
    if len(kinds) == 1:
        return lower.ft - upper.ft
    grounds = range(0, highest_ground_ft + 1, max(1, highest_ground_ft // 7))
    tried = {*grounds, highest_ground_ft}
    worst = min(height(lower, one) - height(upper, other) for one in tried for other in tried)
    return worst - margin_ft


def height(level, ground_ft):
    return level.ft + (ground_ft if level.ref.value in GROUND else 0)
