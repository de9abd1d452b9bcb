"""How `warded doctor` is shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from server.cli.terminal import print_json, visible

if TYPE_CHECKING:
    from server.doctor import Line

COLOURS = {"ok": "\x1b[32m", "warn": "\x1b[33m", "fail": "\x1b[31m"}


def print_report(lines: Sequence[Line], *, json: bool) -> None:
    """One line a check, its remedy below it."""
    if json:
        healthy = all(line.status != "fail" for line in lines)
        print_json({"ok": healthy, "checks": [asdict(line) for line in lines]})
        return
    width = max(len(line.check) for line in lines) + 2
    for line in lines:
        print(f"{_coloured(line.status)}  {line.check:<{width}}{visible(line.detail)}")
        if line.remedy:
            print(f"{'':<{width + 6}}try: {visible(line.remedy)}")


def _coloured(status: str) -> str:
    word = f"{status:<4}"
    if sys.stdout.isatty() or os.environ.get("FORCE_COLOR"):
        return f"{COLOURS[status]}{word}\x1b[0m"
    return word
