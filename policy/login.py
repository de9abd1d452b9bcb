"""Which account of a resource an identity runs as."""

from __future__ import annotations

from catalog.model import Login, Resource
from policy.model import Identity, Mode


def select_login(resource: Resource, identity: Identity) -> Login | None:
    """The first login, from the top, that is for this way of acting and for one of the groups. None = no account."""
    return next((login for login in resource.logins if _fits(login, identity)), None)


def mode_of(resource: Resource, login: Login | None, identity: Identity) -> Mode:
    """What this caller's way to the resource is meant for: read-only if the login or a tag says so."""
    tags = resource.tags
    said = {tags.get("mode"), tags.get("agents") if identity.agent else None, login.mode if login else None}
    return "read_only" if "read_only" in said else "read_write"


def _fits(login: Login, identity: Identity) -> bool:
    if login.via not in ("", identity.via):
        return False
    return not login.groups or not identity.groups.isdisjoint(login.groups)
