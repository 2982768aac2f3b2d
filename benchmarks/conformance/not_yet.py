"""The cases that don't pass yet: one line each, `name: why`, in a file that only ever gets shorter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

NOT_YET = Path(__file__).parents[2] / "tests" / "conformance" / "not_yet.txt"


def read() -> dict[str, str]:
    """Why each case doesn't pass yet, by its name."""
    rows = (line.partition(": ") for line in NOT_YET.read_text().splitlines())
    return {name: why for name, _, why in rows}


def write(rows: Mapping[str, str]) -> None:
    """Replace the file: sorted by name, without line breaks in the reasons."""
    NOT_YET.write_text("".join(f"{name}: {' '.join(why.split())}\n" for name, why in sorted(rows.items())))
