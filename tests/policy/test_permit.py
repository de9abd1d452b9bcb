"""A Permit is made in one place, cannot be changed or multiplied, and opens once."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest

from catalog.model import Login
from policy.model import Allow, Deny, Hold, Obligations
from policy.permit import Permit, PermitSpent, issue
from tests.policy.queries import operation, query

LOGIN = Login("reader")
FLOORS = [Path(__file__).parents[2] / name for name in ("catalog", "policy", "backends", "server")]


def permit() -> Permit:
    return issue(Allow(Obligations(max_rows=5)), query(), login=LOGIN, decision_id="d1")


def test_a_permit_gives_its_query_once() -> None:
    key = permit()
    assert key.obligations == Obligations(max_rows=5)
    assert key.spend() == query()
    with pytest.raises(PermitSpent, match="d1"):
        key.spend()


def test_of_many_threads_one_spends_the_permit() -> None:
    key, ready, spent = permit(), threading.Barrier(8), []

    def spend() -> None:
        ready.wait(timeout=10)
        try:
            spent.append(key.spend())
        except PermitSpent:
            return

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(spent) == 1


@pytest.mark.parametrize("decision", [Deny(), Hold(Allow(), frozenset({"leads"}), 60.0), None], ids=repr)
def test_only_an_allow_becomes_a_permit(decision: Any) -> None:
    with pytest.raises(TypeError, match="only an Allow"):
        issue(decision, query(), login=LOGIN, decision_id="d1")


@pytest.mark.parametrize("mint", [None, object(), True])
def test_a_permit_cannot_be_made_by_hand(mint: Any) -> None:
    with pytest.raises(TypeError, match="nowhere else"):
        Permit(query(), LOGIN, Obligations(), decision_id="d1", mint=mint)


def test_a_permit_cannot_be_derived_from_another() -> None:
    changes: dict[str, Any] = {"query": query(operation(["write"]))}
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(permit(), **changes)


@pytest.mark.parametrize("multiply", [copy.copy, copy.deepcopy, pickle.dumps], ids=lambda call: call.__name__)
def test_a_permit_cannot_be_copied(multiply: Any) -> None:
    with pytest.raises(TypeError, match="a Permit cannot be"):
        multiply(permit())


@pytest.mark.parametrize("field", ["query", "login", "obligations"])
def test_a_permit_cannot_be_changed(field: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(permit(), field, None)


def test_no_other_module_names_the_mint() -> None:
    naming = {path.name for floor in FLOORS for path in floor.rglob("*.py") if "_MINT" in path.read_text("utf-8")}
    assert naming == {"permit.py"}
