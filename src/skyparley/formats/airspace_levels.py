"""Bands of published airspace whose levels cannot be compared as written: widened, never dropped."""

from skyparley.geometry.levels import Level, Ref, band_problems, format_level


def widened(lower: Level, upper: Level) -> tuple[tuple[Level, Level], str]:
    """The band, and a note where it had to be widened.

    "From 2000 ft AGL to 1500 ft AMSL" is a band where the ground lies low or the pressure high, and none elsewhere:
    by its figures it is empty.  It is then taken from the surface, which holds all that it can mean.  A band that is
    empty within one reference is left as it is, for the caller to refuse.
    """
    if lower.ref is upper.ref or lower.ref is Ref.UNL or upper.ref is Ref.UNL:
        return (lower, upper), ""
    if [problem.code for problem in band_problems(lower, upper)] != ["BAND_EMPTY"]:
        return (lower, upper), ""
    note = f"{format_level(lower)} is not below {format_level(upper)} by the figures; taken from the surface"
    return (Level(Ref.SFC), upper), note
