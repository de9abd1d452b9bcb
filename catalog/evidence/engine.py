"""Where to look: one pass over many cells for short byte patterns. Hyperscan where there is one, RE2 elsewhere.

Both report where an anchor ends; which cells an anchor touches is the same for either, which is all that is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from threading import Lock
from typing import Literal

import re2

Hits = set[tuple[int, int]]
"""(number of the anchor, offset at which it ends)"""
Engine = Callable[[bytes], Hits]
Kind = Literal["hyperscan", "re2"]


def available() -> tuple[Kind, ...]:
    """The engines of this machine, fastest first."""
    return ("hyperscan", "re2") if find_spec("hyperscan") else ("re2",)


@lru_cache(maxsize=8)
def engine(anchors: tuple[bytes, ...], kind: Kind = "re2") -> Engine:
    """A compiled engine; remembered, because compiling takes some 0.1 s. Its only state is a lock and scratch space."""
    return _hyperscan(anchors) if kind == "hyperscan" else _re2(anchors)


def _hyperscan(anchors: Sequence[bytes]) -> Engine:
    import hyperscan

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = [hyperscan.HS_FLAG_DOTALL] * len(anchors)
    database.compile(expressions=list(anchors), ids=list(range(len(anchors))), flags=flags)
    guard = Lock()  # one scratch space serves one scan at a time

    def scan(data: bytes) -> Hits:
        found: Hits = set()
        add = found.add

        def seen(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add((number, end))

        with guard:
            database.scan(data, match_event_handler=seen)
        return found

    return scan


def _re2(anchors: Sequence[bytes]) -> Engine:
    options = re2.Options()
    options.max_mem = 64 << 20
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    compiled = [re2.compile(anchor, options) for anchor in anchors]

    def ends(data: bytes) -> Iterator[tuple[int, int]]:
        for number, pattern in enumerate(compiled):
            yield from ((number, found.end()) for found in pattern.finditer(data))

    return lambda data: set(ends(data))
