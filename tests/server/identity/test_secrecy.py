"""Nothing secret in logs, in the store or in what is printed; on one whole log-in with everything that goes wrong."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from server.identity.bootstrap import new_code
from server.identity.tokens import TokenRefused
from server.identity.users import set_password
from server.store.models import Base
from tests.server.identity.site import (
    Site,
    answer_consent,
    authorize_params,
    consent_page,
    exchange,
    hidden,
    query_of,
    refresh,
    register,
)

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse battery staple"


async def eventful_log_in(site: Site) -> dict[str, str]:
    """Every secret that passed by."""
    secrets = {"password": PASSWORD, "setup": await new_code(site.store, clock=site.clock)}
    await set_password(site.store, "ada", PASSWORD)
    async with site.client() as http, site.browser() as browser:
        client = await register(http, token_endpoint_auth_method="client_secret_post")
        secrets["client_secret"] = client["client_secret"]
        start = await browser.get("/authorize", params=authorize_params(client["client_id"]))
        form = await browser.get((await browser.get(start.headers["location"])).headers["location"])
        fields = {"csrf": hidden(form, "csrf"), "request": hidden(form, "request"), "name": "ada"}
        await browser.post("/login", data={**fields, "name": PASSWORD, "password": "ada"})
        await browser.post("/login", data={**fields, "password": PASSWORD})
        secrets["cookie"] = browser.cookies["warded-session"]
        answer = await answer_consent(browser, await consent_page(browser, client["client_id"]))
        secrets["code"] = query_of(answer.headers["location"])["code"]
        proof = {"client_secret": client["client_secret"]}
        first = (await exchange(http, client["client_id"], secrets["code"], **proof)).json()
        second = (await refresh(http, client["client_id"], first["refresh_token"], **proof)).json()
        await site.verifier.verify(second["access_token"])
        await exchange(http, client["client_id"], secrets["code"], **proof)
        await refresh(http, client["client_id"], first["refresh_token"], **proof)
    site.verifier.forget("ada")
    with suppress(TokenRefused):
        await site.verifier.verify(second["access_token"])
    for name, tokens in (("first", first), ("second", second)):
        secrets |= {f"{name} access": tokens["access_token"], f"{name} refresh": tokens["refresh_token"]}
    return secrets


async def test_no_secret_is_logged_or_printed(
    site: Site, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as events:
        caplog.set_level(logging.DEBUG)  # the database drivers' own words too
        secrets = await eventful_log_in(site)
    printed = capfd.readouterr()
    seen = "\n".join([caplog.text, *map(repr, events), printed.out, printed.err])
    assert any(event["event"] == "login ended" for event in events)
    assert [name for name, secret in secrets.items() if secret in seen] == []


async def test_no_secret_is_kept_in_clear(site: Site) -> None:
    secrets = await eventful_log_in(site)
    kept: list[Any] = []
    async with site.store.session() as session:
        for table in Base.metadata.tables:
            kept += (await session.execute(text(f'SELECT * FROM "{table}"'))).all()
    assert kept
    assert [name for name, secret in secrets.items() if secret in repr(kept)] == []
