"""What the tests of both dialects share: pairs in plain files, and the decision of the packs that ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import yaml

from policy.decide import Line, new_decider
from policy.model import Operation

Parse = Callable[[str], Operation]
HERE = Path(__file__).parents[1]


def pairs(dialect: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((HERE / dialect / "pairs" / f"{name}.yaml").read_text("utf-8"))
    return found


def decisions(
    dialect: str, parse: Parse, statements: list[str], *, mode: Literal["read_only", "read_write"] = "read_write"
) -> list[str]:
    """allow, hold or deny for each, by the default packs."""
    decider = new_decider({dialect: lambda text, _context: parse(str(text))})
    lines = [Line(sql, dialect, sql, mode=mode, masked=frozenset(), context={}) for sql in statements]
    return [decider.decide(line)["decision"] for line in lines]


def check_pair(parse: Parse, pair: dict[str, Any]) -> None:
    operation = parse(pair["sql"])
    assert sorted(operation.effects) == pair["effects"]
    assert sorted(operation.actions) == pair["actions"]
    assert sorted(map(str, operation.targets)) == sorted(pair["targets"])
    assert bool(operation.problem) == pair.get("unknown", False)
    assert operation.opaque == (pair.get("opaque", False) or pair.get("unknown", False))


def steering(operation: Operation) -> set[str]:
    """ "use table.column" of every column that steers."""
    return {f"{steer.use} {steer.locator}" for steer in operation.steering}
