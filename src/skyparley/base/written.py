"""Times and levels as people write and read them: one form for screens, files and phrases."""

from skyparley.base.times import format_utc


def written_utc(millis: int) -> str:
    """`2026-11-23 08:00Z`; seconds and milliseconds only where there are any."""
    text = format_utc(millis).replace("T", " ")
    return text[:-4] + "Z" if text.endswith(":00Z") else text


def written_level(ref: str, ft: int) -> str:
    """`FL200`, `4500 ft AMSL`, `1000 ft AGL`, `12000 ft W84`, `SFC`, `UNL`, from a reference and whole feet.

    A pressure altitude that is no flight level is written in feet: `20050 ft FL`.
    """
    if ref in ("SFC", "UNL"):
        return ref
    if ref == "FL" and ft >= 0 and ft % 100 == 0:
        return f"FL{ft // 100:03d}"
    return f"{ft} ft {ref}"
