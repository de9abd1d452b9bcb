"""Panels of horizontal bars as SVG. No library, no script in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ROW, LEFT, WIDTH, TOP, GAP = 18, 170, 420, 34, 30
_OURS, _THEIRS = "#0f766e", "#c2410c"


@dataclass(frozen=True, slots=True)
class Bar:
    """A name, its figure, and how many digits of it to show after the point."""

    name: str
    value: float
    digits: int = 0


def draw(panels: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Each panel has its own scale, from zero."""
    parts, y = [], 8
    for title, bars in panels:
        parts.append(f'<text x="12" y="{y + 16}" font-size="13" fill="#111">{title}</text>')
        most = max(max(bar.value for bar in bars), 1e-9)
        for place, bar in enumerate(bars):
            parts += _bar(bar, max(0.0, bar.value) / most, y + TOP - 8 + ROW * place)
        y += TOP + ROW * len(bars) + GAP - 20
    size = f'width="{LEFT + WIDTH + 80}" height="{y + 6}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" font-size="11">'
    return "\n".join((head, f'<rect {size} fill="#ffffff"/>', *parts, "</svg>", ""))


def _bar(bar: Bar, share: float, y: int) -> list[str]:
    width, colour = max(1, round(share * WIDTH)), _OURS if bar.name.startswith("Warded") else _THEIRS
    return [
        f'<text x="{LEFT - 8}" y="{y + 10}" text-anchor="end" fill="#111">{bar.name}</text>',
        f'<rect x="{LEFT}" y="{y}" width="{width}" height="12" fill="{colour}"/>',
        f'<text x="{LEFT + width + 5}" y="{y + 10}" fill="#444">{bar.value:.{bar.digits}f}</text>',
    ]
