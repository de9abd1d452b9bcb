"""A login's rights against what the policy could ever allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.base import Right
from catalog.model import Login, Resource
from policy.document import load_document
from policy.effects import Effect
from policy.engine import Engine
from policy.model import Action
from policy.reach import Reach
from server.doctor.rights import excess

LOGIN = Login("app")
SHOP = Resource("shop", "postgres", "", tags={"env": "prod"}, logins=(LOGIN,))
PERMIT = """
@id("all") permit (principal in Group::"dev", action in [Action::"connect", Action::"read", Action::"write"], resource);
"""
RIGHTS = [
    Right("INSERT on app.orders", ((Action.WRITE, Effect.INSERT),), "REVOKE INSERT ON app.orders FROM app"),
    Right("TRUNCATE on app.orders", ((Action.WRITE, Effect.TRUNCATE),), "REVOKE TRUNCATE ON app.orders FROM app"),
    Right("bypasses row security", (), "ALTER ROLE app NOBYPASSRLS"),
]


@pytest.fixture
def reach(tmp_path: Path) -> Reach:
    (tmp_path / "rules.cedar").write_text(PERMIT)
    return Reach(Engine(load_document(tmp_path, ["baseline"])), SHOP, LOGIN)


def test_rights_that_no_rule_ever_lets_anybody_use_are_named_with_their_remedy(reach: Reach) -> None:
    lines = list(excess(RIGHTS, reach, resource=SHOP, login=LOGIN))
    assert [(line.status, line.remedy) for line in lines] == [
        ("warn", "REVOKE TRUNCATE ON app.orders FROM app;"),
        ("fail", "ALTER ROLE app NOBYPASSRLS;"),
    ]
    assert lines[0].detail == "login app: TRUNCATE on app.orders; the policy never allows it"


def test_a_login_without_them_is_well(reach: Reach) -> None:
    (line,) = excess(RIGHTS[:1], reach, resource=SHOP, login=LOGIN)
    assert line.status == "ok"
