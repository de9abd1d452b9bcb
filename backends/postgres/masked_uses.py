"""A SELECT without the uses of hidden columns for which it was refused: conditions and sort keys left out, expressions
replaced by the bare column, stars by the columns that may be seen.

Each part of a clause is judged by itself beside the rest of the statement, to find the ones that are to blame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backends.base import Rewrite
from backends.postgres.clauses import Span, clauses, items, tokens
from backends.postgres.edits import only, renumbered, same, written
from backends.postgres.facts import ACTIVITY
from backends.postgres.names import column, relation_name, strings
from backends.postgres.resolving import SAFE_ACTIVITY
from backends.postgres.target import Target
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Operation

Tree = dict[str, Any]
Judge = Callable[[str], Operation]
MAX_TEXT = 2000  # characters; each part costs one judgement of the whole
MAX_PARTS = 16
_WHOLE = frozenset({"row_to_json", "to_json", "to_jsonb"})


@dataclass(frozen=True, slots=True)
class _Parts:
    """A SELECT cut up: what stands in front of its list, its items, conditions and sort keys, and what lies between."""

    text: str
    found: dict[str, Span]
    select: tuple[str, ...]
    where: tuple[str, ...]
    order: tuple[str, ...]
    head: str

    def composed(self, select: Sequence[str], where: Sequence[str], order: Sequence[str]) -> str:
        written_out = {
            "SELECT": self.head + ", ".join(select),
            "WHERE": f"WHERE {' AND '.join(where)}" if where else "",
            "ORDER": f"ORDER BY {', '.join(order)}" if order else "",
        }
        pieces = [self.text[: self.found["SELECT"].start].strip()]
        pieces += [written_out.get(name, span.of(self.text).strip()) for name, span in self.found.items()]
        return " ".join(piece for piece in pieces if piece)


def without_hidden(
    operation: Operation, node: Tree, *, hidden: Callable[[Locator], bool], target: Target | None, judge: Judge
) -> Iterator[Rewrite]:
    """At most one candidate."""
    parts = _cut(operation.text, node)
    if parts is None:
        return

    def blamed(text: str) -> set[object]:
        judged = judge(text)
        secret: set[object] = {effect for effect in judged.effects if effect == Effect.CATALOG_SECRETS}
        return secret | {steer for steer in judged.steering if hidden(steer.locator)}

    bare = blamed(parts.composed(["1"], [], []))
    listed = blamed(parts.composed(parts.select, [], []))
    where = [bool(blamed(parts.composed(["1"], [each], [])) - bare) for each in parts.where]
    order = [bool(blamed(parts.composed(parts.select, [], [each])) - listed) for each in parts.order]
    select = [bool(blamed(parts.composed([each], [], [])) - bare) for each in parts.select]
    if any((*where, *order, *select)):
        columns = _Columns(node, hidden, target)
        yield from _rewritten(parts, node, columns, bad=(select, where, order))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which columns of the statement's tables may be seen."""

    node: Tree
    hidden: Callable[[Locator], bool]
    target: Target | None

    def visible(self, alias: str) -> list[str]:
        """What stands for `alias.*`, or for `*` (alias ""), without what is hidden; nothing where that is not known."""
        found: list[str] = []
        for item in self.node.get("fromClause", ()):
            table = item.get("RangeVar")
            name = self.target.relation(relation_name(table)) if self.target and table else None
            if table is None or name is None or self.target is None:
                return []
            known = table.get("alias", {}).get("aliasname", table["relname"])
            if alias in ("", known):
                prefix = f"{written(known)}." if alias else ""
                shown = [each for each in self.target.columns(name) or () if self._shown(name, each)]
                found += [prefix + written(each) for each in shown]
        return found

    def _shown(self, name: tuple[str, str], each: str) -> bool:
        return not self.hidden(column(name, each)) and (name != ACTIVITY or each in SAFE_ACTIVITY)


def _rewritten(parts: _Parts, node: Tree, columns: _Columns, *, bad: tuple[list[bool], ...]) -> Iterator[Rewrite]:
    bad_select, bad_where, bad_order = bad
    targets = node.get("targetList", [])
    select: list[str] = []
    for text, item, is_bad in zip(parts.select, targets, bad_select, strict=True):
        select += _instead(parts, item, columns, distinct="distinctClause" in node) if is_bad else [text]
    where = [each for each, is_bad in zip(parts.where, bad_where, strict=True) if not is_bad]
    order = [each for each, is_bad in zip(parts.order, bad_order, strict=True) if not is_bad]
    listed = only(f"SELECT {', '.join(select)}") if select else None
    if listed is None or (any(bad_select) and any(each.strip().isdigit() for each in order)):
        return
    wanted = {name: value for name, value in node.items() if name not in ("whereClause", "sortClause")}
    wanted["targetList"] = listed["SelectStmt"]["targetList"]
    conditions = [each for each, is_bad in zip(_conditions(node), bad_where, strict=True) if not is_bad]
    if len(conditions) > 1:
        wanted["whereClause"] = {"BoolExpr": {"boolop": "AND_EXPR", "args": conditions}}
    elif conditions:
        wanted["whereClause"] = conditions[0]
    if order:
        wanted["sortClause"] = [e for e, is_bad in zip(node["sortClause"], bad_order, strict=True) if not is_bad]
    text, tree, used = renumbered(parts.composed(select, where, order), {"SelectStmt": wanted})
    if same(text, tree):
        yield Rewrite(text, _words(bad_select, bad_where, bad_order) + _passed(used))


def _instead(parts: _Parts, item: Tree, columns: _Columns, *, distinct: bool) -> list[str]:
    """What takes the place of one item of the list: the columns of a row, the bare column, or nothing."""
    value = item.get("ResTarget", {}).get("val", {})
    if (alias := _row(value, columns.node)) is not None:
        return columns.visible(alias)
    references = list(_references(value))
    if distinct or len(references) != 1 or "ColumnRef" in value or "SubLink" in str(value):
        return []
    if "FuncCall" in value and (value["FuncCall"].get("agg_star") or "over" in value["FuncCall"]):
        return []
    return [".".join(written(part) for part in references[0])] if "groupClause" not in columns.node else []


def _row(value: Tree, node: Tree) -> str | None:
    """The alias of a whole row: `*` (""), `t.*`, `t`, `to_jsonb(t)`; None for anything else."""
    if strings(value.get("FuncCall", {}).get("funcname", ()))[-1:] in {(name,) for name in _WHOLE}:
        arguments = value["FuncCall"].get("args", [])
        value = arguments[0] if len(arguments) == 1 else {}
    fields = value.get("ColumnRef", {}).get("fields", ())
    parts = strings(fields)
    if fields and "A_Star" in fields[-1]:
        return parts[0] if len(parts) == 1 else "" if not parts else None
    tables = [item["RangeVar"] for item in node.get("fromClause", ()) if "RangeVar" in item]
    aliases = {table.get("alias", {}).get("aliasname", table["relname"]) for table in tables}
    return parts[0] if len(parts) == 1 and parts[0] in aliases else None


def _references(value: Any) -> Iterator[tuple[str, ...]]:
    """The different columns of an expression."""
    found: dict[tuple[str, ...], None] = {}
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending += current
        elif isinstance(current, dict):
            if "ColumnRef" in current:
                found[strings(current["ColumnRef"].get("fields", ()))] = None
            pending += [inner for name, inner in current.items() if name != "ColumnRef"]
    yield from found


def _cut(text: str, node: Tree) -> _Parts | None:
    found = clauses(text) if len(text) <= MAX_TEXT and "op" in node and "valuesLists" not in node else None
    if found is None or "SELECT" not in found or "intoClause" in node:
        return None
    words = tokens(found["SELECT"].of(text))
    distinct = len(words) > 1 and words[1].word in ("DISTINCT", "ALL")
    if distinct and len(words) > 2 and words[2].word == "ON":
        return None
    select = items(text, found["SELECT"], between=",", skip=2 if distinct else 1)
    where = items(text, found["WHERE"], between="AND") if "WHERE" in found else []
    order = items(text, found["ORDER"], between=",", skip=2) if "ORDER" in found else []
    expected = (len(node.get("targetList", ())), len(_conditions(node)), len(node.get("sortClause", ())))
    if (len(select), len(where), len(order)) != expected or sum(expected) > MAX_PARTS or not select:
        return None
    pieces = [tuple(span.of(text) for span in spans) for spans in (select, where, order)]
    head = "SELECT DISTINCT " if distinct and words[1].word == "DISTINCT" else "SELECT "
    return _Parts(text, found, select=pieces[0], where=pieces[1], order=pieces[2], head=head)


def _conditions(node: Tree) -> list[Tree]:
    clause = node.get("whereClause")
    if clause is None:
        return []
    expression = clause.get("BoolExpr", {})
    return list(expression["args"]) if expression.get("boolop") == "AND_EXPR" else [clause]


def _words(select: list[bool], where: list[bool], order: list[bool]) -> str:
    told = []
    if any(select):
        told.append("hidden columns only as they stand")
    if any(where):
        told.append("without the conditions on hidden columns")
    if any(order):
        told.append("without sorting by hidden columns")
    return ", ".join(told)


def _passed(used: list[int]) -> str:
    if used == list(range(1, len(used) + 1)):
        return ""
    return f"; pass {', '.join(f'your ${number} as ${index + 1}' for index, number in enumerate(used))}"
