"""The REST API under /api/v1: people read their requests, sessions and rules, and answer for approvals.

Agents are refused on every route, whatever their token says: no agent may
approve, and none may read what people were asked. `router` puts the parts
together; `door` is authentication and errors, the same for all routes.
"""

from __future__ import annotations

from server.api.router import api_router

__all__ = ["api_router"]
