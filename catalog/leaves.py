"""The leaves of a JSON tree as columns of tables: objects of one place are rows, keys are column names.

`{"customers": [{"mail": "a@b.example"}, …]}` is a table `customers` with a column `mail`. So are a map of equal
objects by key, `columns` beside `rows`, and pairs such as `{"name": "mail", "value": "a@b.example"}`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from catalog.jsontext import Members, Node, Number

Step = str | int
Shape = tuple[str, ...]
ANY = "*"
_WRAPPERS_TEXT = """
data items item results result rows row attributes attrs payload record records response body entries entry list
node nodes edges edge content value values fields properties object objects
"""
_WRAPPERS = frozenset(_WRAPPERS_TEXT.split())
_VALUES = ("value", "val", "answer", "content", "text")
_NAMES = (
    "name",
    "key",
    "field",
    "label",
    "attribute",
    "property",
    "question",
    "header",
    "param",
    "column",
    "code",
    "type",
)
_HEADERS = ("columns", "fields", "headers", "header", "column_names", "cols", "schema")
_ROWS = ("rows", "data", "values", "records", "result", "results")
_SAME = 3  # objects with the same keys that make a map a table


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar: `holder[index]` is it, or the member that has it as its value."""

    holder: Any
    index: int
    steps: tuple[Step, ...]

    @property
    def value(self) -> Node:
        return self.holder[self.index][1] if isinstance(self.holder, Members) else self.holder[self.index]

    def put(self, value: Node) -> None:
        if isinstance(self.holder, Members):
            self.holder[self.index] = (self.holder[self.index][0], value)
        else:
            self.holder[self.index] = value


@dataclass(slots=True)
class Tables:
    """Columns (lists of leaves) by the place of their table and their name."""

    columns: dict[Shape, dict[str, list[Leaf]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, shape: Shape, name: str, leaf: Leaf) -> None:
        self.columns[shape].setdefault(name, []).append(leaf)


def tables(root: list[Node]) -> Tables:
    """Every leaf of the tree that is the only item of `root`, in the column that it belongs to."""
    found = Tables()
    if isinstance(root[0], list):
        _visit(root[0], (), (), found)
    else:
        found.add((), "", Leaf(root, 0, ()))
    return found


def table_name(shape: Shape) -> str:
    """The last telling name on the way to a table."""
    names = [step for step in shape if step != ANY]
    return next((name for name in reversed(names) if name.lower() not in _WRAPPERS), names[-1] if names else "")


def _visit(node: Node, steps: tuple[Step, ...], shape: Shape, found: Tables) -> None:
    if isinstance(node, Members):
        _object(node, steps, shape, found)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            if isinstance(child, Members):
                _object(child, (*steps, index), (*shape, ANY), found)
            elif isinstance(child, list):
                _row(child, (*steps, index), shape, found, names=())
            else:
                found.add(shape[:-1], shape[-1] if shape else "", Leaf(node, index, (*steps, index)))


def _object(node: Members, steps: tuple[Step, ...], shape: Shape, found: Tables) -> None:
    by_name = dict(node)
    headers = _headers(by_name)
    pair = _pair(by_name)
    maps = _is_map(node)
    for index, (name, value) in enumerate(node):
        place = (*steps, name)
        if headers and name.lower() in _ROWS and isinstance(value, list):
            for number, row in enumerate(value):
                _row(row, (*place, number), (*shape, name), found, names=headers)  # type: ignore[arg-type]
        elif isinstance(value, list):
            _visit(value, place, (*shape, ANY if maps else name), found)
        elif pair and name == pair[1]:
            found.add((*shape, "="), pair[0], Leaf(node, index, place))
        else:
            found.add(shape, name, Leaf(node, index, place))


def _row(row: Node, steps: tuple[Step, ...], shape: Shape, found: Tables, *, names: Sequence[str]) -> None:
    if isinstance(row, Members) or not isinstance(row, list):
        _visit(row, steps, (*shape, ANY), found)
        return
    for index, value in enumerate(row):
        name = names[index] if index < len(names) else f"col_{index}"
        if isinstance(value, list):
            _visit(value, (*steps, index), (*shape, name), found)
        else:
            found.add(shape, name, Leaf(row, index, (*steps, index)))


def _headers(by_name: Mapping[str, Node]) -> tuple[str, ...]:
    """Column names that stand beside rows: strings, or objects that have a name."""
    for name, value in by_name.items():
        if name.lower() in _HEADERS and isinstance(value, list) and not isinstance(value, Members) and value:
            names = [dict(each).get("name") if isinstance(each, Members) else each for each in value]
            if all(isinstance(each, str) for each in names):
                return tuple(str(each) for each in names)
    return ()


def _pair(by_name: Mapping[str, Node]) -> tuple[str, str] | None:
    """(what it is called, the key of its value) of an object that is one pair."""
    keys = pair_of(tuple(by_name))
    name = by_name[keys[0]] if keys else None
    if keys is None or not isinstance(name, str) or isinstance(name, Number) or not 0 < len(name) <= 64:
        return None
    return name, keys[1]


@lru_cache(maxsize=1024)
def pair_of(keys: tuple[str, ...]) -> tuple[str, str] | None:
    """The keys of the name and of the value, if an object with these keys may be one pair. Pure, so remembered."""
    if len(keys) > 5:
        return None
    lowered = {name.lower(): name for name in keys}
    value = next((lowered[name] for name in _VALUES if name in lowered), None)
    name = next((lowered[name] for name in _NAMES if name in lowered and lowered[name] != value), None)
    return (name, value) if name is not None and value is not None else None


@lru_cache(maxsize=1024)
def headers_possible(keys: tuple[str, ...]) -> bool:
    """Whether an object with these keys may hold column names beside rows."""
    lowered = {name.lower() for name in keys}
    return not lowered.isdisjoint(_HEADERS) and len(lowered & {*_ROWS}) > 0


def _is_map(node: Members) -> bool:
    if len(node) < _SAME:
        return False
    keys = {
        tuple(sorted(name for name, _value in value)) if isinstance(value, Members) else None for _name, value in node
    }
    return len(keys) == 1 and None not in keys and keys != {()}
