"""What the demo writes: a configuration that loads, policies that decide, secrets for their owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

from catalog.model import Label, Locator
from policy.document import load_document
from policy.engine import Engine
from policy.login import select_login
from policy.model import Action, Agent, Allow, Deny, Hold, Identity, Operation, Query
from server.config_file import load_config
from server.demo.database import Database
from server.demo.files import (
    ADA,
    DANA,
    LEE,
    PEOPLE,
    Folder,
    Persona,
    account_passwords,
    open_folder,
    role_passwords,
    write_config,
    write_policies,
)
from server.demo.loading import ROLES
from server.inventory import resources_of
from server.secrets import resolve

DATABASE = Database(port=5999, password="unused", version="15.18", source="system")


def written(tmp_path: Path) -> Folder:
    folder = open_folder(tmp_path / "demo")
    role_passwords(folder, ROLES)
    write_policies(folder)
    write_config(folder, DATABASE, port=8099)
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_configuration_loads_and_its_secrets_resolve(tmp_path: Path) -> None:
    folder = written(tmp_path)
    config = load_config(folder.config)
    assert config.mcp_url == "http://127.0.0.1:8099/mcp"
    shop = resources_of(config)["shop"]
    assert shop.scanner is not None
    references = {login.user: login.password for login in (*shop.logins, shop.scanner)}
    assert references.keys() == ROLES.keys()
    for role, reference in references.items():
        assert resolve(reference).expose() == role_passwords(folder, ROLES)[role]


def test_secrets_are_for_their_owner_alone_and_no_file_repeats_them(tmp_path: Path) -> None:
    folder = written(tmp_path)
    passwords = account_passwords(folder)
    assert mode(folder.accounts) == 0o600
    assert mode(folder.secrets) == 0o700
    assert {mode(path) for path in folder.secrets.iterdir()} == {0o600}
    secrets = {*role_passwords(folder, ROLES).values(), DATABASE.password}
    assert not any(secret in folder.config.read_text() for secret in secrets)
    assert len(set(passwords.values())) == len(PEOPLE)


def test_a_second_run_keeps_passwords_and_another_installation_has_others(tmp_path: Path) -> None:
    here, there = open_folder(tmp_path / "here"), open_folder(tmp_path / "there")
    assert account_passwords(here) == account_passwords(here)
    assert role_passwords(here, ROLES) == role_passwords(here, ROLES)
    assert not set(account_passwords(here).values()) & set(account_passwords(there).values())


def test_rules_that_somebody_added_stay(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder.policies / "mine.cedar").write_text("// mine\n")
    write_policies(folder)
    assert {path.name for path in folder.policies.iterdir()} == {"shop.cedar", "mine.cedar"}


def query(
    folder: Folder, person: Persona, action: Action, *, target: tuple[str, str] = ("shop", "orders"), agent: bool = True
) -> Query:
    operation = Operation(
        protocol="postgres",
        verb="sql_query",
        text="",
        actions=frozenset({action}),
        targets=(Locator("table", target),),
    )
    identity = Identity(
        person.name, "s", groups=frozenset(person.groups), agent=Agent("c", "Demo agent") if agent else None
    )
    return Query(identity, resources_of(load_config(folder.config))["shop"], operation, labels=frozenset({Label.EMAIL}))


def test_policies_decide_as_the_story_tells(tmp_path: Path) -> None:
    folder = written(tmp_path)
    engine = Engine(load_document(folder.policies, ["baseline"]))
    assert isinstance(engine.decide(query(folder, DANA, Action.READ)), Allow)
    held = engine.decide(query(folder, DANA, Action.WRITE))
    assert isinstance(held, Hold)
    assert held.approvers == {"leads"}
    assert isinstance(engine.decide(query(folder, DANA, Action.DEFINE)), Deny)
    assert isinstance(engine.decide(query(folder, ADA, Action.READ)), Deny)
    refused = engine.decide(query(folder, DANA, Action.READ, target=("hr", "employees")))
    assert isinstance(refused, Deny)
    assert [reason.rule for reason in refused.reasons] == ["demo.hr-only"]


def test_a_lead_sees_mail_addresses_and_the_leads_agent_does_not(tmp_path: Path) -> None:
    folder = written(tmp_path)
    engine = Engine(load_document(folder.policies, ["baseline"]))
    for agent, expected in ((False, {"EMAIL"}), (True, set())):
        decision = engine.decide(query(folder, LEE, Action.READ, agent=agent))
        assert isinstance(decision, Allow)
        assert decision.obligations.revealed == expected


def test_each_group_gets_the_least_login(tmp_path: Path) -> None:
    folder = written(tmp_path)
    shop = resources_of(load_config(folder.config))["shop"]
    for groups, expected in (
        (DANA.groups, "warded_writer"),
        (LEE.groups, "warded_writer"),
        (ADA.groups, "warded_reader"),
        (("hr",), "warded_hr"),
        ((), "warded_reader"),
    ):
        login = select_login(shop, Identity("x", "s", groups=frozenset(groups)))
        assert login is not None
        assert login.user == expected
