"""The map of a check as one page that asks nobody for anything: style, script, data and coast are in it.

Its policy names the hashes of the one script and the one style, so that nothing else runs, whatever a file is called.
"""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

import msgspec

from skyparley.check.coast import around
from skyparley.check.detection import Met
from skyparley.check.page import page_data, places
from skyparley.check.report import Report
from skyparley.formats.records import Plan


def write_page(target: Path, plans: Sequence[Plan], mets: Sequence[Met], report: Report) -> None:
    """Writes the page.  Raises OSError."""
    atlas = (files("skyparley.adapters.doors") / "static" / "vendor" / "countries-50m.json").read_bytes()
    coast = around(msgspec.json.decode(atlas), places(plans))
    target.write_text(page(page_data(plans, mets, report, coast)), encoding="utf-8")


def page(data: object) -> str:
    """The page around its data.  What others wrote is in it as JSON that no `<` can end."""
    folder = files("skyparley.cli") / "page"
    style, script = (f"\n{(folder / name).read_text('utf-8')}" for name in ("check.css", "check.js"))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )
    encoded = msgspec.json.encode(data).decode("utf-8")
    for letter in "<>&\u2028\u2029":
        encoded = encoded.replace(letter, f"\\u{ord(letter):04x}")
    frame = Template((folder / "check.html").read_text("utf-8"))
    return frame.substitute(policy=policy, style=style, script=script, data=encoded)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
