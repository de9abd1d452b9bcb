"""SELECT, INSERT, REPLACE, UPDATE and DELETE: what sqlglot does not read is judged here and taken out of the tokens."""

from __future__ import annotations

from backends.sqltree.facts import Facts, verdict
from backends.sqltree.judge import judge
from backends.sqltree.language import Language
from backends.sqltree.tokens import VARIABLE, WORD, Token, Tokens, word
from policy.effects import Effect
from policy.model import Action

_MODIFIERS = {
    "SELECT": frozenset(
        """
        HIGH_PRIORITY STRAIGHT_JOIN SQL_SMALL_RESULT SQL_BIG_RESULT SQL_BUFFER_RESULT SQL_NO_CACHE SQL_CACHE
        SQL_CALC_FOUND_ROWS
""".split()  # noqa: SIM905 - a list of names reads better as a text
    ),
    "INSERT": frozenset({"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE"}),
    "REPLACE": frozenset({"LOW_PRIORITY", "DELAYED"}),
    "UPDATE": frozenset({"LOW_PRIORITY", "IGNORE"}),
    "DELETE": frozenset({"LOW_PRIORITY", "QUICK", "IGNORE"}),
}
_BEFORE_MODIFIERS = frozenset({"SELECT", "ALL", "DISTINCT", "DISTINCTROW"})
_STARTS = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE"})
_OUTFILE = verdict(Action.TRANSFER, Action.READ, Effect.SERVER_FILE, Effect.COPY_OUT)
_INTO_VARIABLE = verdict(Action.READ, Effect.SESSION_STATE)
_AFTER_FILE = frozenset(
    """
    CHARACTER SET FIELDS COLUMNS LINES TERMINATED ENCLOSED ESCAPED STARTING OPTIONALLY BY
""".split()  # noqa: SIM905 - a list of names reads better as a text
)


def judge_data(tokens: Tokens, language: Language, *, planned: bool) -> Facts:
    """What a statement on data does. Effects found in the tokens count even in a plan: they are never harmless."""
    found = Facts()
    kept = _without_into(_without_modifiers(tokens), found)
    kept = _plainer(without_escapes(kept))
    if kept and kept[0].word == "REPLACE":
        kept = [word("INSERT"), *kept[1:]]
        if not planned:
            found.add((Action.WRITE,), (Effect.SCOPED_DELETE,))
    facts = judge(kept, language, planned=planned)
    if found.effects & {Effect.SESSION_STATE, Effect.SERVER_FILE}:
        facts.steer_all("transform")
    facts.merge(found)
    return facts


_ANY_MODIFIER = frozenset[str]().union(*_MODIFIERS.values())


def _without_modifiers(tokens: Tokens) -> list[Token]:
    if _ANY_MODIFIER.isdisjoint([token.word for token in tokens]):
        return list(tokens)
    kept: list[Token] = []
    for index, token in enumerate(tokens):
        allowed = _MODIFIERS["SELECT"] if kept and kept[-1].word in _BEFORE_MODIFIERS else frozenset()
        if kept and kept[-1].word in _STARTS and _begins(tokens, index - 1):
            allowed = _MODIFIERS[kept[-1].word]
        if token.word in allowed and token.kind == WORD:
            continue
        kept.append(token)
    return kept


def _begins(tokens: Tokens, index: int) -> bool:
    """Whether a verb stands where a statement begins, and is not the function INSERT() or REPLACE()."""
    return tokens[index + 1].word not in ("(", "=", ",", ".") if index + 1 < len(tokens) else False


def _without_into(tokens: list[Token], found: Facts) -> list[Token]:
    """SELECT … INTO OUTFILE | DUMPFILE | @variables, wherever it stands in the SELECT."""
    if "INTO" not in [token.word for token in tokens]:
        return tokens
    for index, token in enumerate(tokens):
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.word != "INTO" or after is None:
            continue
        if after.word in ("OUTFILE", "DUMPFILE"):
            found.apply(_OUTFILE)
            end = index + 3
            while end < len(tokens) and (
                tokens[end].word in _AFTER_FILE or tokens[end].kind == "string" or tokens[end - 1].word == "SET"
            ):
                end += 1
            return tokens[:index] + tokens[end:]
        if after.kind == VARIABLE or (tokens[0].word in ("SELECT", "WITH") and after.kind == WORD):
            found.apply(_INTO_VARIABLE)
            end = index + 2
            while end + 1 < len(tokens) and tokens[end].word == "," and tokens[end + 1].kind in (VARIABLE, WORD):
                end += 2
            return tokens[:index] + tokens[end:]
    return tokens


def without_escapes(tokens: list[Token]) -> list[Token]:
    """ODBC's {d '…'}, {ts '…'} and {fn f()} are what is inside."""
    if "{" not in [token.word for token in tokens]:
        return tokens
    kept: list[Token] = []
    for index, token in enumerate(tokens):
        before = tokens[index - 1].word if index else ""
        if token.word in ("{", "}") or (before == "{" and token.kind == WORD):
            continue
        kept.append(token)
    return kept


def _plainer(tokens: list[Token]) -> list[Token]:
    """`DELETE t.* FROM …` is `DELETE t FROM …`; sqlglot does not read the longer form."""
    if not tokens or tokens[0].word != "DELETE" or tokens[1:2] == [] or tokens[1].word == "FROM":
        return _without_stars(tokens, "USING") if tokens and tokens[0].word == "DELETE" else tokens
    return _without_stars(tokens, "FROM")


def _without_stars(tokens: list[Token], until: str) -> list[Token]:
    end = next((index for index, token in enumerate(tokens) if token.word == until), 0)
    kept: list[Token] = []
    for token in tokens[:end]:
        if token.word == "*" and kept and kept[-1].word == ".":
            kept.pop()
        else:
            kept.append(token)
    return kept + tokens[end:]
