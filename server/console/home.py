"""/: what this is and how to connect."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.config import Config
from server.console.pages import Pages
from server.identity.bootstrap import needs_owner
from server.identity.sessions import BrowserSessions
from server.store.engine import Store


class Home:
    """The front page."""

    def __init__(self, store: Store, config: Config, *, pages: Pages, sessions: BrowserSessions) -> None:
        self._store = store
        self._mcp_url = config.mcp_url
        self._pages = pages
        self._sessions = sessions

    async def show(self, request: Request) -> Response:
        person = await self._sessions.find(request)
        setup_pending = person is None and await needs_owner(self._store)
        return self._pages.render("home", person=person, mcp_url=self._mcp_url, setup_pending=setup_pending)

    async def style(self, request: Request) -> Response:
        return self._pages.style()
