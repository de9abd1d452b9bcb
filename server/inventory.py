"""Resources as the configuration names them, turned into the catalog's own type."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from catalog.model import Login, Resource
from server.config import Config, LoginConfig, McpServerConfig, ResourceConfig


def resources_of(config: Config) -> Mapping[str, Resource]:
    """Every configured resource by name, in the file's order. The scanner defaults to the last login listed."""
    found = {}
    for name, entry in config.resources.items():
        logins = tuple(_login(login) for login in entry.logins)
        found[name] = Resource(
            name=name,
            kind=entry.kind,
            address=entry.address,
            tags=MappingProxyType(dict(entry.tags)),
            groups=tuple(entry.groups),
            logins=logins,
            scanner=_login(entry.scanner) if entry.scanner else logins[-1],
            description=entry.description,
            options=_options(entry),
        )
    return MappingProxyType(found)


def _options(entry: ResourceConfig) -> Mapping[str, str]:
    """What only the backend reads."""
    reviewed = entry.functions.reviewed
    found = {"functions.reviewed": " ".join(reviewed)} if reviewed else {}
    if entry.mcp != McpServerConfig():
        found["mcp"] = entry.mcp.model_dump_json()
    return MappingProxyType(found)


def _login(entry: LoginConfig) -> Login:
    return Login(user=entry.user, password=entry.password, groups=tuple(entry.groups), via=entry.via, mode=entry.mode)
