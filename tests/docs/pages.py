"""The pages as data: headings with their anchors, links, code blocks, inline code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without code blocks."""
        return _FENCE.sub("", self.text)

    @property
    def headings(self) -> list[str]:
        """As they read, without the marks of code."""
        return [match[2].strip().strip("`") for match in _HEADING.finditer(self.prose)]

    @property
    def anchors(self) -> set[str]:
        """As GitHub makes them: a heading that comes twice gets a number."""
        seen: Counter[str] = Counter()
        found = set()
        for heading in self.headings:
            anchor = slug(heading)
            found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
            seen[anchor] += 1
        return found

    @property
    def links(self) -> list[str]:
        return [match["target"] for match in _LINK.finditer(self.prose)]

    @property
    def code(self) -> list[str]:
        """Inline code."""
        return _CODE.findall(self.prose)

    @property
    def first_cells(self) -> set[str]:
        """The first cell of every row of a table."""
        return {
            line.split(" | ")[0].removeprefix("| ").strip("`") for line in self.prose.splitlines() if line[:2] == "| "
        }

    def blocks(self, language: str) -> list[str]:
        return [match["text"] for match in _FENCE.finditer(self.text) if match["language"] == language]


def slug(heading: str) -> str:
    """The anchor of a heading: lower case, spaces to hyphens, other marks dropped."""
    return re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).replace(" ", "-")


def page(name: str) -> Page:
    return Page(DOCS / name)


def pages() -> Iterator[Page]:
    """Every page that a reader may land on."""
    roots = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
    for path in (*(ROOT / name for name in roots), *sorted(DOCS.rglob("*.md"))):
        yield Page(path)
