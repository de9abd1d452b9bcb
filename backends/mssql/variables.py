"""Variables of a batch whose value is plain to see, and loops whose end is not.

`DECLARE @i int = 0; DELETE … WHERE Id > @i` is judged as `Id > 0`. A variable that is set a second time, or handed to
a procedure or a cursor, keeps its value to itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backends.mssql.batches import Part
from backends.sqltree.tokens import NUMBER, STRING, VARIABLE, Token, Tokens, find, split

_SETTERS = frozenset({"DECLARE", "SET"})
_CHANGING = frozenset({"EXEC", "EXECUTE", "FETCH", "RECEIVE", "OPEN"})
_BEYOND = frozenset({"BREAK", "RETURN", "THROW", "GOTO"})


def known_values(parts: Sequence[Part]) -> Mapping[str, Token]:
    """The value of each variable that is given one constant, once. Names fold case."""
    given: dict[str, Token] = {}
    changed: set[str] = set()
    for part in parts:
        setter = part.tokens[0].word in _SETTERS
        for item in split(part.tokens[1:], ",") if setter else ():
            at = find(item, "=")
            if at < 1 or item[0].kind != VARIABLE:
                continue
            name, value = item[0].value.casefold(), item[at + 1 :]
            constant = len(value) == 1 and value[0].kind in (NUMBER, STRING)
            if not constant or name in given or name in changed:
                changed.add(name)
            else:
                given[name] = value[0]
        changed |= _changed(part.tokens, setter=setter)
    return {name: value for name, value in given.items() if name not in changed}


def _changed(tokens: Tokens, *, setter: bool) -> set[str]:
    """Variables that a statement may give another value, besides a DECLARE or SET of them."""
    if tokens[0].word in _CHANGING or any(token.word in ("EXEC", "EXECUTE") for token in tokens):
        return {token.value.casefold() for token in tokens if token.kind == VARIABLE}
    found = set()
    for before, token, after in zip(tokens, tokens[1:], [*tokens[2:], tokens[0]], strict=False):
        assigned = after.word.endswith("=") and after.word not in ("<=", ">=", "!=") and before.word not in _COMPARING
        counted = setter and after.word == "="  # by the caller
        if token.kind == VARIABLE and (before.word == "INTO" or (assigned and not counted)):
            found.add(token.value.casefold())
    return found


_COMPARING = frozenset({"WHERE", "AND", "OR", "NOT", "ON", "HAVING", "("})
"""Words after which `@i = 5` compares; after any other it may assign."""


def with_values(tokens: list[Token], values: Mapping[str, Token]) -> list[Token]:
    """The statement with the constants in the place of their variables."""
    if not values or tokens[0].word in _SETTERS or tokens[0].word in _CHANGING:
        return tokens
    return [values.get(token.value.casefold(), token) if token.kind == VARIABLE else token for token in tokens]


def may_never_end(part: Part, tokens: Tokens) -> bool:
    """WHILE with a condition of constants that are the same, and nothing in the batch that leaves the loop."""
    condition = part.tokens[3:]
    if not part.loop or any(token.word in _BEYOND for token in tokens):
        return False
    while len(condition) > 2 and condition[0].word == "(" and condition[-1].word == ")":
        condition = condition[1:-1]
    if len(condition) != 3 or any(token.kind not in (NUMBER, STRING) for token in (condition[0], condition[2])):
        return False
    same = condition[0].value == condition[2].value
    return condition[1].word == "=" if same else condition[1].word in ("<>", "!=", "<", ">")


def walks_a_cursor(tokens: Tokens) -> bool:
    """A loop that writes to the row under a cursor reaches every row of its query."""
    words = [token.word for token in tokens]
    return "WHILE" in words and any(words[at : at + 2] == ["CURRENT", "OF"] for at in range(len(words)))
