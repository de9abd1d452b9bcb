"""A chart as SVG: for each label how many cells leak past Warded and past the baseline. No library, no script in it."""

from __future__ import annotations

from collections.abc import Sequence

ROW, LEFT, WIDTH, TOP = 22, 150, 420, 58
_OURS, _THEIRS = "#0f766e", "#c2410c"


def chart(rows: Sequence[tuple[str, float, float]], title: str) -> str:
    """`rows`: label, our share and the baseline's share, 0..1."""
    height = TOP + ROW * len(rows) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 70}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{LEFT + WIDTH + 70}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="20" font-size="14" fill="#111">{title}</text>',
        f'<rect x="{LEFT}" y="32" width="10" height="10" fill="{_OURS}"/><text x="{LEFT + 15}" y="41">Warded</text>',
        f'<rect x="{LEFT + 80}" y="32" width="10" height="10" fill="{_THEIRS}"/>',
        f'<text x="{LEFT + 95}" y="41">Presidio, patterns only</text>',
    ]
    for place, (label, ours, theirs) in enumerate(rows):
        parts += _row(label, ours, theirs, y=TOP + ROW * place)
    return "\n".join((*parts, "</svg>", ""))


def _row(label: str, ours: float, theirs: float, *, y: int) -> list[str]:
    return [
        f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end" fill="#111">{label}</text>',
        *_bar(ours, _OURS, y),
        *_bar(theirs, _THEIRS, y + 9),
    ]


def _bar(share: float, colour: str, y: int) -> list[str]:
    width = max(1, round(share * WIDTH))
    return [
        f'<rect x="{LEFT}" y="{y}" width="{width}" height="8" fill="{colour}"/>',
        f'<text x="{LEFT + width + 5}" y="{y + 8}" font-size="9" fill="#444">{share:.1%}</text>',
    ]
