"""Tokens as MySQL and MariaDB read them (reference manual, "Language Structure"), not as sqlglot would.

`--` begins a comment only before a space or control character; `#` always does. `/*! … */` is no comment: the server
runs what is inside. Its text is taken in where every supported server runs it; where that hangs on the server's version
or make, it is taken in as well and the text counts as not understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from backends.sqltree.constants import PARAMETER
from backends.sqltree.tokens import NAME, NUMBER, SIGN, STRING, VARIABLE, WORD, NotUnderstoodError, Token

_TOKEN = re.compile(
    r"""
      (?P<plain>[A-Za-z_][A-Za-z0-9_]*+)(?![\w$'"\u0080-\U0010ffff])[\ \t\n]*+
    | (?P<mark>[(),;=]|\.(?!\d))[\ \t\n]*+
    | (?P<space>[\ \t\n\v\f\r]+)
    | (?P<line>--(?=[\x00-\x20]|\Z)[^\n]*|\#[^\n]*)
    | (?P<executable>/\*(?P<maria>M?)!(?P<version>\d{5,}|))
    | (?P<hint>/\*\+)
    | (?P<block>/\*)
    | (?P<end>\*/)
    | (?P<bits>[xXbB]'[0-9a-fA-F]*')
    | (?P<string>[nN]?'(?:[^'\\]++|\\.|'')*+'|"(?:[^"\\]++|\\.|"")*+")
    | (?P<name>`(?:[^`]++|``)++`)
    | (?P<variable>@@?(?:[\w$.\u0080-\uffff]+|`(?:[^`]++|``)++`|'(?:[^'\\]++|\\.|'')*+'|"(?:[^"\\]++|\\.|"")*+"))
    | (?P<hex>0[xX][0-9a-fA-F]+(?![\w$])|0b[01]+(?![\w$]))
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w$\u0080-\uffff]))
    | (?P<word>[\w$\u0080-\U0010ffff]+)
    | (?P<null>\\N)
    | (?P<sign><=>|->>|->|:=|<<|>>|<=|>=|<>|!=|\|\||&&|[-+*/%^&|~!=<>(),.;?:{}@])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "0": "\0", "b": "\b", "r": "\r", "Z": "\x1a", "%": "\\%", "_": "\\_"}
_ESCAPED = re.compile(r"\\(.)|''|\"\"", re.DOTALL)
_PLAIN_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EVERYWHERE = 50_699  # MariaDB 10+ leaves out 50700 to 99999; every supported MySQL runs all up to its own version


@dataclass(slots=True)
class Lexed:
    """`hints` are the texts of optimizer hints; `problem` says why the tokens may not be what the server reads."""

    tokens: list[Token] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    problem: str = ""


def lex(text: str) -> Lexed:
    """Raises NotUnderstoodError for what no server would read to the end."""
    found, position, inside, placeholders = Lexed(), 0, False, 0
    match_at, add, new_tuple = _TOKEN.match, found.tokens.append, tuple.__new__  # a text has thousands of tokens
    while position < len(text):
        match = match_at(text, position)
        if match is None:
            raise NotUnderstoodError("the text has a character that has no meaning there")
        start, position = position, match.end()
        kind = match.lastgroup or ""
        if kind == "plain":
            word = match[1]
            if word[0] in "wW" and word.lower().startswith(PARAMETER):
                raise NotUnderstoodError("the name is reserved")
            add(new_tuple(Token, (WORD, word.upper(), word, word, start, start + len(word))))
            continue
        if kind == "mark":
            sign = match[2]
            add(new_tuple(Token, (SIGN, sign, sign, sign, start, start + 1)))
            continue
        if kind in ("space", "line"):
            continue
        if kind == "executable":
            _note_condition(found, match, inside)
            inside = True
        elif kind == "end":
            if not inside:
                raise NotUnderstoodError("a comment ends that did not begin")
            inside = False
        elif kind in ("block", "hint"):
            position = _skip_comment(text, start, found, is_hint=kind == "hint", inside=inside)
        elif kind == "sign" and match[0] == "?":
            name = f"@{PARAMETER}{placeholders}"
            found.tokens.append(Token(VARIABLE, "?", name, name, start, position))
            placeholders += 1
        else:
            found.tokens.append(_token(kind, match[0], start, position))
    if inside:
        raise NotUnderstoodError("a comment does not end")
    return found


def _note_condition(found: Lexed, match: re.Match[str], inside: bool) -> None:
    version = match["version"]
    everywhere = not match["maria"] and (not version or (len(version) == 5 and int(version) <= _EVERYWHERE))
    if inside or not everywhere:
        found.problem = "whether the server runs this comment depends on its version"


def _skip_comment(text: str, start: int, found: Lexed, *, is_hint: bool, inside: bool) -> int:
    end = text.find("*/", start + 2)
    if end < 0:
        raise NotUnderstoodError("a comment does not end")
    if inside:
        found.problem = "a comment stands inside a comment that the server runs"
    if is_hint:
        found.hints.append(text[start + 3 : end])
    return end + 2


def _token(kind: str, text: str, start: int, end: int) -> Token:
    if kind == "word":
        if text.lower().startswith(PARAMETER):
            raise NotUnderstoodError("the name is reserved")
        plain = text if _PLAIN_WORD.fullmatch(text) else _quoted(text)
        return Token(WORD, text.upper(), text, plain, start, end)
    if kind == "sign":
        return Token(SIGN, text, text, text, start, end)
    if kind == "string":
        value = unescape(text.lstrip("nN")[1:-1])
        return Token(STRING, "", value, literal(value), start, end)
    if kind == "name":
        value = text[1:-1].replace("``", "`")
        return Token(NAME, "", value, _quoted(value), start, end)
    if kind == "variable":
        return _variable(text, start, end)
    if kind == "null":
        return Token(WORD, "NULL", "NULL", "NULL", start, end)
    return Token(NUMBER, "", text, text, start, end)


def _variable(text: str, start: int, end: int) -> Token:
    """Names of variables are of no account, but for those of the system; odd ones are given a plain name."""
    bare = text.lstrip("@")
    if PARAMETER in bare.lower():
        raise NotUnderstoodError("the name is reserved")
    if text.startswith("@@"):
        return Token(VARIABLE, "@@", bare.strip("`"), text, start, end)
    plain = text if _PLAIN_WORD.fullmatch(bare) else "@warded_odd_name"
    return Token(VARIABLE, "@", bare, plain, start, end)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def literal(value: str) -> str:
    """A string as sqlglot's MySQL reads it back."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def unescape(inside: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]) if found[1] else found[0][0], inside)
