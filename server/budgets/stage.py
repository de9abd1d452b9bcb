"""Between decide and execute: a call gets its share of what ceilings have left, or becomes a hold or a denial."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from backends.base import Limits
from policy.ceilings import Ceiling
from policy.model import Allow, Deny, Hold, Reason
from server.answer import Answer
from server.budgets.counters import Key
from server.budgets.ledger import Claim, Ledger
from server.budgets.spending import Part, Spending
from server.judging import Judgement
from server.metrics import Metrics

FEW_BYTES = 4096
"""With less than this left hardly a row would fit, and the call is held rather than cut to nothing."""
FEW_MS = 1000
MASKED_COLUMNS = 32
"""How many masked columns a row is expected to have at most; wider answers may be cut early near the ceiling."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a call may do: its judgement, held or denied where a ceiling is reached, and what it may spend."""

    judged: Judgement
    spending: Spending
    raises: tuple[tuple[Key, Ceiling], ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    ceiling: Ceiling
    claim: Claim
    probe: str | None = None


class Budgets:
    """`clock` gives UNIX seconds; `expiry` is how long a hold stays open that no rule bounds."""

    def __init__(self, ledger: Ledger, *, clock: Callable[[], float], expiry: float, metrics: Metrics) -> None:
        self.ledger, self._clock, self._expiry, self._metrics = ledger, clock, expiry, metrics

    def free(self, judged: Judgement) -> Turn:
        """For what is not counted: refusals, and the planning of a dry run."""
        return Turn(judged, Spending(self.ledger))

    async def enter(self, judged: Judgement, limits: Limits) -> Turn:
        """Reserve for a call that may run within `limits`; close the turn's spending whatever happens.

        A call that waits for approval anyway reserves nothing yet: it only learns which ceilings people would have
        to raise, too. Raises StoreUnavailable.
        """
        decision = judged.decision
        if isinstance(decision, Deny):
            return Turn(judged, Spending(self.ledger))
        allow = decision.grant if isinstance(decision, Hold) else decision
        if not allow.obligations.ceilings:
            return Turn(judged, Spending(self.ledger))
        wishes = list(self._wishes(judged, allow, limits))
        granted, short = await self.ledger.reserve([wish.claim for wish in wishes])
        if short:
            return self._reached(judged, allow, [wish for wish in wishes if wish.claim in short])
        pairs = zip(wishes, granted, strict=True)
        spending = Spending(
            self.ledger, [Part(wish.ceiling, wish.claim.key, amount, wish.probe) for wish, amount in pairs]
        )
        if isinstance(decision, Hold):
            spending.close()
        return Turn(judged, spending)

    async def raised(self, turn: Turn, approvals: frozenset[str]) -> bool:
        """Raise what the turn's approval was for, if these are the groups that may. Raises StoreUnavailable."""
        if not all(ceiling.raised_by and ceiling.raised_by <= approvals for _key, ceiling in turn.raises):
            return False
        if turn.raises:
            await self.ledger.raise_by((key, ceiling.amount) for key, ceiling in turn.raises)
            for _key, ceiling in turn.raises:
                self._metrics.budget_raises.labels(ceiling.measure).inc()
        return True

    def told(self, answer: Answer, spending: Spending) -> Answer:
        """The answer of a call that ended, with the rule whose ceiling cut it."""
        cut = spending.cut
        if cut is None:
            return answer
        self._metrics.budget_cuts.labels(cut.measure).inc()
        text = f"Rule {cut.rule} lets at most {cut} pass; the answer was cut there."
        return replace(answer, reasons=(Reason(cut.rule, text, _wait((cut,)), cut.place), *answer.reasons))

    def _wishes(self, judged: Judgement, allow: Allow, limits: Limits) -> Iterator[Wish]:
        identity, zone = judged.query.identity, judged.engine.document.clocks[0][1]
        client = identity.agent.client_id if identity.agent else ""
        periods = {"session": f"session {identity.session}", "day": f"day {self._day(zone)}"}
        for ceiling in allow.obligations.ceilings:
            key = Key(ceiling.rule, identity.user, client, periods[ceiling.period], ceiling.measure)
            match ceiling.measure:
                case "probes":
                    yield from self._probes(judged, allow, ceiling, key)
                case "cells" if not judged.query.labels - allow.obligations.revealed:
                    pass
                case _:
                    want, least = _size(ceiling, limits)
                    yield Wish(ceiling, Claim(key, ceiling.amount, want, min(least, ceiling.amount)))

    def _probes(self, judged: Judgement, allow: Allow, ceiling: Ceiling, key: Key) -> Iterator[Wish]:
        """One for each column that is hidden and steers the answer, unless this very question was asked before."""
        hidden = {use.column for use in judged.uses if use.label not in allow.obligations.revealed}
        for column in sorted(hidden):
            apart = key._replace(measure=f"probes {judged.query.resource.name} {column}"[:500])
            asked = judged.query.operation.digest
            if asked not in self.ledger.account(apart).seen:
                values = max(1, judged.query.operation.probes)
                yield Wish(ceiling, Claim(apart, ceiling.amount, values, min(values, ceiling.amount)), asked)

    def _day(self, zone: tzinfo) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).astimezone(zone).date().isoformat()

    def _reached(self, judged: Judgement, allow: Allow, wishes: Sequence[Wish]) -> Turn:
        for wish in wishes:
            self._metrics.budget_stops.labels(wish.ceiling.measure).inc()
        own = judged.decision.reasons if isinstance(judged.decision, Hold) else ()
        reasons = (*(_reason(wish) for wish in wishes), *own)
        nothing = Spending(self.ledger)
        if not all(wish.ceiling.raised_by for wish in wishes):
            refused = Deny(reasons, remedy=_wait(wish.ceiling for wish in wishes))
            return Turn(replace(judged, decision=refused), nothing)
        before = judged.decision if isinstance(judged.decision, Hold) else Hold(allow, frozenset(), self._expiry)
        approvers = before.approvers.union(*(wish.ceiling.raised_by for wish in wishes))
        held = replace(before, approvers=approvers, reasons=reasons)
        names = tuple(" ".join(wish.claim.key) for wish in wishes)
        raises = tuple((wish.claim.key, wish.ceiling) for wish in wishes)
        return Turn(replace(judged, decision=held, raises=names), nothing, raises)


def _size(ceiling: Ceiling, limits: Limits) -> tuple[int, int]:
    """(what a call may need, what it must have to run at all)."""
    match ceiling.measure:
        case "rows":
            return limits.max_rows, 1
        case "bytes":
            return limits.max_bytes, FEW_BYTES
        case "cells":
            return limits.max_rows * MASKED_COLUMNS, 1
        case "time":
            return max(1, round(limits.timeout * 1000)), FEW_MS
        case _:
            return 1, 1


def _reason(wish: Wish) -> Reason:
    ceiling, key = wish.ceiling, wish.claim.key
    whose = f"{key.user} by {key.client_id}" if key.client_id else key.user
    about = f" of {key.measure.split(' ', 1)[1]}" if " " in key.measure else ""
    text = f"Rule {ceiling.rule} lets at most {ceiling}{about} pass for {whose}, and they are used up."
    if ceiling.raised_by:
        text += f" An approval lets this call run and allows as much again until the {ceiling.period} ends."
    return Reason(ceiling.rule, text, _wait((ceiling,)), ceiling.place)


def _wait(ceilings: Iterable[Ceiling]) -> str:
    days = all(ceiling.period == "day" for ceiling in ceilings)
    when = "Come back tomorrow" if days else "Finish what this session was for"
    return f"{when}, or ask the people who keep the policy for a higher ceiling."
