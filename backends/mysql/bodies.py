"""Bodies of stored programs: the statements in them, without the words that only steer the flow."""

from __future__ import annotations

from backends.sqltree.tokens import VARIABLE, WORD, NotUnderstoodError, Token, Tokens, find, split, word

_FLOW = frozenset({"BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT"})
_ENDS = frozenset({"END", "LEAVE", "ITERATE", "CLOSE", "OPEN"})
_CONDITIONS = frozenset({"IF", "ELSEIF", "WHILE", "UNTIL", "RETURN", "CASE", "WHEN"})
_HANDLER_STARTS = frozenset(
    {"BEGIN", "SET", "ROLLBACK", "RESIGNAL", "INSERT", "SELECT", "UPDATE", "DELETE", "CALL", "SIGNAL", "LEAVE"}
)
_SELECT = word("SELECT")


def body_statements(tokens: Tokens) -> list[list[Token]]:
    """Every statement, each condition as `SELECT condition`. Raises NotUnderstoodError."""
    found: list[list[Token]] = []
    for part in split(tokens, ";"):
        rest = _without_label(part)
        while rest:
            rest = _step(rest, found)
    return [_with_variables(part) for part in found if part]


def _step(rest: list[Token], found: list[list[Token]]) -> list[Token]:
    """Take one flow word off the front, or the statement that follows."""
    first = rest[0].word
    if first in _FLOW:
        if first == "BEGIN" and len(rest) > 1 and rest[1].word == "NOT":
            return rest[3:]
        return _without_label(rest[1:])
    if first in _ENDS:
        return []
    if first in _CONDITIONS:
        return _condition(rest, found)
    if first == "DECLARE":
        return _declaration(rest, found)
    if first == "FETCH":
        return []
    found.append(rest)
    return []


def _condition(rest: list[Token], found: list[list[Token]]) -> list[Token]:
    if rest[0].word == "CASE" and len(rest) > 1 and rest[1].word == "WHEN":
        return rest[1:]
    end = find(rest, "THEN", "DO", "WHEN", start=1) if rest[0].word != "RETURN" else -1
    if rest[0].word == "RETURN":
        end = len(rest)
    if rest[0].word == "UNTIL":
        end = find(rest, "END", start=1)
    if end < 0:
        raise NotUnderstoodError("the body of the stored program is not understood")
    condition = rest[1:end]
    if condition:
        found.append([_SELECT, *condition])
    return rest[end:]


def _declaration(rest: list[Token], found: list[list[Token]]) -> list[Token]:
    """Variables have a default, cursors a query, handlers a statement."""
    cursor = find(rest, "CURSOR")
    if cursor > 0:
        return rest[find(rest, "FOR") + 1 :]
    if find(rest, "HANDLER") > 0:
        at = next((i for i, token in enumerate(rest) if i > 3 and token.word in _HANDLER_STARTS), len(rest))
        return rest[at:]
    default = find(rest, "DEFAULT")
    if default > 0:
        found.append([_SELECT, *rest[default + 1 :]])
    return []


def _without_label(part: list[Token]) -> list[Token]:
    if len(part) > 2 and part[0].kind == WORD and part[1].word == ":":
        return part[2:]
    return part


def _with_variables(part: list[Token]) -> list[Token]:
    """SET of a local variable is like that of a user variable; NEW.c and OLD.c are the row of a trigger."""
    if part[0].word != "SET" or len(part) < 3:
        return part
    kept = [part[0]]
    for index, token in enumerate(part[1:], 1):
        before = part[index - 1].word
        if token.kind == WORD and before in ("SET", ",") and index + 1 < len(part):
            if token.word in ("NEW", "OLD") and part[index + 1].word == ".":
                kept.append(token._replace(kind=VARIABLE, word="", plain="@new"))
                continue
            if part[index + 1].word in ("=", ":="):
                kept.append(token._replace(kind=VARIABLE, word="", plain="@local"))
                continue
        kept.append(token)
    return kept
