"""Tokens as SQL Server reads them (Transact-SQL reference, "Transact-SQL syntax conventions", "Identifiers").

Block comments nest, a number may run into a word (`1OR 1=1`), a backslash before a line break joins the lines of a
string, `GO` alone on its line ends a batch (the client's word, not the server's).
"""

from __future__ import annotations

import re
import unicodedata

from backends.sqltree.constants import PARAMETER
from backends.sqltree.tokens import NAME, NUMBER, SIGN, STRING, VARIABLE, WORD, NotUnderstoodError, Token

_TOKEN = re.compile(
    r"""
      (?P<plain>[A-Za-z_][A-Za-z0-9_]*+)(?![\w@\#$'"])[\ ]*+
    | (?P<mark>[(),;=]|\.(?!\d))[\ ]*+
    | (?P<space>\s+)
    | (?P<line>--[^\n]*)
    | (?P<block>/\*)
    | (?P<string>[nN]?'(?:[^']++|'')*+')
    | (?P<name>\[(?:[^\]]++|\]\])++\]|"(?:[^"]++|"")++")
    | (?P<variable>@[\w@\#$]+)
    | (?P<number>0[xX][0-9a-fA-F]*|[$\u00a3\u20ac\u00a5]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![eE]))
    | (?P<word>\$(?i:action|identity|rowguid|partition)\b|[^\W\d][\w@\#$]*|\#[\w@\#$]*)
    | (?P<sign>[-+*/%&^|]=|<=|>=|<>|!=|!<|!>|::|[-+*/%&^|~=<>().,;:?{}])
    """,
    re.VERBOSE,
)
_COMMENT = re.compile(r"/\*|\*/")
_PLAIN_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_GO = re.compile(r"[ \t]*(?:\d+[ \t]*)?(?:\r?\n|\Z)")
_PLAINER = {"!<": ">=", "!>": "<=", **{f"{sign}=": "=" for sign in "-+*/%&^|"}}
"""Operators that sqlglot does not read: the same for judging, where only the operands of an assignment count."""


def lex(text: str) -> list[Token]:
    """Raises NotUnderstoodError for what no server would read to the end."""
    found: list[Token] = []
    position, placeholders = 0, 0
    match_at, add, new_tuple = _TOKEN.match, found.append, tuple.__new__  # a text has thousands of tokens
    while position < len(text):
        match = match_at(text, position)
        if match is None:
            raise NotUnderstoodError("the text has a character that has no meaning there")
        start, position = position, match.end()
        kind = match.lastgroup or ""
        if kind == "plain":
            part = match[1]
            upper = part.upper()
            if upper == "GO" or upper[0] == "W":
                add(_token("word", text, start, start + len(part)))
            else:
                add(new_tuple(Token, (WORD, upper, part, part, start, start + len(part))))
            continue
        if kind == "mark":
            sign = match[2]
            add(new_tuple(Token, (SIGN, sign, sign, sign, start, start + 1)))
            continue
        if kind == "line" and "\r" in match[0].removesuffix("\r"):
            raise NotUnderstoodError("where this comment ends depends on the server")
        if kind in ("space", "line"):
            continue
        if kind == "block":
            position = _skip_comment(text, start)
        elif match[0] == "?":
            found.append(Token(VARIABLE, "?", "?", f"@{PARAMETER}{placeholders}", start, position))
            placeholders += 1
        else:
            found.append(_token(kind, text, start, position))
    return found


def _skip_comment(text: str, start: int) -> int:
    depth, position = 1, start + 2
    while depth:
        match = _COMMENT.search(text, position)
        if match is None:
            raise NotUnderstoodError("a comment does not end")
        depth += 1 if match[0] == "/*" else -1
        position = match.end()
    return position


def _token(kind: str, text: str, start: int, end: int) -> Token:
    part = text[start:end]
    if PARAMETER in part.lower():
        raise NotUnderstoodError("the name is reserved")
    if kind == "word":
        if part.upper() == "GO" and _is_alone(text, start, end):
            return Token(SIGN, "GO", part, ";", start, end)
        if not part.isascii() and any(unicodedata.category(char) == "Cf" for char in part):
            raise NotUnderstoodError("the text has an invisible character")
        return Token(WORD, part.upper(), part, part if _PLAIN_WORD.fullmatch(part) else quoted(part), start, end)
    if kind == "sign":
        return Token(SIGN, part, part, _PLAINER.get(part, part), start, end)
    if kind == "string":
        value = unescape(part.lstrip("nN")[1:-1])
        return Token(STRING, "", value, "'" + value.replace("'", "''") + "'", start, end)
    if kind == "name":
        value = part[1:-1].replace("]]", "]") if part[0] == "[" else part[1:-1].replace('""', '"')
        return Token(NAME, "", value, quoted(value), start, end)
    if kind == "variable":
        plain = part if _PLAIN_WORD.fullmatch(part.lstrip("@")) else "@warded_odd_name"
        return Token(VARIABLE, "@@" if part.startswith("@@") else "@", part.lstrip("@"), plain, start, end)
    return Token(NUMBER, "", part, part.lstrip("$£€¥") or "0", start, end)


def _is_alone(text: str, start: int, end: int) -> bool:
    line = text.rfind("\n", 0, start) + 1
    return text[line:start].strip(" \t") == "" and _GO.match(text, end) is not None


def quoted(name: str) -> str:
    return "[" + name.replace("]", "]]") + "]"


def unescape(inside: str) -> str:
    return inside.replace("''", "'").replace("\\\r\n", "").replace("\\\n", "")
