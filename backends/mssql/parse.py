"""Text → Operation. Hostile text is never an error: it becomes `unknown`, with the reason."""

from __future__ import annotations

from collections.abc import Sequence

from policy.model import Operation

PROTOCOL = "mssql"


def parse_text(text: str, *, parameters: Sequence[object] = ()) -> Operation:
    """What a batch does, read as SQL Server reads it by default (QUOTED_IDENTIFIER ON, a case-insensitive collation).

    `parameters` are the values of its placeholders (`?`). Never raises. Texts above 16 KiB take so long that the
    caller should ask from a thread. sqlglot is loaded by the first call, not by importing this module.
    """
    from backends.mssql.judge import judge_text
    from backends.sqltree.operation import understand

    return understand(PROTOCOL, text, judge_text, parameters)
