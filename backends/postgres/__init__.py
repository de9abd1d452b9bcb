"""PostgreSQL: `parse` judges SQL by the server's own grammar, `upstream` runs it over the extended protocol.

`wire` is the codec without I/O; `connection`, `pool` and `execution` move its bytes; `origins` says where each
result column comes from, which is what masks rest on. `front` and its kin are the native door, the server's side.
"""

from __future__ import annotations

from backends.base import Backend
from backends.postgres.front_hall import FRONT
from backends.postgres.parse import Parser, preview
from backends.postgres.rewriting import rewrites
from backends.postgres.upstream import open_upstream
from backends.postgres.verbs import VERBS

_PARSER = Parser()

BACKEND = Backend(
    name="postgres",
    title="PostgreSQL",
    verbs=VERBS,
    parse=_PARSER.parse,
    parse_for=_PARSER.parse,
    preview=preview,
    open=open_upstream,
    front=FRONT,
    rewrites=rewrites,
)
