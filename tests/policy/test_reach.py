"""What the rules could ever let anybody do."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.model import Login, Resource
from policy.document import load_document
from policy.effects import Effect
from policy.engine import Engine
from policy.model import Action
from policy.reach import Reach

RULES = """
@id("writers") permit (principal in Group::"writers", action in [Action::"connect", Action::"read", Action::"write"],
  resource is Resource) when { context.via == "person" };
@id("readers") permit (principal in Group::"readers", action in [Action::"connect", Action::"read"],
  resource is Resource);
@id("ann") permit (principal == User::"ann", action == Action::"define", resource is Resource);
@id("never") forbid (principal, action, resource is Resource) when { context.effects.contains("truncate") };
@id("asked") @hold("dba") forbid (principal, action == Action::"write", resource is Resource)
  when { context.effects.contains("scoped-delete") } unless { context.approvals.contains("dba") };
@id("bad-readers") forbid (principal in Group::"readers", action == Action::"write", resource is Resource);
"""
AGENTS, PEOPLE = Login("low", via="agent"), Login("high", via="person")
SHOP = Resource("shop", "postgres", "", logins=(AGENTS, PEOPLE))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    (tmp_path / "rules.cedar").write_text(RULES)
    return Engine(load_document(tmp_path, ()))


@pytest.mark.parametrize(
    ("action", "effect", "expected"),
    [
        (Action.READ, Effect.READ, True),
        (Action.WRITE, Effect.INSERT, True),
        (Action.WRITE, Effect.SCOPED_DELETE, True),
        (Action.WRITE, Effect.TRUNCATE, False),
        (Action.DEFINE, Effect.CREATE, True),
        (Action.ADMINISTER, Effect.GRANT, False),
    ],
)
def test_somebody_may_do_what_some_rule_permits_and_none_forbids_for_good(
    engine: Engine, action: Action, effect: Effect, expected: bool
) -> None:
    assert Reach(engine, SHOP).ever(action, effect) is expected


def test_only_those_who_get_a_login_count_for_it(engine: Engine) -> None:
    assert Reach(engine, SHOP, PEOPLE).ever(Action.WRITE, Effect.INSERT)
    assert not Reach(engine, SHOP, AGENTS).ever(Action.WRITE, Effect.INSERT)
    assert Reach(engine, SHOP, AGENTS).ever(Action.READ, Effect.READ)
