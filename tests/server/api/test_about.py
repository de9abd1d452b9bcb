"""Whoami, resources, columns, rules, and the API's description of itself."""

from __future__ import annotations

import pytest

from server.store.models import CatalogColumn
from tests.server.api.conftest import Api

pytestmark = pytest.mark.anyio


async def test_whoami_tells_who_the_token_stands_for(api: Api) -> None:
    async with await api.as_("lee") as client:
        found = (await client.get("/api/v1/whoami")).json()
    assert (found["user"], found["groups"]) == ("lee", ["developers", "leads"])


async def test_only_what_policy_lets_a_person_reach_is_listed(api: Api) -> None:
    async with await api.as_("dana") as client:
        [shop] = (await client.get("/api/v1/resources")).json()
    assert (shop["name"], shop["tags"]) == ("shop", {"env": "prod"})
    async with await api.as_("ada") as client:
        assert (await client.get("/api/v1/resources")).json() == []


async def test_columns_show_labels_and_only_of_what_one_can_reach(api: Api) -> None:
    column = CatalogColumn(
        resource="shop", schema="public", table="customers", column="email", type="text", label="EMAIL", scanned_at=1.0
    )
    async with api.store.session() as session:
        session.add(column)
    async with await api.as_("dana") as client:
        [found] = (await client.get("/api/v1/catalog/shop/columns")).json()
        assert (found["schema"], found["column"], found["label"]) == ("public", "email", "EMAIL")
        hidden, missing = [await client.get(f"/api/v1/catalog/{name}/columns") for name in ("hr", "none")]
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()


async def test_the_rules_in_force_are_shown_with_their_text(api: Api) -> None:
    async with await api.as_("max") as client:
        found = (await client.get("/api/v1/policies")).json()
    assert found["version"] == api.policies.current.version
    assert [rule["id"] for rule in found["rules"]] == ["developers-read-the-shop"]
    assert "permit" in found["rules"][0]["text"]


async def test_the_page_lists_every_operation_and_loads_nothing_from_elsewhere(api: Api) -> None:
    async with api.client() as client:
        document = (await client.get("/api/openapi.json")).json()
        page = await client.get("/api/docs")
        style = await client.get("/api/docs.css")
    assert all(path in page.text for path in document["paths"])
    assert "http" not in page.text.replace("https://example", "")
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert style.headers["content-type"].startswith("text/css")


async def test_every_operation_is_described_and_tells_its_refusals(api: Api) -> None:
    async with api.client() as client:
        document = (await client.get("/api/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert operation["security"] == [{"HTTPBearer": []}]
            assert {"401", "403", "503"} <= set(operation["responses"])
            for status in ("401", "403"):
                assert "application/problem+json" in operation["responses"][status]["content"]


async def test_every_kind_of_problem_that_can_be_answered_is_explained_on_the_page(api: Api) -> None:
    async with api.client() as client:
        page = (await client.get("/api/docs")).text
        refusal = (await client.get("/api/v1/whoami")).json()
    assert f'id="{refusal["type"].partition("#")[2]}"' in page
