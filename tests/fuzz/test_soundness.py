"""What the guard allows for reading changes nothing, in a fixed slice; and the harness sees every kind of change."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from tests.fuzz.sandbox import Sandbox, open_sandbox
from tests.fuzz.soundness import Tally, UnsoundError, built_in, check, fuzz, new_guard

SLICE = 150  # allowed statements of one run
BUILT_IN = 700  # functions and catalogs that are tried; `python -m tests.fuzz.soundness` tries them all
SEED = 7


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox() as sandbox:
        yield sandbox


def test_a_slice_of_allowed_statements_changes_nothing(sandbox: Sandbox) -> None:
    tally = Tally()
    fuzz(sandbox, count=SLICE, start=SEED, tally=tally)
    assert tally.ran >= SLICE
    assert tally.worked >= SLICE / 3, "too few of the statements run: the grammar no longer fits the scratch database"


def test_no_built_in_function_and_no_catalog_that_is_allowed_changes_anything(sandbox: Sandbox) -> None:
    guard, tally = new_guard(), Tally()
    for text in Random(SEED).sample(built_in(sandbox.found()), BUILT_IN):
        check(sandbox, guard, text, tally)
    assert tally.ran > BUILT_IN / 3
    assert not sandbox.whole()


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM audit",
        "SELECT nextval('counter')",
        "SELECT nextval('counter'); ROLLBACK",
        "UPDATE loose SET note = note",
        "SELECT id FROM orders WHERE id = 1 FOR UPDATE",
        "SELECT lo_put(4711, 0, 'x')",
        "SELECT pg_advisory_lock(9)",
        "SET ROLE reader",
        "SET statement_timeout = 0",
        "BEGIN; CREATE TABLE made (id int)",
        "COPY audit TO '@DIR@/made.txt'",
        "COPY audit TO PROGRAM 'cat > @DIR@/program.txt'",
        "ALTER ROLE reader SET work_mem = '2MB'",
        "ALTER SYSTEM SET work_mem = '2MB'",
        "COMMENT ON TABLE audit IS 'seen'",
        "LISTEN somebody; SELECT touch()",
    ],
)
def test_the_harness_sees_a_change(sandbox: Sandbox, text: str) -> None:
    outcome = sandbox.run(text.replace("@DIR@", str(sandbox.folder)))
    sandbox.reset()
    assert outcome.changed, outcome
    assert not outcome.failed


def test_a_guard_that_allows_too_much_is_caught_with_the_statement(sandbox: Sandbox) -> None:
    with pytest.raises(UnsoundError, match="counter"):
        check(sandbox, lambda _text: True, "SELECT nextval('counter')", Tally())
