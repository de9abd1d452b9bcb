"""What was masked on the way out is not written back in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog.cellmask import Manner, cell_mask
from catalog.maskkey import Keyed, MaskKey
from catalog.model import Label, Locator
from policy.document import Source, build_document, load_document
from policy.effects import Effect
from policy.engine import Engine
from policy.model import Deny, Operation
from policy.writeback import with_write_back
from tests.catalog.places import SHOP, labels, table
from tests.policy.queries import OPEN, operation, query

KEYED = Keyed(MaskKey("k", bytes(range(32))))
KNOWN = labels(SHOP)


def write(*literals: str, parameters: tuple[object, ...] = (), target: str = "public.customers") -> Operation:
    made = operation(["write"], ["insert"])
    return replace(made, literals=literals, parameters=parameters, targets=(table(target),))


def is_refused(asked: Operation) -> bool:
    return Effect.MASKED_WRITE in with_write_back(asked, KNOWN, KEYED).effects


@pytest.mark.parametrize("mask", ["[EMAIL]", "j***@e***.com", "+*******67", "**** **** **** 4242", "note: [MASKED]"])
def test_a_mask_in_a_literal_or_a_parameter_is_a_write_back(mask: str) -> None:
    assert is_refused(write("x", mask))
    assert is_refused(write(parameters=(1, None, mask)))
    assert is_refused(write(parameters=([["x", mask]],)))
    assert is_refused(write(parameters=(mask.encode(),)))


@pytest.mark.parametrize("label", [Label.EMAIL, Label.PERSON, Label.DIAGNOSIS])
def test_a_pseudonym_is_a_write_back_whatever_its_scope(label: Label) -> None:
    session = Keyed(MaskKey("k", bytes(range(32))), "session 7")
    made = cell_mask(label, "text", Manner({label: "pseudonym"}, keyed=session)).apply("jane@example.com")
    assert is_refused(write(made or ""))


def test_real_values_pass_and_so_do_masks_where_nothing_is_labelled() -> None:
    assert not is_refused(write("jane@example.com", "+49 170 1234567", parameters=("4242424242424242", 7)))
    assert not is_refused(write("[EMAIL]", target="public.orders"))
    assert is_refused(write("[EMAIL]", target="public.never_scanned"))


def test_reading_is_no_write_back() -> None:
    asked = replace(operation(["read"], ["read"]), parameters=("[EMAIL]",), targets=(table("public.customers"),))
    assert not is_refused(asked)


def test_an_opaque_write_is_looked_at_whatever_its_targets() -> None:
    assert is_refused(replace(write("[EMAIL]", target="public.orders"), opaque=True))


def test_the_default_pack_refuses_a_write_back_with_a_remedy() -> None:
    baseline = Source("baseline.cedar", "\n".join(rule.text for rule in load_document(None, ["baseline"]).policies))
    rules = Engine(build_document([baseline, Source("open.cedar", OPEN)]))
    decision = rules.decide(query(with_write_back(write("[EMAIL]"), KNOWN, KEYED)))
    assert isinstance(decision, Deny)
    assert "baseline.masked-write" in {reason.rule for reason in decision.reasons}
    assert "Leave the masked columns out" in decision.remedy
    assert Locator("table", ("public", "customers")) in write("x").targets
