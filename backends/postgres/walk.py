"""The walk over a raw parse tree: every node is visited, none is assumed harmless.

Iterative, so that depth is no danger. What a node type means is said by `handlers` (see judge.py); a type that is
neither handled nor on the allow-list of nodes.py makes the statement `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backends.postgres.facts import Facts
from backends.postgres.functions import Verdict
from backends.postgres.nodes import EMBEDDED, LEAVES, PLAIN
from backends.postgres.outputs import Output
from backends.postgres.scope import Scope, Source
from backends.postgres.target import Target
from backends.postgres.uses import IGNORED, PREDICATE, Use, use_inside
from policy.effects import Effect
from policy.model import Action

Tree = dict[str, Any]
Handler = Callable[["Walk", Tree, Scope], None]
NO_FIELDS: Mapping[str, str] = {}
MAX_TEXTS = 64  # SQL texts inside strings and bodies that one statement may bring along


@dataclass(frozen=True, slots=True)
class Demand:
    """A column of a derived relation that is used: by name, by index, or (neither) all of them.

    `sure` = the relation has it; else it only may.
    """

    source: Source
    use: Use
    name: str
    index: int
    sure: bool


class Walk:
    """One statement under judgement. `variables` are PL/pgSQL variables in sight; `parameters` fill $1, $2, …

    `used_parameters` tells afterwards whether a predicate asked for a parameter's value, so that the facts hold
    only for these values. `use` is how columns are used where the walk stands; what is pushed inherits it. `demands`
    are uses that steering.py has yet to follow into sub-selects, whose scopes are in `levels` by the id of their node.
    `outputs` are their columns. `resolved` are the bare names that were looked up already, which need no second look.
    Nodes and scopes whose ids count are kept, so that no other can take their place. `target` = what the database
    itself says of names, None = it was not asked.
    """

    __slots__ = (
        "_handlers",
        "_pending",
        "demanded",
        "demands",
        "facts",
        "levels",
        "outputs",
        "parameters",
        "resolved",
        "target",
        "texts",
        "use",
        "used_parameters",
        "variables",
    )

    def __init__(
        self, handlers: Mapping[str, Handler], parameters: Sequence[object] = (), *, target: Target | None = None
    ) -> None:
        self.facts = Facts(exact=target is not None)
        self.target = target
        self.parameters = parameters
        self.variables: set[str] = set()
        self.used_parameters = False
        self.texts = MAX_TEXTS
        self.use: Use = PREDICATE
        self.demands: list[Demand] = []
        self.demanded: dict[Hashable, Source] = {}
        self.resolved: dict[Hashable, Scope] = {}
        self.outputs: dict[int, tuple[Tree, list[Output]]] = {}
        self.levels: dict[int, tuple[Tree, Scope]] = {}
        self._handlers = handlers
        self._pending: list[tuple[str, Tree, Scope, Use]] = []

    def run(self) -> None:
        """Visit everything that was pushed, and what that pushes in turn."""
        pending, handlers = self._pending, self._handlers
        while pending:
            kind, node, scope, use = pending.pop()
            self.use = use_inside(use, kind)
            handler = handlers.get(kind)
            if handler is not None:
                handler(self, node, scope)
            elif kind in PLAIN:
                self.push_fields(kind, node, scope)
            elif kind not in LEAVES:
                self.facts.unknown(f"the syntax node {kind} is not known")

    def within(self, use: Use) -> Use:
        """`use`, unless nothing here is read at all."""
        return IGNORED if self.use == IGNORED else use

    def push(self, kind: str, node: Tree, scope: Scope, *, use: Use | None = None) -> None:
        self._pending.append((kind, node, scope, self.use if use is None else use))

    def push_wrapped(self, value: Tree | list[Tree] | None, scope: Scope, *, use: Use | None = None) -> None:
        """One node, or a list of nodes, that carry their type names. An empty dict stands for NULL."""
        use = self.use if use is None else use
        for item in value if isinstance(value, list) else (value,):
            if item:
                self._push_item(item, scope, use)

    def _push_item(self, item: Tree, scope: Scope, use: Use) -> None:
        for kind, node in item.items():
            if len(item) > 1 or not kind[0].isupper() or not isinstance(node, dict):
                self.facts.unknown("the syntax tree has an unexpected form")
            elif kind not in LEAVES:
                self._pending.append((kind, node, scope, use))

    def push_fields(
        self, kind: str, node: Tree, scope: Scope, *, skip: Collection[str] = (), use: Use | None = None
    ) -> None:
        """Every node below this one, except in the fields to `skip`."""
        use = self.use if use is None else use
        embedded = EMBEDDED.get(kind, NO_FIELDS)
        for name, value in node.items():
            if isinstance(value, dict):
                if name in skip:
                    continue
                if name in embedded:
                    self._pending.append((embedded[name], value, scope, use))
                elif value:
                    self._push_item(value, scope, use)
            elif isinstance(value, list) and name not in skip:
                for item in value:
                    if item and isinstance(item, dict):
                        self._push_item(item, scope, use)

    def mark(self, scope: Scope, actions: Iterable[Action], *effects: Effect) -> None:
        """What the statement itself does; inside a plain EXPLAIN it is not done."""
        if not scope.planned:
            self.facts.add(actions, effects)

    def call(self, verdict: Verdict | None) -> None:
        """What a function does counts even inside EXPLAIN: planning may evaluate it."""
        if verdict is not None:
            self.facts.add(verdict.actions, verdict.effects, opaque=verdict.opaque)
