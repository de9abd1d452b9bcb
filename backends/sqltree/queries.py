"""SELECT in all its places, and the names it makes visible."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from backends.sqltree.constants import fold, operands
from backends.sqltree.nodes import LOCK_HINTS
from backends.sqltree.scope import Scope, add_source, parts_of
from backends.sqltree.walk import IGNORED, INNER, OUTPUT, Walk, inner_use
from policy.effects import Effect
from policy.model import Action

_KNOWN_CLAUSES = frozenset(
    """
    with_ expressions from_ joins laterals where group having order limit offset distinct windows locks into hint
    operation_modifiers options for_ pivots kind qualify exclude
    """.split()  # noqa: SIM905 - a list of names reads better as a text
)
_COUNTS = frozenset({"COUNT", "COUNT_BIG", "APPROX_COUNT_DISTINCT"})
_MEANINGLESS = ("hint", "operation_modifiers", "options")  # judged as tokens, before sqlglot sees them


def open_with(walk: Walk, node: Any, scope: Scope) -> Scope:
    """The scope inside a statement: its CTEs are visible, to each other as well."""
    clause = node.args.get("with_")
    inner = scope.child()
    for cte in clause.expressions if clause is not None else ():
        inner.ctes[str(cte.alias).casefold()] = cte.this
    for cte in clause.expressions if clause is not None else ():
        walk.push(cte.this, inner, INNER)
    return inner.child()


def select(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    inner = open_with(walk, node, scope)
    walk.mark((Action.READ,), Effect.READ)
    unknown = [name for name, value in node.args.items() if value and name not in _KNOWN_CLAUSES]
    if unknown:
        walk.facts.unknown("the statement has a clause that is not known")
    for item in (node.args.get("from_"), *(node.args.get("joins") or ()), *(node.args.get("laterals") or ())):
        if item is not None:
            add_source(inner, item.this if isinstance(item, exp.From) else item)
    if node.args.get("locks"):
        walk.mark((Action.WRITE,), Effect.LOCK)
    if node.args.get("into"):
        _into(walk, node.args["into"])
    outputs = "group" if node.args.get("distinct") and use in (OUTPUT, INNER) else _shown(node, use)
    walk.push(node.args.get("expressions"), inner, outputs)
    for name, clause_use in _CLAUSES:
        walk.push(node.args.get(name), inner, clause_use)
    where = node.args.get("where")
    if where is not None:
        push_predicate(walk, where.this, inner)
    ordering = inner.child()
    ordering.outputs = frozenset(str(item.alias).casefold() for item in node.expressions if isinstance(item, exp.Alias))
    for name, clause_use in (("order", "order"), ("group", "group"), ("having", "predicate")):
        clause = node.args.get(name)
        walk.push(clause, ordering, clause_use)
        if clause is not None:
            walk.push(_outputs_named(clause, node.expressions), inner, clause_use)


def _outputs_named(clause: Any, outputs: list[Any]) -> list[Any]:
    """The expressions of the answer that a clause takes up by alias or by number. A star leaves open which is which."""
    aliases = {str(item.alias).casefold(): item.this for item in outputs if isinstance(item, exp.Alias)}
    names = {column.name.casefold() for column in clause.find_all(exp.Column) if not column.table}
    found = [aliases[name] for name in names if name in aliases]
    items = [item.this if isinstance(item, exp.Ordered) else item for item in clause.args.get("expressions") or ()]
    if any(isinstance(item, exp.Literal) for item in items):
        found += [item.this if isinstance(item, exp.Alias) else item for item in outputs]
    return found


_CLAUSES = (
    ("from_", OUTPUT),
    ("joins", OUTPUT),
    ("laterals", OUTPUT),
    ("limit", "transform"),
    ("offset", "transform"),
    ("windows", "aggregate"),
    ("pivots", "aggregate"),
    ("qualify", "predicate"),
)


def _shown(node: Any, use: str) -> str:
    """FOR JSON and FOR XML turn whole rows into one text; INTO takes them to another table."""
    return "transform" if node.args.get("for_") or node.args.get("into") else use


def _into(walk: Walk, node: Any) -> None:
    """SELECT … INTO a new table (T-SQL); a variable keeps its value for the session (MySQL, cut off before)."""
    parts = parts_of(node.this)
    if not parts:
        walk.mark((Action.READ,), Effect.SESSION_STATE)
        return
    walk.mark((Action.DEFINE,), Effect.CREATE_AS)
    if parts[-1].startswith("#") or node.this.this.args.get("temporary"):
        walk.mark((), Effect.SESSION_STATE)
    walk.touch_table(parts, written=True)


def push_predicate(walk: Walk, predicate: Any, scope: Scope) -> None:
    """A condition of WHERE: what is only compared for equality with constants tells less than any other use."""
    for part in operands(predicate) if isinstance(predicate, exp.And) else [predicate]:
        inner = part
        while isinstance(inner, exp.Paren):
            inner = inner.this
        walk.push(part, scope, "equality" if _is_equality(walk, inner) else "predicate")


def _is_equality(walk: Walk, node: Any) -> bool:
    if isinstance(node, exp.EQ):
        sides = (node.this, node.expression)
        values = [isinstance(side, exp.Parameter) or fold(side, walk.language.parameters) is not None for side in sides]
        return any(isinstance(side, exp.Column) for side in sides) and any(values)
    return (
        isinstance(node, exp.In)
        and isinstance(node.this, exp.Column)
        and all(fold(item, walk.language.parameters) is not None for item in node.expressions or (None,))
    )


def set_operation(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    """UNION, EXCEPT, INTERSECT: rows are compared with each other unless ALL."""
    inner = open_with(walk, node, scope)
    sides = "group" if node.args.get("distinct") and use in (OUTPUT, INNER) else use
    sides = "order" if node.args.get("order") and sides in (OUTPUT, INNER) else sides
    walk.push([node.this, node.expression], inner, sides)
    ordering = inner.child()
    ordering.sources[""] = None
    walk.push_children(node, ordering, "order", skip=("this", "expression", "with_", "distinct"))


def subquery(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    """In FROM its columns are handed on; as an operand it is a value."""
    in_from = isinstance(node.parent, (exp.From, exp.Join, exp.Subquery, exp.SetOperation, exp.Lateral, exp.Insert))
    inner = open_with(walk, node, scope)
    if isinstance(node.this, exp.Table):
        walk.push(node.this, scope, use)
    else:
        derived = node.args.get("alias") or isinstance(node.parent, (exp.From, exp.Join, exp.Lateral))
        handed_on = "order" if node.args.get("order") else INNER if derived else use
        walk.push(node.this, inner, handed_on if in_from or use != OUTPUT else "transform")
    ordering = inner.child()
    ordering.sources[""] = None
    walk.push_children(node, ordering, "order", skip=("this", "with_", "alias", "joins", "pivots"))
    walk.push(node.args.get("joins"), scope, OUTPUT)
    walk.push(node.args.get("pivots"), scope, "aggregate")


def exists(walk: Walk, node: Any, scope: Scope, _use: str) -> None:
    """What EXISTS selects is of no account; its conditions are."""
    walk.push(node.this, scope, IGNORED)


def join(walk: Walk, node: Any, scope: Scope, _use: str) -> None:
    walk.push(node.this, scope, OUTPUT)
    walk.push(node.args.get("on"), scope, "predicate")
    for column in node.args.get("using") or ():
        walk.touch_column((), column.name, "predicate")
    if node.args.get("method") == "NATURAL":
        walk.touch_column((), "*", "predicate")
    walk.push_children(node, scope, "transform", skip=("this", "on", "using"))


def table(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    parts = parts_of(node)
    if parts:
        if len(parts) > 2 or parts[0] or scope.cte(parts[1]) is None:
            walk.touch_table(parts)
    else:
        walk.push(node.this, scope, "transform")
        _qualified_call(walk, node)
    for hint in node.args.get("hints") or ():
        if {item.name.upper() for item in hint.expressions} & LOCK_HINTS and isinstance(hint, exp.WithTableHint):
            walk.mark((Action.WRITE,), Effect.LOCK)
    walk.push(node.args.get("joins"), scope, OUTPUT)
    walk.push(node.args.get("pivots"), scope, "aggregate")
    skip = ("this", "db", "catalog", "hints", "joins", "pivots", "alias", "partition", "sample", "ordinality")
    walk.push_children(node, scope, "transform", skip=skip)


def _qualified_call(walk: Walk, node: Any) -> None:
    """A table function of a schema, and what stands in the place of a server's name."""
    for name in ("db", "catalog"):
        piece = node.args.get(name)
        if isinstance(piece, exp.Func):
            walk.call(walk.language.judge_function(("", piece.name)))
        elif piece is not None and isinstance(node.this, exp.Func):
            walk.call(walk.language.judge_function((piece.name, node.this.name)))


def column(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    if isinstance(node.this, exp.Star):
        walk.refer(node.table, "*", scope, use)
    else:
        walk.refer(node.table, node.name, scope, use)


def star(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    """`*` is every column of every table in sight, but of none in `count(*)`."""
    if isinstance(node.parent, exp.Count) or (
        isinstance(node.parent, exp.Anonymous) and node.parent.name.upper() in _COUNTS
    ):
        return
    for found in dict.fromkeys(scope.sources.values()):
        if found is not None:
            walk.touch_column(found, "*", use)
        else:
            walk.refer("", "*", Scope(sources={"": None}), use)
    walk.push_children(node, scope, use)


def anonymous(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    walk.call(walk.language.judge_function(("", node.name)))
    walk.push(node.expressions, scope, "aggregate" if use in (OUTPUT, INNER) else use)


def dot(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    """`schema.f(x)`, a method of a column, or a column with more qualifiers than sqlglot has places for."""
    *before, last = _pieces(node)
    qualifiers = tuple(piece.name for piece in before)
    walk.push([piece for piece in before if isinstance(piece, exp.Func)], scope, inner_use(node, use))
    if isinstance(last, exp.Func):
        walk.call(walk.language.judge_function((*qualifiers, last.name)))
        walk.push_children(last, scope, "transform")
        walk.refer("", qualifiers[-1], scope, "transform")
    else:
        walk.refer(qualifiers[-1], "*" if isinstance(last, exp.Star) else last.name, scope, use)


def _pieces(node: Any) -> list[Any]:
    if isinstance(node, exp.Dot):
        return [*_pieces(node.this), *_pieces(node.expression)]
    return [node] if isinstance(node, exp.Expr) else [exp.Identifier(this="")]


def assignment(walk: Walk, node: Any, scope: Scope, _use: str) -> None:
    """`@x := value`: the variable outlives the statement."""
    walk.mark((Action.READ,), Effect.SESSION_STATE)
    walk.push_children(node, scope, "transform")


def sequence_value(walk: Walk, _node: Any, _scope: Scope, _use: str) -> None:
    """NEXT VALUE FOR takes a number out of a sequence for good."""
    walk.mark((Action.WRITE,), Effect.INSERT)
