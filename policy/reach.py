"""What the rules could ever let anybody do on a resource: asked of the engine itself, for everybody the rules name.

It errs towards "could": approvals count as given, and a rule about one group is asked for that group alone and for all
groups at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.model import Login, Resource
from policy.diff import MOMENTS
from policy.effects import Effect
from policy.engine import Engine
from policy.login import mode_of, select_login
from policy.model import Action, Agent, Deny, Identity, Operation, Query
from policy.rule import nodes

VERBS = ("sql_query", "session")
"""A call and a connection that is held: rules tell them apart."""


@dataclass(slots=True)
class Reach:
    """The questions about one resource. `login` = only those who would get that account there, None = everybody."""

    engine: Engine
    resource: Resource
    login: Login | None = None
    _known: dict[tuple[Action, Effect], bool] = field(default_factory=dict)

    def ever(self, action: Action, effect: Effect) -> bool:
        """Whether somebody could be allowed this, perhaps with an approval."""
        key = action, effect
        if key not in self._known:
            self._known[key] = any(not isinstance(self.engine.decide(query), Deny) for query in self._queries(*key))
        return self._known[key]

    def _queries(self, action: Action, effect: Effect) -> Iterator[Query]:
        moments = MOMENTS if self.engine.document.uses_time else MOMENTS[:1]
        for identity in identities(self.engine, self.resource):
            login = select_login(self.resource, identity)
            if login is None or self.login not in (None, login):
                continue
            for verb in VERBS:
                operation = Operation(
                    self.resource.kind, verb, "", actions=frozenset({action}), effects=frozenset({effect.value})
                )
                for now in moments:
                    mode = mode_of(self.resource, login, identity)
                    yield Query(identity, self.resource, operation, now=now, mode=mode)


def identities(engine: Engine, resource: Resource) -> Iterator[Identity]:
    """Every user, and every group alone and all together, as a person and through an agent."""
    groups = sorted(_named(engine, "Group") | {group for login in resource.logins for group in login.groups})
    users = ["", *sorted(_named(engine, "User"))]
    for agent in (Agent("agent", "agent"), None):
        for user in users:
            for some in [(), *((group,) for group in groups), groups]:
                yield Identity(user or "anybody", "reach", frozenset(some), agent=agent)


def _named(engine: Engine, kind: str) -> set[str]:
    """Ids of the entities of one type that some rule names."""
    found = (node for rule in engine.document.policies for node in nodes(dict(rule.cedar)))
    return {node["id"] for node in found if node.get("type") == kind and isinstance(node.get("id"), str)}
