"""The compiled twin of rows_py; there is none where no compiler was."""

from collections.abc import Sequence

from backends.postgres.rows_py import Rule, Walked

def walk(data: bytes, start: int, rules: Sequence[Rule | None] | None, *, limit: int) -> Walked: ...
