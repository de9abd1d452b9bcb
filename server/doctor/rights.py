"""Logins that can do more at their target than the policy ever lets anybody do through them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from backends import load_backends
from backends.base import Audited, Right
from backends.errors import UpstreamError
from catalog.model import Login, Resource
from policy.document import load_document
from policy.engine import Engine
from policy.problems import PolicyDocumentError
from policy.reach import Reach
from server.config import Config
from server.doctor.line import Line, fail, ok, warn
from server.doctor.targets import PATIENCE
from server.inventory import resources_of
from server.secrets import SecretUnavailable, exposed


async def check_rights(config: Config) -> list[Line]:
    """Nothing where the policy or the target cannot be asked: other checks say so."""
    try:
        document = load_document(config.policy.folder, config.policy.packs, time_zone=config.policy.time_zone)
    except PolicyDocumentError:
        return []
    engine = Engine(document)
    found = await asyncio.gather(*(_resource(resource, engine) for resource in resources_of(config).values()))
    return [line for lines in found for line in lines]


async def _resource(resource: Resource, engine: Engine) -> list[Line]:
    backend = next((each for each in load_backends() if each.name == resource.kind), None)
    if backend is None:
        return []
    lines: list[Line] = []
    try:
        upstream = backend.open(resource, exposed)
    except (UpstreamError, SecretUnavailable, ValueError):
        return []
    try:
        async with asyncio.timeout(PATIENCE):
            for login in resource.logins if isinstance(upstream, Audited) else ():
                assert isinstance(upstream, Audited)
                rights = await upstream.rights(login)
                lines += excess(rights, Reach(engine, resource, login), resource=resource, login=login)
    except (UpstreamError, SecretUnavailable, TimeoutError):
        return lines
    finally:
        await upstream.close()
    return lines


def excess(rights: list[Right], reach: Reach, *, resource: Resource, login: Login) -> Iterator[Line]:
    """One line for each right that is of no use to anybody, with the statement that takes it away.

    `fail` for a right that no policy could make use of, such as being superuser.
    """
    check = f"resource {resource.name}"
    wide = [right for right in rights if not any(reach.ever(*need) for need in right.needs)]
    for right in wide:
        make = warn if right.needs else fail
        yield make(check, f"login {login.user}: {right.what}; the policy never allows it", f"{right.remedy};")
    if not wide:
        yield ok(check, f"login {login.user}: no right that the policy never allows to use")
