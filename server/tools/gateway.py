"""The tools that Warded itself answers: who am I, what can I reach, what became of my request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backends.base import Verb
from policy.model import Identity
from server.approvals.requests import Approvals
from server.approvals.stage import ApprovalStage, Progress
from server.judging import Judge
from server.store.models import Request
from server.tools.render import request_view, tool_result

Handler = Callable[[Identity, Mapping[str, Any], Progress | None], Awaitable[dict[str, Any]]]

MAX_WAIT_SECONDS = 45.0  # below the idle limits of every client that was surveyed


@dataclass(frozen=True, slots=True)
class GatewayTool:
    verb: Verb
    call: Handler


_TEXT = {"type": "string"}
_NAMES = {"type": "array", "items": _TEXT}
_READS = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}


def _object(properties: dict[str, Any], *, required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


WHOAMI = Verb(
    name="whoami",
    title="Who am I",
    doc="The person you act for, their groups, and how you are known in the record of everything you do here.",
    input_schema=_object({}, required=[]),
    output_schema=_object(
        {"user": _TEXT, "groups": _NAMES, "via": _TEXT, "agent": _TEXT, "session": _TEXT},
        required=["user", "groups", "via", "agent", "session"],
    ),
    hints=_READS,
)

LIST_RESOURCES = Verb(
    name="list_resources",
    title="List resources",
    doc=(
        "The databases and other systems you may reach through this gateway, with the tools that work on each. "
        "What you do not see here you cannot reach; ask a person for access instead of guessing names."
    ),
    input_schema=_object({}, required=[]),
    output_schema=_object(
        {
            "resources": {
                "type": "array",
                "items": _object(
                    {
                        "name": _TEXT,
                        "kind": _TEXT,
                        "description": _TEXT,
                        "tags": {"type": "object", "additionalProperties": _TEXT},
                        "tools": _NAMES,
                    },
                    required=["name", "kind", "description", "tags", "tools"],
                ),
            },
            "next_step": _TEXT,
        },
        required=["resources", "next_step"],
    ),
    hints=_READS,
)

REQUEST_STATUS = Verb(
    name="request_status",
    title="Status of a request",
    doc=(
        "What became of an operation that was held for approval. Waits up to wait_seconds (at most 45) for a "
        "decision. When the status is `approved`, send exactly the same call again: it runs once. "
        "You cannot approve anything here."
    ),
    input_schema=_object(
        {
            "request_id": {"type": "string", "description": "The id that the held call returned."},
            "wait_seconds": {
                "type": "number",
                "minimum": 0,
                "maximum": MAX_WAIT_SECONDS,
                "description": "How long to wait for a decision; 0 answers at once.",
            },
        },
        required=["request_id"],
    ),
    output_schema=_object(
        {
            "request": _object(
                {"id": _TEXT, "status": _TEXT, "approvers": _NAMES, "expires_at": _TEXT, "url": _TEXT},
                required=["id", "status", "approvers", "expires_at", "url"],
            ),
            "error": _object({"code": _TEXT, "message": _TEXT, "remedy": _TEXT}, required=["code", "message"]),
            "next_step": _TEXT,
        },
        required=["next_step"],
    ),
    hints=_READS,
)

_NEXT = {
    "pending": "Still waiting. Call request_status again, or go on with other work.",
    "approved": "Send exactly the same call again now: it runs once.",
    "denied": "It was refused and will not run. Talk to the approvers before you ask again.",
    "expired": "Nobody decided in time. Send the original call again to ask anew.",
    "running": "It is running now.",
    "done": "It ran. The approval is used up.",
    "failed": "It was started and failed. The approval is used up; look at the target before you ask again.",
}


def gateway_tools(judge: Judge, approvals: Approvals, stage: ApprovalStage) -> tuple[GatewayTool, ...]:
    """The gateway's own tools, in the order in which they are listed."""

    async def whoami(identity: Identity, arguments: Mapping[str, Any], progress: Progress | None) -> dict[str, Any]:
        agent = identity.agent
        found = {
            "user": identity.user,
            "groups": sorted(identity.groups),
            "via": identity.via,
            "agent": (agent.name or agent.client_id) if agent else "",
            "session": identity.session,
        }
        return tool_result(found, is_error=False)

    async def list_resources(
        identity: Identity, arguments: Mapping[str, Any], progress: Progress | None
    ) -> dict[str, Any]:
        found = [
            {
                "name": resource.name,
                "kind": resource.kind,
                "description": resource.description,
                "tags": dict(resource.tags),
                "tools": judge.tools(identity, resource),
            }
            for resource in judge.visible(identity)
        ]
        step = "Use a resource's name with its tools." if found else "You can reach nothing yet: ask for access."
        return tool_result({"resources": found, "next_step": step}, is_error=False)

    async def request_status(
        identity: Identity, arguments: Mapping[str, Any], progress: Progress | None
    ) -> dict[str, Any]:
        request = await approvals.get(str(arguments["request_id"]))
        if request is None or request.requester != identity.user:
            return _no_request(str(arguments["request_id"]))
        wait = min(float(arguments.get("wait_seconds", 0)), MAX_WAIT_SECONDS)
        if request.status == "pending" and wait > 0:
            request = await approvals.wait(request.id, wait, on_tick=_words(request, progress))
        step = _NEXT.get(request.status, "")
        return tool_result({"request": request_view(stage.view(request)), "next_step": step}, is_error=False)

    return (
        GatewayTool(WHOAMI, whoami),
        GatewayTool(LIST_RESOURCES, list_resources),
        GatewayTool(REQUEST_STATUS, request_status),
    )


def _no_request(request_id: str) -> dict[str, Any]:
    """The same answer for an unknown id and for somebody else's."""
    message = f"There is no request {request_id[:64]!r} of yours."
    remedy = "Use the id that the held call returned."
    error = {"code": "unknown_request", "message": message, "remedy": remedy}
    return tool_result({"error": error, "next_step": remedy}, is_error=True)


def _words(request: Request, progress: Progress | None) -> Callable[[float], Awaitable[None]] | None:
    if progress is None:
        return None

    async def tick(waited: float) -> None:
        await progress(waited, f"Waiting for a decision on request {request.id}")

    return tick
