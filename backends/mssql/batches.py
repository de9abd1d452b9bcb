"""A batch → its statements. Transact-SQL needs no semicolons: a reserved word begins the next statement.

IF, WHILE, BEGIN … END, TRY and CATCH are taken apart: every statement in them counts, whether or not it would run.
"""

from __future__ import annotations

from typing import NamedTuple

from backends.sqltree.tokens import WORD, Token, Tokens, word

STARTS = frozenset(
    """
    ALTER BACKUP BEGIN BREAK BULK CHECKPOINT CLOSE COMMIT CONTINUE CREATE DBCC DEALLOCATE DECLARE DELETE DENY DROP
    EXEC EXECUTE FETCH GOTO GRANT IF INSERT KILL MERGE OPEN PRINT RAISERROR READTEXT RECONFIGURE RESTORE RETURN REVERT
    REVOKE ROLLBACK SAVE SELECT SET SHUTDOWN TRUNCATE UPDATE UPDATETEXT USE WAITFOR WHILE WRITETEXT ELSE END GO THROW
""".split()  # noqa: SIM905 - a list of names reads better as a text
)
_TRANSACTION = frozenset({"TRAN", "TRANSACTION", "DISTRIBUTED"})
_WHOLE_BATCH = frozenset({"PROC", "PROCEDURE", "FUNCTION", "TRIGGER", "VIEW", "SCHEMA"})
_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})
_MAIN_VERBS = ("MERGE", "INSERT", "UPDATE", "DELETE", "SELECT")
_AFTER_INSERT = frozenset({"SELECT", "EXEC", "EXECUTE"})
_IN_ALTER = frozenset({"DROP", "ALTER", "SET", "EXECUTE", "CHECK"})
_DROPPED = frozenset(
    """
    TABLE VIEW INDEX PROC PROCEDURE FUNCTION TRIGGER SCHEMA DATABASE SEQUENCE SYNONYM TYPE USER ROLE LOGIN COLUMN
    CONSTRAINT STATISTICS ASSEMBLY DEFAULT RULE AGGREGATE POLICY
""".split()  # noqa: SIM905 - a list of names reads better as a text
)
_RIGHTS_END = frozenset({"TO", "FROM"})
_TELLING = STARTS | _VERBS | _AFTER_INSERT | _IN_ALTER | _RIGHTS_END | {"VALUES", "CASE", "(", ")", ";"}
"""Words that tell where a statement ends; all others are passed over."""


class Part(NamedTuple):
    """A statement, or the condition of an IF or WHILE as a SELECT. `counts`: it is a statement of its own."""

    tokens: list[Token]
    counts: bool = True
    first: bool = False  # the first of its batch may be a bare procedure name
    loop: bool = False  # the condition of a WHILE


def parts(tokens: Tokens) -> list[Part]:
    found: list[Part] = []
    index, first = 0, True
    while index < len(tokens):
        here, after = tokens[index].word, tokens[index + 1].word if index + 1 < len(tokens) else ""
        if here in (";", "GO"):
            first = first or here == "GO"
            index += 2 if here == "GO" and index + 1 < len(tokens) and tokens[index + 1].kind == "number" else 1
            continue
        if here == "BEGIN" and after not in _TRANSACTION and after not in ("DIALOG", "CONVERSATION"):
            index += 2 if after in ("TRY", "CATCH", "ATOMIC") else 1
        elif here == "END" and after != "CONVERSATION":
            index += 2 if after in ("TRY", "CATCH") else 1
        elif here == "ELSE":
            index += 1
        elif tokens[index].kind == WORD and after == ":" and here not in STARTS:
            index += 2  # a label
        elif here in ("IF", "WHILE"):
            end = _condition_end(tokens, index + 1)
            asked = [word("SELECT"), word("1"), word("WHERE"), *tokens[index + 1 : end]]
            found.append(Part(asked, counts=False, loop=here == "WHILE"))
            index = end
        else:
            end = _statement_end(tokens, index)
            found.append(Part(list(tokens[index:end]), first=first))
            index = end
        first = False
    return found


def _condition_end(tokens: Tokens, index: int) -> int:
    depth = cases = 0
    while index < len(tokens):
        here = tokens[index].word
        depth += (here == "(") - (here == ")")
        cases += here == "CASE"
        if here == "END" and cases:
            cases -= 1
        elif depth <= 0 and not cases and (here == ";" or (here in STARTS and not _is_trigger_test(tokens, index))):
            return index
        index += 1
    return index


def _is_trigger_test(tokens: Tokens, index: int) -> bool:
    """IF UPDATE(column), in a trigger."""
    return tokens[index].word == "UPDATE" and index + 1 < len(tokens) and tokens[index + 1].word == "("


def _statement_end(tokens: Tokens, start: int) -> int:
    first = tokens[start].word
    if _takes_all(tokens, start):
        return next((i for i in range(start, len(tokens)) if tokens[i].word == "GO"), len(tokens))
    depth = cases = 0
    used: set[str] = set()
    for index in range(start + 1, len(tokens)):
        here = tokens[index].word
        if here not in _TELLING:
            continue
        before = tokens[index - 1].word
        depth += (here == "(") - (here == ")")
        cases += here == "CASE"
        if here == "END" and cases:
            cases -= 1
            continue
        if here in (";", "GO") and depth <= 0:
            return index
        if here in STARTS and depth <= 0 and not cases and not _goes_on(first, here, before, used):
            return index
        if depth <= 0:
            used.add(here)
    return len(tokens)


def _takes_all(tokens: Tokens, start: int) -> bool:
    """CREATE PROCEDURE and its kin reach to the end of the batch."""
    if tokens[start].word not in ("CREATE", "ALTER"):
        return False
    kinds = [token.word for token in tokens[start + 1 : start + 4]]
    kind = kinds[2] if kinds[:1] == ["OR"] and len(kinds) > 2 else kinds[0] if kinds else ""
    return kind in _WHOLE_BATCH and not (tokens[start].word == "ALTER" and kind == "SCHEMA")


def _goes_on(first: str, here: str, before: str, used: set[str]) -> bool:
    """Whether a word that could begin a statement belongs to the one that `first` began."""
    if here == "SELECT" and before in ("UNION", "ALL", "EXCEPT", "INTERSECT", "FOR", "("):
        return True
    if here in ("UPDATE", "DELETE") and before in ("ON", "FOR", ",") and first in ("CREATE", "ALTER", "DECLARE"):
        return True
    if here == "SET" and before in ("UPDATE", "DELETE") and first in ("CREATE", "ALTER"):
        return True
    if here == "IF" and first in ("DROP", "ALTER", "CREATE") and before in _DROPPED:
        return True  # DROP TABLE IF EXISTS t
    if here == "FETCH" and before in ("ROWS", "ROW"):
        return True
    if first == "WITH" and not used & _VERBS and here in _VERBS:
        return True
    verb = first if first != "WITH" else next((word for word in _MAIN_VERBS if word in used), "")
    if verb == "MERGE":
        return before == "THEN" or (here == "SET" and before == "UPDATE")
    if verb == "UPDATE":
        return here == "SET" and "SET" not in used
    if verb in ("INSERT", "BULK"):
        return (here in _AFTER_INSERT and not used & _AFTER_INSERT and "VALUES" not in used) or before == "BULK"
    if first in ("GRANT", "DENY", "REVOKE"):
        return not used & _RIGHTS_END or before in ("WITH", "EXECUTE")
    if first == "ALTER":
        return here in _IN_ALTER and not used & _IN_ALTER
    if first == "CREATE":
        return here in ("EXECUTE", "EXEC") and before == "WITH"
    return first in ("EXECUTE", "EXEC", "WAITFOR", "OPEN", "RESTORE", "BACKUP") and before == first and here != "GO"
