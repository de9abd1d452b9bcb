"""Small pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def code(text: object) -> str:
    """Inline code that may stand in a table, too."""
    return f"`{text}`".replace("|", "\\|")


def cell(text: object) -> str:
    """Text as one table cell."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fence(text: str, language: str = "") -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def joined(parts: Iterable[str]) -> str:
    """Blocks with one empty line between them; empty ones are left out."""
    return "\n\n".join(part for part in parts if part)
