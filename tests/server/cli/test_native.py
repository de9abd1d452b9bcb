"""warded connect, psql and credentials: the way to a native door, and no secret where none belongs."""

from __future__ import annotations

import os

import pytest

from tests.server.cli.conftest import Warded

DOOR = "listeners: {postgres: {port: 6543}}\n"


@pytest.fixture
def token(warded: Warded) -> str:
    warded.config.write_text(warded.config.read_text() + DOOR)
    warded.ok("user", "add", "ada", "--password-stdin", input="correct horse battery\n")
    return warded.ok("token", "create", "ada").stdout.strip()


def test_connect_prints_how_to_get_there_and_no_token(warded: Warded, token: str) -> None:
    shown = warded("connect", "shop", env={"WARDED_TOKEN": token})
    assert shown.exit_code == 0
    assert "export PGPORT='6543'" in shown.stdout
    assert "export PGUSER='ada'" in shown.stdout
    assert 'export PGPASSWORD="$WARDED_TOKEN"' in shown.stdout
    assert "postgresql://ada@127.0.0.1:6543/shop?sslmode=disable" in shown.output
    assert token not in shown.output


def test_psql_is_started_with_the_token_in_its_environment_only(
    warded: Warded, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execvpe", lambda *arguments: started.append(arguments))
    assert warded("psql", "shop", "--", "-c", "SELECT 1", env={"WARDED_TOKEN": token}).exit_code == 0
    ((program, arguments, environment),) = started
    assert (program, arguments) == ("psql", ["psql", "-c", "SELECT 1"])
    assert (environment["PGPASSWORD"], environment["PGDATABASE"], environment["PGSSLMODE"]) == (
        token,
        "shop",
        "disable",
    )


def test_without_a_token_or_a_door_they_say_what_is_missing(warded: Warded, token: str) -> None:
    assert "needs your token" in warded("connect", "shop").output
    assert "no PostgreSQL resource 'nowhere'" in warded("connect", "nowhere", env={"WARDED_TOKEN": token}).output
    warded.config.write_text(warded.config.read_text().replace(DOOR, ""))
    assert "listeners.postgres" in warded("psql", "shop", env={"WARDED_TOKEN": token}).output


def test_a_credential_is_made_shown_once_listed_and_revoked(warded: Warded, token: str) -> None:
    made = warded.json("credentials", "create", "ada", "shop", "--hours", "2")
    assert made["user"] == f"ada~{made['id']}"
    assert made["password"].startswith(f"wdn_{made['id']}_")
    listed = warded.ok("credentials", "list", "--json").stdout
    assert made["id"] in listed
    assert made["password"].rpartition("_")[2] not in listed
    warded.ok("credentials", "revoke", made["id"])
    assert warded.json("credentials", "list") == []
    assert warded("credentials", "revoke", made["id"]).exit_code == 1
    assert "no resource" in warded("credentials", "create", "ada", "nowhere").output
    assert warded("credentials", "create", "nobody", "shop").exit_code == 1
