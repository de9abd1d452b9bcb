"""Nothing that the guard allows where only reads are allowed changes anything: `python -m tests.fuzz.soundness`.

Statements are generated on the grammar. Each that the default packs allow, as `warded policy decide` asks them, runs on
a scratch PostgreSQL as the superuser: first plainly by the simple protocol, then in the gateway's way. A change is an
error, shown with the shortest statement that hypothesis finds for it. What the database's own code does under an
innocent name is out of this harness's reach: the target's facts are for that.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import DataObject, data

from backends.postgres.parse import understand
from policy.decide import Line, new_decider
from tests.fuzz.expressions import Found, Text
from tests.fuzz.sandbox import Sandbox, open_sandbox
from tests.fuzz.statements import statements

Guard = Callable[[str], bool]
CHUNK = 500  # statements that one seed makes


@dataclass(slots=True)
class Tally:
    """`ran` = allowed and run; `worked` = those of them that ended without an error of the server."""

    made: int = 0
    ran: int = 0
    worked: int = 0


class UnsoundError(AssertionError):
    """An allowed statement changed something."""


def new_guard() -> Guard:
    """Whether the default packs allow a text to an agent that may only read."""
    decider = new_decider({"postgres": lambda text, _context: understand(str(text)).operation})

    def allows(text: str) -> bool:
        line = Line("", "postgres", text, mode="read_only", masked=frozenset(), context={})
        return bool(decider.decide(line)["decision"] == "allow")

    return allows


def check(sandbox: Sandbox, guard: Guard, text: str, tally: Tally) -> None:
    """Raises UnsoundError, after the sandbox was made anew."""
    text = text.replace("@DIR@", str(sandbox.folder))
    tally.made += 1
    if "\0" in text or not guard(text):
        return
    outcome = sandbox.run(text)
    tally.ran += 1
    tally.worked += not outcome.failed
    if outcome.changed:
        sandbox.reset()
        raise UnsoundError(f"{text!r} was allowed and changed {', '.join(outcome.changed)}")


def fuzz(sandbox: Sandbox, *, count: int, start: int, tally: Tally) -> None:
    """Run until `count` statements were allowed and ran. Raises UnsoundError with the shortest example."""
    guard, texts = new_guard(), statements(sandbox.found())
    while tally.ran < count:
        _chunk(sandbox, guard, texts, tally=tally, start=start)
        start += 1
        changed = sandbox.whole()
        if changed:
            raise UnsoundError(f"the chunk of seed {start - 1} changed {', '.join(changed)}")


def built_in(found: Found) -> list[str]:
    """A statement for every function and every catalog that the server brings along."""
    return [*(f"SELECT {call}" for call in found.calls), *(f"SELECT * FROM {name}" for name in found.relations)]


def _chunk(sandbox: Sandbox, guard: Guard, texts: Text, *, tally: Tally, start: int) -> None:
    @seed(start)
    @settings(
        max_examples=CHUNK,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(data())
    def each(drawn: DataObject) -> None:
        check(sandbox, guard, drawn.draw(texts, label="statement"), tally)

    each()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=20_000, help="allowed statements to run")
    parser.add_argument("--seed", type=int, default=1)
    given_arguments = parser.parse_args()
    tally, began = Tally(), time.monotonic()
    with open_sandbox() as sandbox:
        try:
            guard = new_guard()
            for text in built_in(sandbox.found()):
                check(sandbox, guard, text, tally)
            fuzz(sandbox, count=tally.ran + given_arguments.statements, start=given_arguments.seed, tally=tally)
        finally:
            spent = time.monotonic() - began
            print(f"{tally.made} made, {tally.ran} allowed and run, {tally.worked} without an error, {spent:.0f} s")
    print("nothing changed")


if __name__ == "__main__":
    main()
