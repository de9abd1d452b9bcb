"""The process that searches texts for `catalog.prose.lane`: a line of JSON in, a line of JSON out, until end of input.

Run as `python -m catalog.prose.worker`. It is killed whenever an answer is late, so it holds nothing that matters.
"""

from __future__ import annotations

import json
import sys
import time

from catalog.prose import OverBudget, find
from catalog.prose.tagger import ModelUnusable


def answer(line: str) -> str:
    """The spans of every text of `{"texts": [...], "seconds": n}`; null for a text that could not be searched."""
    asked = json.loads(line)
    limit = time.monotonic() + float(asked["seconds"])
    return json.dumps([_spans(text, limit) for text in asked["texts"]])


def _spans(text: str, limit: float) -> list[tuple[int, int, str, float]] | None:
    try:
        return [(span.start, span.end, span.label.value, span.score) for span in find(text, deadline=limit)]
    except (OverBudget, ModelUnusable):
        return None


def main() -> None:
    for line in sys.stdin:
        sys.stdout.write(answer(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
