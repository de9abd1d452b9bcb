"""The walk over a raw parse tree: every node is visited, none is assumed harmless.

Iterative, so that depth is no danger. What a node type means is said by `handlers` (see judge.py); a type that is
neither handled nor on the allow-list of nodes.py makes the statement `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from backends.postgres.facts import Facts
from backends.postgres.functions import Verdict
from backends.postgres.nodes import EMBEDDED, LEAVES, PLAIN
from backends.postgres.scope import Scope
from policy.effects import Effect
from policy.model import Action

Tree = dict[str, Any]
Handler = Callable[["Walk", Tree, Scope], None]
NO_FIELDS: Mapping[str, str] = {}
MAX_TEXTS = 64  # SQL texts inside strings and bodies that one statement may bring along


class Walk:
    """One statement under judgement. `variables` are PL/pgSQL variables in sight; `parameters` fill $1, $2, …

    `used_parameters` tells afterwards whether a predicate asked for a parameter's value, so that the facts hold
    only for these values.
    """

    __slots__ = ("_handlers", "_pending", "facts", "parameters", "texts", "used_parameters", "variables")

    def __init__(self, handlers: Mapping[str, Handler], parameters: Sequence[object] = ()) -> None:
        self.facts = Facts()
        self.parameters = parameters
        self.variables: set[str] = set()
        self.used_parameters = False
        self.texts = MAX_TEXTS
        self._handlers = handlers
        self._pending: list[tuple[str, Tree, Scope]] = []

    def run(self) -> None:
        """Visit everything that was pushed, and what that pushes in turn."""
        pending, handlers = self._pending, self._handlers
        while pending:
            kind, node, scope = pending.pop()
            handler = handlers.get(kind)
            if handler is not None:
                handler(self, node, scope)
            elif kind in PLAIN:
                self.push_fields(kind, node, scope)
            elif kind not in LEAVES:
                self.facts.unknown(f"the syntax node {kind} is not known")

    def push(self, kind: str, node: Tree, scope: Scope) -> None:
        self._pending.append((kind, node, scope))

    def push_wrapped(self, value: Tree | list[Tree] | None, scope: Scope) -> None:
        """One node, or a list of nodes, that carry their type names. An empty dict stands for NULL."""
        for item in value if isinstance(value, list) else (value,):
            if item:
                self._push_item(item, scope)

    def _push_item(self, item: Tree, scope: Scope) -> None:
        for kind, node in item.items():
            if len(item) > 1 or not kind[0].isupper() or not isinstance(node, dict):
                self.facts.unknown("the syntax tree has an unexpected form")
            elif kind not in LEAVES:
                self._pending.append((kind, node, scope))

    def push_fields(self, kind: str, node: Tree, scope: Scope, *, skip: Collection[str] = ()) -> None:
        """Every node below this one, except in the fields to `skip`."""
        embedded = EMBEDDED.get(kind, NO_FIELDS)
        for name, value in node.items():
            if isinstance(value, dict):
                if name in skip:
                    continue
                if name in embedded:
                    self._pending.append((embedded[name], value, scope))
                elif value:
                    self._push_item(value, scope)
            elif isinstance(value, list) and name not in skip:
                for item in value:
                    if item and isinstance(item, dict):
                        self._push_item(item, scope)

    def mark(self, scope: Scope, actions: Iterable[Action], *effects: Effect) -> None:
        """What the statement itself does; inside a plain EXPLAIN it is not done."""
        if not scope.planned:
            self.facts.add(actions, effects)

    def call(self, verdict: Verdict | None) -> None:
        """What a function does counts even inside EXPLAIN: planning may evaluate it."""
        if verdict is not None:
            self.facts.add(verdict.actions, verdict.effects, opaque=verdict.opaque)
