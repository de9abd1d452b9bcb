"""The way a client takes: register, authorize, consent, code, token, refresh. RFC 6749, 7636, 8707, 9207."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from policy.model import Agent
from server.identity.tokens import TokenRefused
from server.identity.users import disable_user
from tests.server.identity.site import (
    CALLBACK,
    MCP,
    ORIGIN,
    Site,
    answer_consent,
    consent_page,
    exchange,
    get_code,
    log_in,
    part,
    query_of,
    refresh,
    register,
)

pytestmark = pytest.mark.anyio


async def refused(site: Site, token: str) -> str:
    with pytest.raises(TokenRefused) as caught:
        await site.verifier.verify(token)
    return caught.value.description


async def test_a_log_in_yields_a_token_that_names_the_person_the_agent_and_the_session(site: Site) -> None:
    client_id, answer = await log_in(site)
    identity = await site.verifier.verify(answer["access_token"])
    assert identity.user == "ada"
    assert identity.groups == {"dba"}
    assert identity.attributes == {"team": "shop"}
    assert identity.agent == Agent(client_id, "Claude Code")
    assert identity.via == "agent"
    assert identity.scopes == {"mcp:tools"}
    assert identity.expires_at == site.clock() + 600
    assert identity.session == part(answer["access_token"], 1)["sid"]
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 600
    assert answer["scope"] == "mcp:tools"


async def test_the_token_is_an_es256_at_jwt_for_the_mcp_endpoint(site: Site) -> None:
    _, answer = await log_in(site)
    header, claims = part(answer["access_token"], 0), part(answer["access_token"], 1)
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ORIGIN, MCP, "ada")


async def test_the_answer_through_the_browser_carries_state_and_issuer(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client = await register(http)
        answer = await answer_consent(browser, await consent_page(browser, client["client_id"]))
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    assert query_of(answer.headers["location"])["state"] == "s-1"
    assert query_of(answer.headers["location"])["iss"] == ORIGIN


async def test_a_denied_request_tells_the_client_with_state_and_issuer(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client = await register(http)
        answer = await answer_consent(browser, await consent_page(browser, client["client_id"]), "deny")
    sent = query_of(answer.headers["location"])
    assert (sent["error"], sent["state"], sent["iss"]) == ("access_denied", "s-1", ORIGIN)
    assert "code" not in sent


async def test_a_missing_resource_means_the_one_mcp_endpoint(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id = (await register(http))["client_id"]
        answer = await exchange(http, client_id, await get_code(browser, client_id, resource=None), resource=None)
    assert part(answer.json()["access_token"], 1)["aud"] == MCP


@pytest.mark.parametrize("spelling", [f"{MCP}/", MCP.replace("http://", "HTTP://")])
async def test_spellings_that_clients_are_known_to_use_mean_the_same_resource(site: Site, spelling: str) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id = (await register(http))["client_id"]
        answer = await exchange(http, client_id, await get_code(browser, client_id, resource=spelling))
    assert part(answer.json()["access_token"], 1)["aud"] == MCP


async def test_a_code_used_twice_revokes_the_login(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id = (await register(http))["client_id"]
        code = await get_code(browser, client_id)
        first = (await exchange(http, client_id, code)).json()
        await site.verifier.verify(first["access_token"])
        second = await exchange(http, client_id, code)
        assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
        assert await refused(site, first["access_token"]) == "The log-in has been ended. Sign in again."
        assert (await refresh(http, client_id, first["refresh_token"])).json()["error"] == "invalid_grant"


async def test_of_simultaneous_exchanges_of_one_code_at_most_one_wins(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id = (await register(http))["client_id"]
        code = await get_code(browser, client_id)
        answers = await asyncio.gather(*[exchange(http, client_id, code) for _ in range(4)])
        won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert await refused(site, won[0]["access_token"]) == "The log-in has been ended. Sign in again."


async def test_a_code_ends_after_two_minutes(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id = (await register(http))["client_id"]
        code = await get_code(browser, client_id)
        site.clock.advance(121)
        assert (await exchange(http, client_id, code)).json()["error"] == "invalid_grant"


async def test_refreshing_rotates_the_refresh_token_and_keeps_the_session(site: Site) -> None:
    client_id, first = await log_in(site)
    async with site.client() as http:
        second = (await refresh(http, client_id, first["refresh_token"])).json()
        third = (await refresh(http, client_id, second["refresh_token"], resource=MCP)).json()
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert len({part(answer["access_token"], 1)["sid"] for answer in (first, second, third)}) == 1
    assert (await site.verifier.verify(third["access_token"])).user == "ada"


async def test_a_refresh_token_used_twice_revokes_the_whole_family_at_once(site: Site) -> None:
    client_id, first = await log_in(site)
    async with site.client() as http:
        second = (await refresh(http, client_id, first["refresh_token"])).json()
        await site.verifier.verify(second["access_token"])
        assert (await refresh(http, client_id, first["refresh_token"])).json()["error"] == "invalid_grant"
        assert (await refresh(http, client_id, second["refresh_token"])).json()["error"] == "invalid_grant"
    assert await refused(site, first["access_token"]) == "The log-in has been ended. Sign in again."
    assert await refused(site, second["access_token"]) == "The log-in has been ended. Sign in again."


async def test_of_simultaneous_refreshes_at_most_one_wins(site: Site) -> None:
    client_id, first = await log_in(site)
    async with site.client() as http:
        answers = await asyncio.gather(*[refresh(http, client_id, first["refresh_token"]) for _ in range(4)])
    assert sum(answer.status_code == 200 for answer in answers) == 1


async def test_a_refresh_token_ends_when_it_is_not_used(site: Site) -> None:
    client_id, first = await log_in(site)
    site.clock.advance(30 * 86400 + 1)
    async with site.client() as http:
        assert (await refresh(http, client_id, first["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_refresh_token_is_of_no_use_to_another_client(site: Site) -> None:
    _, first = await log_in(site)
    async with site.client() as http:
        other = (await register(http))["client_id"]
        assert (await refresh(http, other, first["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_code_is_of_no_use_to_another_client(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id, other = [(await register(http))["client_id"] for _ in range(2)]
        code = await get_code(browser, client_id)
        assert (await exchange(http, other, code)).json()["error"] == "invalid_grant"
        assert (await exchange(http, client_id, code)).status_code == 200


async def test_scope_cannot_grow_at_refresh(site: Site) -> None:
    client_id, first = await log_in(site)
    async with site.client() as http:
        answer = await refresh(http, client_id, first["refresh_token"], scope="mcp:tools admin")
    assert answer.json()["error"] == "invalid_scope"


async def test_a_disabled_person_gets_no_tokens_and_theirs_stop(site: Site) -> None:
    client_id, first = await log_in(site)
    await site.verifier.verify(first["access_token"])
    await disable_user(site.store, "ada", clock=site.clock)
    async with site.client() as http:
        assert (await refresh(http, client_id, first["refresh_token"])).json()["error"] == "invalid_grant"
    site.clock.advance(60)
    assert await refused(site, first["access_token"]) == "The account is disabled."


async def test_a_code_is_not_exchanged_for_a_person_who_was_disabled_meanwhile(site: Site) -> None:
    async with site.client() as http, await site.signed_in("ada") as browser:
        client_id = (await register(http))["client_id"]
        code = await get_code(browser, client_id)
        await disable_user(site.store, "ada", clock=site.clock)
        assert (await exchange(http, client_id, code)).json()["error"] == "invalid_grant"


async def revoke(http: httpx.AsyncClient, client_id: str, token: str, **extra: str) -> int:
    return (await http.post("/revoke", data={"client_id": client_id, "token": token, **extra})).status_code


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_the_log_in_at_once(site: Site, kind: str) -> None:
    client_id, first = await log_in(site)
    await site.verifier.verify(first["access_token"])
    async with site.client() as http:
        assert await revoke(http, client_id, first[kind], token_type_hint=kind) == 200
        assert (await refresh(http, client_id, first["refresh_token"])).json()["error"] == "invalid_grant"
    assert await refused(site, first["access_token"]) == "The log-in has been ended. Sign in again."


async def test_revoking_nonsense_or_anothers_token_succeeds_and_changes_nothing(site: Site) -> None:
    _, first = await log_in(site)
    async with site.client() as http:
        other = (await register(http))["client_id"]
        assert await revoke(http, other, "nonsense") == 200
        assert await revoke(http, other, first["access_token"], token_type_hint="unheard_of") == 200
        assert await revoke(http, other, first["refresh_token"]) == 200
    assert (await site.verifier.verify(first["access_token"])).user == "ada"
