"""The program on one page: what is opened, in which order, and who is given what.

`compose` opens everything and yields the running Gateway; server/serving.py
puts it behind uvicorn. Nothing here or below keeps module-level state, so a
test composes as many gateways as it likes.
"""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version as package_version

from fastapi import FastAPI
from starlette.types import ASGIApp

from backends import load_backends
from backends.errors import UpstreamError
from catalog.model import Resource
from server.api import api_router
from server.approvals.requests import Approvals
from server.approvals.stage import ApprovalStage
from server.bracket import Brackets
from server.budgets.counters import Counters
from server.budgets.ledger import Ledger
from server.budgets.stage import Budgets
from server.catalog.failopen import failing_open
from server.catalog.net import Net
from server.config import Config
from server.ending import Ends
from server.estimating import Estimates
from server.executing import Executor
from server.identity.keys import SigningKeys, load_keys
from server.identity.routes import identity_routes
from server.identity.tokens import AccessTokens, Verifier
from server.inventory import resources_of
from server.judging import Judge
from server.keeper import CatalogKeeper
from server.listeners.bearer import BearerDoor
from server.listeners.direct import DirectCalls
from server.listeners.mcp import McpEndpoint
from server.listeners.probes import probe_routes
from server.listeners.site import ShortCut, SiteGuard
from server.masks import Masks, load_mask_key
from server.native.doors import open_doors
from server.offers import Offers
from server.pins import Pins
from server.pins.states import Rules
from server.pipeline import Pipeline
from server.policies import PolicySource
from server.recording.recorder import Recorder
from server.secrets import SecretUnavailable, exposed
from server.store.engine import Store, open_store
from server.telemetry import Telemetry, open_telemetry
from server.tools.gateway import gateway_tools
from server.tools.service import ToolService, build_server
from server.upstreams import Upstreams

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway. `app` is the ASGI application; the rest is for the command line and for tests."""

    config: Config
    app: ASGIApp
    store: Store
    tokens: AccessTokens
    verifiers: tuple[Verifier, ...]
    pipeline: Pipeline
    policies: PolicySource
    approvals: Approvals
    recorder: Recorder
    keeper: CatalogKeeper
    pins: Pins
    resources: Mapping[str, Resource]
    clock: Clock


@asynccontextmanager
async def compose(config: Config, *, clock: Clock = time.time) -> AsyncIterator[Gateway]:
    """Open store, policies, recorder and upstreams, in this order, and close them in the other.

    Raises ConfigError's kin (PolicyDocumentError, StoreUnavailable, RecordingUnavailable, SecretUnavailable): a
    gateway that lacks one of these does not start.
    """
    version = package_version("warded")
    async with AsyncExitStack() as stack:
        telemetry = open_telemetry(config.telemetry, version=version)
        stack.callback(telemetry.close)
        policies = PolicySource(
            config.policy.folder,
            config.policy.packs,
            approval_expiry=config.limits.approval_expiry_seconds,
            time_zone=config.policy.time_zone,
            metrics=telemetry.metrics,
        )
        store = await open_store(config.store_url, password=exposed(config.store.password))
        stack.push_async_callback(store.close)
        recorder = Recorder(config.records_dir, store, min_free_bytes=config.recording.min_free_bytes, clock=clock)
        recovery = await recorder.start()
        stack.push_async_callback(recorder.close)
        approvals = Approvals(store, clock=clock)
        for orphan in recovery.unknown:  # its approval was spent by a process that died: never run again
            if orphan.request_id:
                await approvals.finish(orphan.request_id, ok=False, outcome="unknown: the gateway died while it ran")
        upstreams = Upstreams(load_backends(), secrets=_reveal)
        stack.push_async_callback(upstreams.close)
        keys = await load_keys(store, clock=clock)
        gateway, endpoint = await _assemble(
            config, store=store, keys=keys, recorder=recorder, upstreams=upstreams, policies=policies,
            approvals=approvals, telemetry=telemetry, version=version, clock=clock,
        )  # fmt: skip
        await stack.enter_async_context(endpoint.run())
        stack.push_async_callback(gateway.keeper.settle)  # what the last answers left behind
        ledger = gateway.pipeline.budgets.ledger
        ends = Ends(store, gateway.pipeline.calls, verifiers=gateway.verifiers, clock=clock)
        stack.push_async_callback(ledger.give_back)
        for work in (
            ends.run(), policies.watch(), ledger.run(), gateway.keeper.run(), gateway.keeper.tend(), gateway.pins.run(),
        ):  # fmt: skip
            stack.push_async_callback(_stop, asyncio.create_task(work))
        people = gateway.verifiers[1]
        doors = open_doors(config, store=store, tokens=people, pipeline=gateway.pipeline, clock=clock)
        await stack.enter_async_context(doors)
        yield gateway


async def _assemble(
    config: Config,
    *,
    store: Store,
    keys: SigningKeys,
    recorder: Recorder,
    upstreams: Upstreams,
    policies: PolicySource,
    approvals: Approvals,
    telemetry: Telemetry,
    version: str,
    clock: Clock,
) -> tuple[Gateway, McpEndpoint]:
    """Give every stage its collaborators."""
    stages, resources, public_url = telemetry.stages, resources_of(config), config.server.public_url
    keeper = CatalogKeeper(
        store=store, resources=resources, upstreams=upstreams, clock=clock, metrics=telemetry.metrics,
        recorder=recorder, scan_seconds=config.catalog.scan_hours * 3600, sample=config.catalog.sample,
    )  # fmt: skip
    await keeper.load()
    rules = Rules(config.mcp.review.first_sight, config.mcp.review.change)
    pins = Pins(store, rules=rules, clock=clock, recorder=recorder, metrics=telemetry.metrics)
    await pins.refresh()
    net = Net(keeper.findings, telemetry.metrics, fail_open=await failing_open(config, recorder))
    masks = Masks(await load_mask_key(store), scope=config.masking.scope, clock=clock)
    offers = Offers(upstreams, resources, pins)
    judge = Judge(
        resources=resources, upstreams=upstreams, labels=keeper.labels, policies=policies, clock=clock,
        marks=masks.marks, offers=offers,
    )  # fmt: skip
    stage = ApprovalStage(approvals, judge, wait_seconds=config.limits.approval_wait_seconds, public_url=public_url)
    executor = Executor(
        upstreams=upstreams, labels=keeper.labels, bounds=config.limits, stages=stages, net=net,
        readings=keeper.readings, masks=masks,
    )  # fmt: skip
    brackets = Brackets(recorder, new_id=operation_ids())
    ledger = Ledger(Counters(store, clock=clock))
    pipeline = Pipeline(
        judge=judge,
        approvals=stage,
        executor=executor,
        brackets=brackets,
        stages=stages,
        budgets=Budgets(ledger, clock=clock, expiry=config.limits.approval_expiry_seconds, metrics=telemetry.metrics),
        estimates=Estimates(judge, executor, brackets, clock=clock),
        flows=keeper.flows,
    )
    tokens = AccessTokens(keys, issuer=public_url, clock=clock)
    agents = Verifier(keys, store, issuer=public_url, audience=config.mcp_url, clock=clock)
    people = Verifier(keys, store, issuer=public_url, audience=config.api_url, clock=clock)
    service = ToolService(
        pipeline=pipeline,
        judge=judge,
        labels=keeper.labels,
        gateway=gateway_tools(judge, approvals, stage),
        search_above=config.mcp.search_above,
    )
    mcp = build_server(service, version=version, audience=config.mcp_url, traced=telemetry.tracer is not None)
    endpoint = McpEndpoint(mcp, DirectCalls(service, mcp))
    door = BearerDoor(
        endpoint,
        verifier=agents,
        issuer=public_url,
        audience=config.mcp_url,
        metadata_url=f"{public_url}/.well-known/oauth-protected-resource/mcp",
        stages=stages,
    )
    app = FastAPI(title="Warded", version=version, openapi_url=None, docs_url=None, redoc_url=None)
    app.router.routes += identity_routes(config, store, tokens, verifiers=(agents, people), clock=clock)
    app.include_router(
        api_router(
            approvals=approvals,
            recorder=recorder,
            store=store,
            policies=policies,
            verifier=people,
            judge=judge,
            pins=pins,
            reviewers=frozenset(config.catalog.reviewers),
            changed=keeper.refresh,
        )
    )
    app.router.routes += probe_routes(
        checks={"store": store.check, "recording": recorder.check},
        warnings={
            "policies": policies.check,
            "catalog": keeper.check,
            "definitions": pins.check,
            "detection": net.check,
        },
        metrics=telemetry.metrics if config.server.metrics else None,
    )
    site = SiteGuard(
        ShortCut(app, {"/mcp": door, "/mcp/": door}),
        public_url=public_url,
        allowed_origins=config.server.allowed_origins,
    )
    gateway = Gateway(
        config, site, store, tokens, (agents, people), pipeline, policies, approvals, recorder, keeper, pins, resources,
        clock,
    )  # fmt: skip
    return gateway, endpoint


def operation_ids() -> Callable[[], str]:
    """Ids that no other process or call has: 96 random bits of this process, then a counter. A fresh random id for
    each call would cost a system call."""
    process, count = uuid.uuid4().hex[:24], itertools.count(1)
    return lambda: f"op_{process}{next(count):08x}"


def _reveal(reference: str) -> str:
    """Resolve a secret for a backend, just before it is used."""
    try:
        return exposed(reference)
    except SecretUnavailable as error:
        raise UpstreamError("credential", str(error), str(error), exposes_data=False, remedy=error.remedy) from None


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
