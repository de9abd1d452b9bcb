"""The mask key of an installation, and whose pseudonyms agree."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from catalog.cellmask import cell_mask
from catalog.maskkey import MaskKey
from catalog.model import Label, Locator
from policy.model import Identity, Obligations
from server.masks import Masks, Scope, load_mask_key, shown_columns
from server.store.engine import Store
from tests.catalog.places import SHOP, labels
from tests.policy.queries import identity, operation, query, resource

KEY = MaskKey("k", bytes(32))
ASKED = Obligations(masks=((Label.EMAIL, "pseudonym"),))


def pseudonym(masks: Masks, *, name: str = "shop-db", who: Identity | None = None) -> str | None:
    asked = replace(query(), resource=resource(name=name), identity=who or identity())
    return cell_mask(Label.EMAIL, "text", masks.manner(asked, ASKED)).apply("jane@example.com")


@pytest.mark.anyio
async def test_the_first_start_makes_the_key_and_later_ones_find_it(store: Store) -> None:
    first, second = await asyncio.gather(load_mask_key(store), load_mask_key(store))
    assert first == second == await load_mask_key(store)
    assert len(set(first.secret)) > 8


@pytest.mark.parametrize(
    ("scope", "other_resource", "other_session"),
    [("installation", True, True), ("resource", False, True), ("session", True, False)],
)
def test_pseudonyms_agree_within_their_scope(scope: Scope, other_resource: bool, other_session: bool) -> None:
    masks = Masks(KEY, scope=scope, clock=lambda: 0.0)
    here = pseudonym(masks)
    assert (pseudonym(masks, name="other") == here) is other_resource
    assert (pseudonym(masks, who=identity("bob")) == here) is other_session


def test_a_manner_is_made_once_for_all_calls_alike() -> None:
    masks = Masks(KEY, scope="installation", clock=lambda: 0.0)
    assert masks.manner(query(), ASKED) is masks.manner(query(), ASKED)
    assert masks.manner(query(), ASKED) is not masks.manner(query(), Obligations())


def test_great_age_is_told_by_the_year_it_is() -> None:
    masks = Masks(KEY, scope="installation", clock=lambda: 1_767_225_600.0)  # 2026-01-01
    mask = cell_mask(Label.DOB, "date", masks.manner(query(), Obligations()))
    assert mask.apply("1901-05-05") == mask.apply("1936-12-31") == "1936-01-01"
    assert mask.apply("1937-02-02") == "1937-01-01"


def test_columns_are_shown_only_for_the_labels_that_were_granted() -> None:
    email, phone = (Locator("column", ("", "customers", name)) for name in ("email", "phone"))
    asked = query(replace(operation(), reveals=(email, phone)))
    known = labels(SHOP)
    assert shown_columns(asked, Obligations(reveals=frozenset({Label.EMAIL})), known) == {email}
    assert shown_columns(asked, Obligations(), known) == frozenset()
