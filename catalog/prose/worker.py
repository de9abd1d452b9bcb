"""The process that searches texts for `catalog.prose.lane`: a line of JSON in, a line of JSON out, until end of input.

Run as `python -m catalog.prose.worker`. It is killed whenever an answer is late, so it holds nothing that matters.
"""

from __future__ import annotations

import json
import sys
import time

from catalog.prose import find_many


def answer(line: str) -> str:
    """The spans of every text of `{"texts": [...], "seconds": n}`; null for a text that could not be searched."""
    asked = json.loads(line)
    limit = time.monotonic() + float(asked["seconds"])
    found = find_many(asked["texts"], deadline=limit)
    return json.dumps(
        [
            None if spans is None else [(span.start, span.end, span.label.value, span.score) for span in spans]
            for spans in found
        ]
    )


def main() -> None:
    for line in sys.stdin:
        sys.stdout.write(answer(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
