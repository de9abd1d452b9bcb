"""Journey: the official conformance suite's transport and lifecycle scenarios, in both revisions.

The scenarios that need tools named `test_*` are for a test server and are not run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.clients.conformance import Check, authorized, run_scenario
from tests.support.gateway import Running, free_port

pytestmark = pytest.mark.anyio

SCENARIOS = {
    "2025-11-25": (
        "server-initialize",
        "ping",
        "tools-list",
        "server-session-lifecycle",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
    ),
    "2026-07-28": (
        "server-stateless",
        "tools-list",
        "caching",
        "http-header-validation",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
    ),
}
CASES = [(revision, scenario) for revision, scenarios in SCENARIOS.items() for scenario in scenarios]
# Prompts and resources, which this server does not have. Checks that need a test server's tools say so themselves.
NOT_OURS = {
    "sep-2549-prompts-list-caching-hints",
    "sep-2549-resources-list-caching-hints",
    "sep-2549-resources-templates-list-caching-hints",
}


def is_ours(check: Check) -> bool:
    return check.id not in NOT_OURS and not check.message.startswith("Not testable")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # nothing here depends on the kind of store
@pytest.mark.parametrize(("revision", "scenario"), CASES)
async def test_the_endpoint_conforms(running: Running, tmp_path: Path, revision: str, scenario: str) -> None:
    public_port = running.gateway.config.server.port
    gateway = authorized(running.gateway.app, running.agent_token, port=free_port(), public_port=public_port)
    async with gateway as url:
        checks = await run_scenario(f"{url}/mcp", scenario, revision=revision, folder=tmp_path / "results")
    failed = [check for check in checks if check.status == "FAILURE" and is_ours(check)]
    assert not failed
    assert any(check.status == "SUCCESS" for check in checks)
