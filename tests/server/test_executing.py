"""The stage mask when things go wrong: what cannot be masked for certain does not leave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import cast

import pytest

from backends.base import Chunk, Column, Columns, Done, Rows
from backends.errors import UpstreamError
from catalog.maskkey import MaskKey
from catalog.model import Label, Login
from policy.model import Allow, Obligations
from policy.permit import issue
from server.answer import Answer
from server.catalog.net import Net
from server.catalog.readings import Readings
from server.config import Limits
from server.executing import Executor
from server.masks import Masks
from server.metrics import Metrics
from server.stages import Stages, Timings
from server.upstreams import LabelBook, Upstreams
from tests.catalog.places import SHOP, column, labels, table
from tests.policy.queries import operation, query
from tests.server.catalog.test_net import Noted

pytestmark = pytest.mark.anyio

EMAIL = Column("email", "text", column("public.customers.email"))
COUNTRY = Column("country", "text", column("public.customers.country"))
ADDRESS = "jane@example.com"


class Says:
    """An upstream that answers with these chunks, or dies of the error among them."""

    def __init__(self, *chunks: Chunk | Exception) -> None:
        self.chunks = chunks

    def get(self, _resource: object) -> Says:
        return self

    async def execute(self, *_permit: object, **_options: object) -> AsyncIterator[Chunk]:
        for chunk in self.chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk


class NoReadings:
    def note(self, *_what: object) -> None:
        pass


async def answer(*chunks: Chunk | Exception, obligations: Obligations | None = None) -> Answer:
    metrics, book = Metrics(version="test"), LabelBook(on_unscanned=lambda _name: None)
    asked = query(replace(operation(), targets=(table("public.customers"),), columns=(EMAIL.origin, COUNTRY.origin)))  # type: ignore[arg-type]
    book.replace(asked.resource.name, labels(SHOP))
    executor = Executor(
        upstreams=cast(Upstreams, Says(*chunks)),
        labels=book,
        bounds=Limits(),
        stages=Stages(metrics),
        net=Net(Noted(), metrics),
        readings=cast(Readings, NoReadings()),
        masks=Masks(MaskKey("k", bytes(32)), scope="installation", clock=lambda: 0.0),
    )
    permit = issue(Allow(obligations or Obligations()), asked, login=Login("app"), decision_id="d1")
    found, _cells = await executor.execute(permit, reasons=(), label="test", timings=Timings())
    return found


def rows(*cells: Sequence[str | None]) -> Rows:
    return Rows([list(row) for row in cells])


async def test_columns_are_masked_and_null_stays_null() -> None:
    found = await answer(Columns((EMAIL, COUNTRY)), rows([ADDRESS, "DE"], [None, "IT"]), Done())
    assert list(found.rows) == [["j***@e***.com", "DE"], [None, "IT"]]
    assert [(m.label, m.mask) for m in found.masked] == [("EMAIL", "partial")]


async def test_the_kind_that_the_rules_chose_is_told_with_its_key() -> None:
    chosen = Obligations(masks=((Label.EMAIL, "pseudonym"),))
    found = await answer(Columns((EMAIL,)), rows([ADDRESS]), Done(), obligations=chosen)
    assert (found.masked[0].mask, found.mask_key) == ("pseudonym", "k")
    assert ADDRESS not in str(found.rows)


async def test_a_row_of_another_shape_than_announced_does_not_leave() -> None:
    for row in ([ADDRESS], ["DE", ADDRESS, "x"], []):
        with pytest.raises(ValueError, match="a plan for 2") as refused:
            await answer(Columns((EMAIL, COUNTRY)), rows(row), Done())
        assert ADDRESS not in str(refused.value)


async def test_a_second_shape_is_masked_anew() -> None:
    """The schema changed between planning and running: the columns stand the other way round now."""
    found = await answer(Columns((EMAIL, COUNTRY)), Columns((COUNTRY, EMAIL)), rows(["DE", ADDRESS]), Done())
    assert list(found.rows) == [["DE", "j***@e***.com"]]


async def test_rows_that_nobody_announced_are_no_answer() -> None:
    found = await answer(rows([ADDRESS]), Done())
    assert found.problem is not None
    assert found.problem.code == "protocol"
    assert ADDRESS not in str(found)


async def test_an_answer_without_an_end_is_no_answer() -> None:
    found = await answer(Columns((EMAIL,)), rows([ADDRESS]))
    assert found.problem is not None
    assert (found.problem.code, list(found.rows)) == ("lost", [])


async def test_the_words_of_the_target_are_replaced_where_they_may_hold_a_hidden_value() -> None:
    error = UpstreamError("23505", f"Key (email)=({ADDRESS}) already exists.", "unique violation")
    found = await answer(Columns((EMAIL,)), error)
    assert found.problem is not None
    assert (found.problem.code, found.problem.message) == ("23505", "unique violation")
    shown = await answer(error, obligations=Obligations(revealed=frozenset(Label)))
    assert shown.problem is not None
    assert ADDRESS in shown.problem.message


async def test_notices_are_kept_back_where_they_may_hold_a_hidden_value() -> None:
    done = Done(notices=(f"value {ADDRESS}",))
    assert (await answer(done)).notices == ()
    assert (await answer(done, obligations=Obligations(revealed=frozenset(Label)))).notices == done.notices


@pytest.mark.parametrize(
    ("type_name", "value", "left"),
    [
        ("text", "x" * (1 << 20) + ADDRESS, "[EMAIL]"),
        ("varchar(5)", ADDRESS, "j***@"),
        ("text", f"{ADDRESS}, {ADDRESS}", "[EMAIL]"),
        ("customer_kind", ADDRESS, None),
        ("text[]", "{" + ADDRESS, '{"[EMAIL]"}'),
        ("jsonb", '{"a": "' + ADDRESS, '"[EMAIL]"'),
        ("jsonb", "[" * 100_000, '"[EMAIL]"'),
        ("bytea", "\\x6a616e65", None),
    ],
)
async def test_a_value_that_is_not_as_expected_is_hidden_whole(type_name: str, value: str, left: str | None) -> None:
    found = await answer(Columns((replace(EMAIL, type=type_name),)), rows([value]), Done())
    assert found.rows[0][0] == left
