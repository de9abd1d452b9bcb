"""The tables of the evaluation: `table:`, below it `column kind [type]; …`, a star before the kind where nothing is
sensitive. `named.txt` was looked at while the training data grew, `held_out.txt` once, `unseen.txt` never."""

from __future__ import annotations

from pathlib import Path


def lines(name: str) -> list[tuple[str, str]]:
    """Table names and their columns, from one of the files."""
    found: list[tuple[str, str]] = []
    for line in Path(__file__).with_name(f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("  "):
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}".strip())
        elif line:
            found.append((line.rstrip(":"), ""))
    return found
