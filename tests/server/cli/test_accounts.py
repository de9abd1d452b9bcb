"""warded user and token, on both kinds of store."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import make_url

from policy.model import Identity
from server.config_file import load_config
from server.identity.keys import load_keys
from server.identity.tokens import TokenRefused, Verifier
from server.identity.users import authenticate
from server.secrets import exposed
from server.store.engine import open_store
from server.store.models import User
from tests.server.cli.conftest import Make, Warded

PASSWORD = "correct horse battery"


@pytest.fixture
def warded(make_warded: Make, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Warded:
    """On SQLite and on PostgreSQL; the password of the latter by reference."""
    url = make_url(store_url)
    monkeypatch.setenv("STORE_PASSWORD", url.password or "")
    found = make_warded(url._replace(password=None).render_as_string())
    if url.password:
        text = found.config.read_text()
        found.config.write_text(text.replace('"}\nresources', '", password: "env:STORE_PASSWORD"}\nresources'))
    return found


def sign_in(warded: Warded, name: str, password: str) -> User | None:
    async def work() -> User | None:
        config = load_config(warded.config)
        store = await open_store(config.store_url, password=exposed(config.store.password))
        try:
            return await authenticate(store, name, password)
        finally:
            await store.close()

    return asyncio.run(work())


def who(warded: Warded, token: str) -> Identity:
    async def work() -> Identity:
        config = load_config(warded.config)
        store = await open_store(config.store_url, password=exposed(config.store.password))
        try:
            keys = await load_keys(store)
            return await Verifier(keys, store, issuer=config.server.public_url, audience=config.api_url).verify(token)
        finally:
            await store.close()

    return asyncio.run(work())


def add(warded: Warded, name: str = "ada", *groups: str) -> None:
    options = [option for group in groups for option in ("--group", group)]
    warded.ok("user", "add", name, *options, "--password-stdin", input=f"{PASSWORD}\n")


def test_an_account_is_made_listed_and_can_sign_in(warded: Warded) -> None:
    add(warded, "ada", "dba", "developers")
    [listed] = warded.json("user", "list")
    assert (listed["name"], listed["groups"]) == ("ada", ["dba", "developers"])
    assert "password_hash" not in listed
    assert sign_in(warded, "ada", PASSWORD) is not None


def test_a_password_changes_and_a_disabled_account_stays_out(warded: Warded) -> None:
    add(warded)
    warded.ok("user", "passwd", "ada", "--password-stdin", input="another long password\n")
    assert sign_in(warded, "ada", PASSWORD) is None
    assert sign_in(warded, "ada", "another long password") is not None
    assert "disabled" in warded.ok("user", "disable", "ada").stdout
    assert sign_in(warded, "ada", "another long password") is None
    warded.ok("user", "enable", "ada")
    assert sign_in(warded, "ada", "another long password") is not None


def test_groups_are_shown_replaced_and_emptied(warded: Warded) -> None:
    add(warded, "ada", "dba")
    assert warded.json("user", "groups", "ada")["groups"] == ["dba"]
    assert warded.json("user", "groups", "ada", "leads", "ops")["groups"] == ["leads", "ops"]
    assert warded.json("user", "groups", "ada", "--none")["groups"] == []
    assert warded("user", "groups", "ada", "leads", "--none").exit_code == 2


def test_what_cannot_be_done_is_one_line_and_exit_1(warded: Warded) -> None:
    add(warded)
    for words in (["user", "add", "ada"], ["user", "add", "x"], ["user", "passwd", "nobody"]):
        result = warded(*words, "--password-stdin", input="short\n" if "x" in words else f"{PASSWORD}\n")
        assert result.exit_code == 1, words
        assert result.stderr.startswith("error: ")
        assert len(result.stderr.splitlines()) <= 2
    for words in (["user", "groups", "nobody"], ["user", "disable", "nobody"], ["token", "create", "nobody"]):
        assert warded(*words).exit_code == 1, words


def test_without_a_terminal_the_password_is_not_asked_for(warded: Warded) -> None:
    result = warded("user", "add", "ada")
    assert result.exit_code == 2
    assert "--password-stdin" in result.stderr


def test_a_token_stands_for_the_person_until_it_is_revoked(warded: Warded) -> None:
    add(warded, "ada", "dba")
    token = warded.ok("token", "create", "ada").stdout.strip()
    identity = who(warded, token)
    assert (identity.user, identity.via, identity.groups) == ("ada", "person", frozenset({"dba"}))
    [listed] = warded.json("token", "list")
    assert token not in str(listed)
    warded.ok("token", "revoke", listed["id"], "--reason", "lost")
    with pytest.raises(TokenRefused):
        who(warded, token)
    assert warded.json("token", "list") == []
    assert warded("token", "revoke", listed["id"]).exit_code == 1
