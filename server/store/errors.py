"""Whatever a driver says of a database that cannot be used becomes `StoreUnavailable`, with a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NoSuchModuleError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StoreUnavailable(Exception):
    """The store cannot be used now: down, locked, full, or of another version. `remedy` is for the operator."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


_OUR_BUGS = (IntegrityError, DataError, ProgrammingError)
"""The database works and says that the statement is wrong: not to be hidden behind "unavailable"."""

_SQLITE = (
    ("locked", "The store is locked by another process.", "Wait for it to finish, or stop it."),
    ("busy", "The store is locked by another process.", "Wait for it to finish, or stop it."),
    ("full", "The disk of the store is full.", "Free disk space; Warded goes on by itself."),
    ("readonly", "The store cannot be written.", "Give the user that runs Warded write access to the file and folder."),
    ("unable to open", "The store cannot be opened.", "Check that its folder exists and is writable."),
    ("no such table", "The store holds no tables of Warded.", "Start Warded once so that it creates them."),
    ("malformed", "The file of the store is damaged.", "Restore it from a backup."),
    ("not a database", "The file of the store is not an SQLite database.", "Check store.url."),
)
_POSTGRES = {
    "28P01": ("The store refused the password.", "Check store.password."),
    "28000": ("The store refused the log-in.", "Check the user in store.url and pg_hba.conf."),
    "3D000": ("The store's database does not exist.", "Create it (createdb) or check store.url."),
    "42P01": ("The store holds no tables of Warded.", "Start Warded once so that it creates them."),
    "42501": ("The store's user may not do this.", "Make it the owner of its database."),
    "53100": ("The disk of the store is full.", "Free disk space; Warded goes on by itself."),
    "53300": ("The store has no free connection.", "Raise max_connections of the PostgreSQL server."),
    "25006": ("The store is read-only (a standby?).", "Point store.url at the primary server."),
    "55P03": ("The store is locked by another process.", "Wait for it to finish, or stop it."),
}
_DOWN = ("The store cannot be reached.", "Check that the database server runs and that store.url is right.")
_SLOW = ("The store did not answer in time.", "Check the load of the database server.")


@contextmanager
def mapped_errors() -> Iterator[None]:
    """Turns what SQLAlchemy, asyncpg and sockets raise into StoreUnavailable; words are ours, so no value leaks."""
    try:
        yield
    except DBAPIError as error:
        known = _known(error)
        if known is None and isinstance(error, _OUR_BUGS):
            raise
        raise StoreUnavailable(*(known or _DOWN)) from error
    except (PoolTimeout, TimeoutError) as error:
        raise StoreUnavailable(*_SLOW) from error
    except OSError as error:
        raise StoreUnavailable(*_DOWN) from error
    except Exception as error:
        known = _POSTGRES.get(str(getattr(error, "sqlstate", "")))  # asyncpg's own, before SQLAlchemy sees it
        if known is None:
            raise
        raise StoreUnavailable(*known) from error


@contextmanager
def mapped_url_errors() -> Iterator[None]:
    """A store.url that no driver understands."""
    try:
        yield
    except (NoSuchModuleError, ValueError) as error:
        remedy = "Use sqlite+aiosqlite:///path or postgresql+asyncpg://user@host/database."
        raise StoreUnavailable("store.url is not understood.", remedy) from error


def _known(error: DBAPIError) -> tuple[str, str] | None:
    state = str(getattr(error.orig, "sqlstate", "") or "")
    if state:
        return _POSTGRES.get(state)
    text = str(error.orig)
    return next(((message, remedy) for part, message, remedy in _SQLITE if part in text), None)
