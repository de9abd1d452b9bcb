"""Each target, through the same backend that serves calls."""

from __future__ import annotations

import asyncio

from backends import load_backends
from backends.base import Backend, Health, Upstream
from backends.errors import UpstreamError
from catalog.model import Resource
from server.config import Config
from server.doctor.line import Line, fail, ok, warn
from server.inventory import resources_of
from server.secrets import SecretUnavailable, exposed

PATIENCE = 15.0
"""Seconds one target may take to answer all its checks."""


async def check_targets(config: Config) -> list[Line]:
    resources = resources_of(config)
    if not resources:
        return [warn("resources", "none is configured", "Add one under resources: in the configuration.")]
    backends = {backend.name: backend for backend in load_backends()}
    found = await asyncio.gather(*(_target(resource, backends) for resource in resources.values()))
    return [line for lines in found for line in lines]


async def _target(resource: Resource, backends: dict[str, Backend]) -> list[Line]:
    check, backend = f"resource {resource.name}", backends.get(resource.kind)
    if backend is None:
        return [fail(check, f"kind {resource.kind} is unknown", f"Use one of: {', '.join(sorted(backends))}.")]
    try:
        upstream = backend.open(resource, exposed)
    except (UpstreamError, SecretUnavailable) as error:
        return [fail(check, str(error), error.remedy)]
    except ValueError as error:
        return [fail(check, str(error), "Correct its address.")]
    try:
        return await _health(check, upstream)
    finally:
        await upstream.close()


async def _health(check: str, upstream: Upstream) -> list[Line]:
    try:
        async with asyncio.timeout(PATIENCE):
            health = await upstream.check()
    except TimeoutError:
        return [fail(check, f"no answer within {PATIENCE:.0f} s", "Check its address, and the network in between.")]
    except (UpstreamError, SecretUnavailable) as error:
        return [fail(check, str(error), error.remedy)]
    return [_line(check, each) for each in health]


def _line(check: str, health: Health) -> Line:
    """What passes and still has a remedy could be better."""
    detail = f"{health.check}: {health.detail}"
    if not health.ok:
        return fail(check, detail, health.remedy or "Check its address and accounts, and that it runs.")
    return warn(check, detail, health.remedy) if health.remedy else ok(check, detail)
