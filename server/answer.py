"""What a call is answered with, whatever the door: one value that every door renders in its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from backends.base import Column
from catalog.maskkinds import Kind
from catalog.model import Label
from policy.model import Deny, Hold, Operation, Reason, Statement

NO_TEXTS: Mapping[str, str] = MappingProxyType({})
Status = Literal["ok", "held", "denied", "failed"]


@dataclass(frozen=True, slots=True)
class MaskedColumn:
    """A column that was hidden: its name, as what it is labelled, how it was masked."""

    column: str
    label: str
    mask: str


@dataclass(frozen=True, slots=True)
class RevealedColumn:
    """A labelled column that was shown in clear because the caller asked for it: its name, its label, the reason."""

    column: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why nothing (or nothing whole) came back. `code` is stable, `message` and `remedy` are for people."""

    code: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class RequestView:
    """The request that a held operation waits for."""

    id: str
    status: str
    approvers: tuple[str, ...]
    expires_at: float
    url: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a dry run found: nothing was executed."""

    statements: tuple[Statement, ...]
    tables: tuple[str, ...]
    estimated_rows: int | None
    approvals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferedRewrite:
    """A statement that passes instead of the one that did not, what was changed, and its own outcome: allow or hold."""

    sql: str
    change: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of one call. Cells are the target's own text; masks are already applied;
    `masks` are the kinds that rules chose.

    `texts` are what came as text, by channel; `document` what came as JSON (None = nothing); `outcome` is how a command
    ended.
    """

    status: Status
    decision_id: str
    resource: str = ""
    columns: tuple[Column, ...] = ()
    rows: Sequence[list[str | None]] = ()
    texts: Mapping[str, str] = field(default_factory=lambda: NO_TEXTS)
    document: object = None
    outcome: str = ""
    masked: tuple[MaskedColumn, ...] = ()
    truncated: str = ""
    affected: int | None = None
    notices: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    request: RequestView | None = None
    problem: Problem | None = None
    plan: Plan | None = None
    rewrite: OfferedRewrite | None = None
    next_step: str = ""
    revealed: tuple[RevealedColumn, ...] = ()
    mask_key: str = ""
    masks: tuple[tuple[Label, Kind], ...] = ()


def failed(decision_id: str, problem: Problem, *, resource: str = "", reasons: tuple[Reason, ...] = ()) -> Answer:
    """The call did not do what was asked, and nothing is left half shown."""
    step = problem.remedy or "Correct the call and send it again."
    return Answer(
        status="failed", decision_id=decision_id, resource=resource, problem=problem, reasons=reasons, next_step=step
    )


def denied(decision_id: str, deny: Deny, operation: Operation, *, resource: str) -> Answer:
    """Policy said no. Says plainly that nothing ran, and the smallest change that would pass."""
    remedy = deny.remedy or "Ask the owner of this resource for a rule that permits it."
    problem = Problem("not_understood", operation.problem, remedy) if operation.problem else None
    return Answer(
        status="denied",
        decision_id=decision_id,
        resource=resource,
        reasons=deny.reasons,
        problem=problem,
        next_step=f"Nothing was executed. {remedy}",
    )


def held(decision_id: str, hold: Hold, request: RequestView, *, resource: str) -> Answer:
    """Waiting for people. The identical call picks the approval up; `request_status` tells when."""
    groups = " and ".join(sorted(hold.approvers))
    return Answer(
        status="held",
        decision_id=decision_id,
        resource=resource,
        reasons=hold.reasons,
        request=request,
        next_step=(
            f"Nothing was executed yet: somebody in {groups} must approve request {request.id}. "
            "Call request_status with this id to wait for the decision; once it is approved, "
            "send exactly the same call again and it runs once."
        ),
    )


def ok_step(*, truncated: str, masked: bool) -> str:
    """What a model should know about an answer that came through."""
    parts = []
    if truncated == "rows":
        parts.append("There are more rows than were returned: narrow the query or raise max_rows.")
    elif truncated == "budget":
        parts.append("The answer was cut at a ceiling that is reached now: the next call has to be approved or waits.")
    elif truncated:
        parts.append("The answer was cut at the size limit: select fewer columns or rows.")
    if masked:
        parts.append("Masked columns hide personal or secret data; do not try to reconstruct them.")
    return " ".join(parts) or "Done."
