"""Whether a session is still whose it was: asked of the server after anything that could have changed it."""

from __future__ import annotations

from backends.postgres.front_book import OURS, Book, Expect, Step
from backends.postgres.front_link import ServerLink
from backends.postgres.front_replies import error
from backends.postgres.frontend import SYNC, cstring, frame, parse

_NAME = f"{OURS}verify"
_FLUSH = b"H\0\0\0\4"
_TEXT = (
    "SELECT current_user::pg_catalog.text, session_user::pg_catalog.text,"
    " pg_catalog.current_setting('search_path'), pg_catalog.pg_my_temp_schema()::pg_catalog.text"
)
_BIND = frame(b"B", cstring(_NAME) + cstring(_NAME) + b"\0\0\0\0\0\0")
_EXECUTE = frame(b"E", cstring(_NAME) + b"\0\0\0\0")
_CLOSE = frame(b"C", b"P" + cstring(_NAME)) + frame(b"C", b"S" + cstring(_NAME))
"""Both: within a transaction a portal outlives its statement, and the next look would find its name taken."""


Known = tuple[str | None, ...]
"""current_user, session_user, search_path, OID of the session's temporary schema."""


async def look(book: Book, link: ServerLink, *, syncs: bool) -> Known | None:
    """What the server says now, None if it does not. Nothing may be under way. `syncs` = the transaction that this
    opens may be ended: no pipeline of the client's is open."""
    cells: list[list[str | None]] = []
    steps = [Step(expect, hidden=True, cells=cells) for expect in (Expect.PARSE, Expect.BIND, Expect.EXECUTE)]
    book.steps.extend([*steps, Step(Expect.CLOSE, hidden=True), Step(Expect.CLOSE, hidden=True)])
    data = parse(_NAME, _TEXT) + _BIND + _EXECUTE + _CLOSE
    if syncs:
        book.steps.append(Step(Expect.SYNC, hidden=True))
    link.write(data + (SYNC if syncs else _FLUSH))
    await link.settled()
    return tuple(cells[0]) if len(cells) == 1 else None


def compare(book: Book, before: Known | None, now: Known | None) -> bytes:
    """b"" or the last message of the session."""
    if before is None or now is None:
        return error("42501", "the session could not be verified any more", fatal=True)
    if before[:2] != now[:2]:
        words = "the role of this session was changed, which ends it"
        return error("42501", words, hint="Roles are fixed by the gateway: leave out SET ROLE.", fatal=True)
    book.unverified = False
    book.steered = before[2:] != now[2:]
    return b""
