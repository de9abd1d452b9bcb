"""Text → Operation. Hostile text is never an error: it becomes `unknown`, with the reason."""

from __future__ import annotations

from collections.abc import Sequence

from policy.model import Operation

PROTOCOL = "mysql"


def parse_text(text: str, *, parameters: Sequence[object] = ()) -> Operation:
    """What a text does, read as MySQL reads it by default (no ANSI_QUOTES, no NO_BACKSLASH_ESCAPES, utf8mb4).

    `parameters` are the values of its placeholders. Never raises. Texts above 16 KiB take so long that the caller
    should ask from a thread. sqlglot is loaded by the first call, not by importing this module.
    """
    from backends.mysql.judge import judge_text
    from backends.sqltree.operation import understand

    return understand(PROTOCOL, text, judge_text, parameters)
