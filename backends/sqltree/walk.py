"""The walk over a tree of sqlglot: every node is visited, none is assumed harmless.

Iterative, so that long chains are no danger. A node that is neither handled, nor a function judged by its name, nor on
the allow-list of nodes.py makes the statement `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import pairwise

from sqlglot import exp

from backends.sqltree.facts import Facts, Verdict
from backends.sqltree.language import Language, Parts
from backends.sqltree.nodes import LEAVES, PLAIN
from backends.sqltree.scope import Scope
from backends.sqltree.tokens import NAME, WORD, Tokens
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action, Steer, SteerUse

Handler = Callable[["Walk", exp.Expr, Scope, str], None]
OUTPUT, INNER = "", "inner"
IGNORED = "ignored"
"""Uses besides those of Steer: a bare column of the answer, of a sub-select that hands it on, or of EXISTS."""
_STEERS: Mapping[str, SteerUse] = {
    "predicate": "predicate",
    "equality": "equality",
    "order": "order",
    "group": "group",
    "aggregate": "aggregate",
    "transform": "transform",
    "row": "row",
}
_BARE = (exp.Alias, exp.Paren, exp.Column, exp.Star, exp.Identifier)


class Walk:
    """One statement under judgement. With `planned` nothing that the statement itself does counts: EXPLAIN."""

    __slots__ = ("_handlers", "_inner", "_inner_steers", "_pending", "facts", "language", "planned")

    def __init__(self, handlers: Mapping[str, Handler], language: Language, *, planned: bool = False) -> None:
        self.facts = Facts()
        self.language = language
        self.planned = planned
        self._handlers = handlers
        self._pending: list[tuple[exp.Expr, Scope, str]] = []
        self._inner: dict[Locator, None] = {}
        self._inner_steers = False

    def run(self) -> None:
        """Visit everything that was pushed, and what that pushes in turn."""
        while self._pending:
            node, scope, use = self._pending.pop()
            name = type(node).__name__
            handler = self._handlers.get(name)
            if handler is not None:
                handler(self, node, scope, use)
            elif name in LEAVES:
                continue
            elif name in PLAIN or isinstance(node, exp.Func):
                self.push_children(node, scope, inner_use(node, use))
            else:
                self.facts.unknown(f"the syntax node {name} is not known")
        if self._inner_steers:
            self.facts.steering.update({Steer("transform", place): None for place in self._inner})

    def push(self, value: object, scope: Scope, use: str) -> None:
        """A node, or a list of nodes; anything else is not a part of the statement."""
        if isinstance(value, exp.Expr):
            self._pending.append((value, scope, use))
        elif isinstance(value, list):
            for item in value:
                self.push(item, scope, use)

    def push_children(self, node: exp.Expr, scope: Scope, use: str, *, skip: Collection[str] = ()) -> None:
        for name, value in node.args.items():
            if value is not None and name not in skip:
                self.push(value, scope, use)

    def mark(self, actions: Iterable[Action], *effects: Effect) -> None:
        """What the statement itself does; inside a plain EXPLAIN it is not done."""
        if not self.planned:
            self.facts.add(actions, effects)

    def call(self, found: Verdict | None) -> None:
        """What a function does counts even inside EXPLAIN: planning may evaluate it."""
        self.facts.apply(found)

    def touch_table(self, parts: Parts, *, written: bool = False) -> None:
        self.facts.targets[Locator("table", parts)] = None
        self.facts.apply(self.language.judge_relation(parts, written and not self.planned))

    def touch_column(self, table: Parts, name: str, use: str) -> None:
        """One column, or with the name "*" all of them."""
        place = Locator("column", (*(table or ("", "")), name))
        self.facts.columns[Locator("table", table) if name == "*" and table else place] = None
        if use == INNER:
            self._inner[place] = None
        elif use in _STEERS:
            self.facts.steering[Steer(_STEERS[use], place)] = None

    def refer(self, qualifier: str, name: str, scope: Scope, use: str) -> None:
        """A column reference: what may it be?"""
        if qualifier:
            known, table = scope.source(qualifier)
            if known and table is None:
                self._derived(name, use)
            else:
                self.touch_column(table or ("", qualifier), name, use)
            return
        if name.casefold() in scope.outputs:
            self._derived(name, use)
        tables = scope.in_sight()
        if None in tables or not tables:
            self._derived(name, use)
        base = list(dict.fromkeys(table for table in tables if table is not None))
        if len(base) == 1:
            self.touch_column(base[0], name, use)
        elif base or not tables:
            self.touch_column((), name, use)

    def _derived(self, name: str, use: str) -> None:
        """A column of a sub-select: if it steers, so may everything that the sub-selects hand on."""
        if use in _STEERS:
            self._inner_steers = True


def inner_use(node: exp.Expr, use: str) -> str:
    """How the parts of a node are used, if it is used so itself."""
    if use not in (OUTPUT, INNER) or isinstance(node, _BARE):
        return use
    if isinstance(node, (exp.AggFunc, exp.Window)):
        return "aggregate"
    if isinstance(node, (exp.From, exp.Join, exp.Lateral, exp.Values, exp.TableAlias)):
        return use
    return "predicate" if isinstance(node, (exp.Case, exp.If, exp.Predicate, exp.Connector)) else "transform"


def called_functions(tokens: Tokens, typed: frozenset[str]) -> list[str]:
    """Names before a parenthesis that sqlglot turns into nodes of their own, in upper case."""
    return [name for name in names_before_parentheses(tokens) if name in typed]


def names_before_parentheses(tokens: Tokens) -> list[str]:
    """In upper case: what looks like a call, and what has a list of columns."""
    found = [before for before, token in pairwise(tokens) if token.word == "("]
    return [token.value.upper() for token in found if token.kind in (WORD, NAME)]
