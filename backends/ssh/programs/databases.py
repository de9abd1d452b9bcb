"""Clients of databases: their statements are judged by the parser of that database."""

from __future__ import annotations

from collections.abc import Callable

from backends.ssh.command import Case, Judge
from backends.ssh.files import reads
from backends.ssh.scope import Stream
from backends.ssh.words import Word
from policy.effects import Effect
from policy.model import Action


def client(protocol: str, *options: str, files: tuple[str, ...] = ()) -> Callable[[Case], Stream]:
    """A client of `protocol` that takes statements by `options`, from its input, or from a file."""

    def judge(case: Case) -> Stream:
        words = [word for option in options for word in [case.command.option(option)] if word is not None]
        if script := next((word for option in files if (word := case.command.option(option))), None):
            reads(script, case.facts, case.ground)
            case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
        for word in words:
            _statement(case, protocol, word)
        if not words and not script:
            _input(case, protocol)
        return Stream(None)

    return judge


def _input(case: Case, protocol: str) -> None:
    stdin = case.command.stdin
    if stdin.empty:
        case.facts.add(Action.RUN, Effect.INTERACTIVE)
    elif stdin.text is not None:
        _statement(case, protocol, Word(stdin.text))
    else:
        case.facts.add(Action.RUN, Effect.REMOTE_CODE if stdin.fetched else Effect.DYNAMIC_CODE)


def _statement(case: Case, protocol: str, word: Word) -> None:
    if protocol == "postgres" and word.text.lstrip().startswith("\\"):
        shell = word.text.lstrip().startswith(("\\!", "\\copy", "\\o", "\\i", "\\w", "\\g"))
        case.facts.add(Action.RUN if shell else Action.READ, *((Effect.DYNAMIC_CODE,) if shell else ()))
        return
    found = case.foreign(protocol, word.text) if word.known else None
    if found is None:
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
        return
    actions, effects = found
    for action in actions:
        case.facts.add(action, *effects)


def dump(case: Case) -> None:
    """A dump is a bulk copy of everything."""
    case.facts.add(Action.TRANSFER, Effect.COPY_OUT)


def restore(case: Case) -> None:
    case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM, Effect.COPY_IN)
    if case.command.has("-c", "--clean", "--drop"):
        case.facts.add(Action.WRITE, Effect.DROP)


def drop_database(case: Case) -> None:
    case.facts.add(Action.DEFINE, Effect.DROP)


def redis(case: Case) -> Stream:
    words = [word.text.upper() for word in case.command.operands(("-h", "-p", "-n", "-a", "-u", "--user", "--pass"))]
    if not words:
        _input(case, "redis")
    elif words[0] in ("FLUSHALL", "FLUSHDB", "SHUTDOWN", "DEBUG"):
        case.facts.add(Action.WRITE, Effect.BULK_DELETE)
    elif words[0] in ("CONFIG", "EVAL", "SCRIPT", "MODULE", "SLAVEOF", "REPLICAOF", "ACL"):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    elif words[0] in (
        "GET",
        "INFO",
        "PING",
        "TTL",
        "EXISTS",
        "TYPE",
        "DBSIZE",
        "HGET",
        "LLEN",
        "SCARD",
        "STRLEN",
        "TIME",
        "MEMORY",
        "SCAN",
    ):
        case.facts.add(Action.READ)
    else:
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    return Stream(None)


PROGRAMS: dict[str, Judge] = {
    "psql": client("postgres", "-c", "--command", files=("-f", "--file")),
    "mysql": client("mysql", "-e", "--execute"),
    "mariadb": client("mysql", "-e", "--execute"),
    "sqlcmd": client("mssql", "-Q", "-q", files=("-i",)),
    "mongosh": client("mongodb", "--eval", files=("-f",)),
    "mongo": client("mongodb", "--eval"),
    "sqlite3": client("sqlite"),
    "clickhouse-client": client("clickhouse", "-q", "--query"),
    **dict.fromkeys(("pg_dump", "pg_dumpall", "mysqldump", "mariadb-dump", "mongodump", "mongoexport", "bcp"), dump),
    **dict.fromkeys(("pg_restore", "mongorestore", "mongoimport", "mysqlimport"), restore),
    **dict.fromkeys(("dropdb", "dropuser"), drop_database),
    "redis-cli": redis,
}
