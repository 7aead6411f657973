"""Bytes of each statement type as it travels: the statements of the specification's story, one line of a table each.

The size of a notice is that of its areas; the story's are a route of two legs and an area of four corners.

    python benchmarks/sizes.py
"""

import json
from pathlib import Path

STORY = Path(__file__).parent.parent / "docs" / "spec" / "vectors" / "story.json"


def main() -> None:
    story = json.loads(STORY.read_text())
    sizes: dict[str, list[int]] = {}
    for statement in story["statements"]:
        sizes.setdefault(statement["type"], []).append(len(statement["jws"]))
    for receipt in story["receipts"]:
        sizes.setdefault("RCP", []).append(len(receipt["jws"]))
    for request in story["requests"]:
        sizes.setdefault(request["typ"].removeprefix("skyparley-").upper(), []).append(len(request["jws"]))
    print("| type | bytes, least | bytes, most | in the story |")
    print("|---|---|---|---|")
    for kind, found in sorted(sizes.items()):
        print(f"| {kind} | {min(found):,} | {max(found):,} | {len(found)} |")


if __name__ == "__main__":
    main()
