"""What one text turned out to do, collected while its trees are walked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action, Steer, SteerUse


class Verdict(NamedTuple):
    """What a statement or a call does. `opaque`: it may touch relations that the text does not name."""

    actions: frozenset[Action]
    effects: frozenset[Effect]
    opaque: bool = False


def verdict(*meaning: Action | Effect, opaque: bool = False) -> Verdict:
    actions = frozenset(item for item in meaning if isinstance(item, Action))
    return Verdict(actions, frozenset(item for item in meaning if isinstance(item, Effect)), opaque)


UNKNOWN_FUNCTION = verdict(Action.RUN, Effect.UNKNOWN_FUNCTION, opaque=True)
DYNAMIC_CODE = verdict(Action.RUN, Effect.DYNAMIC_CODE, opaque=True)


@dataclass(slots=True)
class Facts:
    """Grows only: nothing that was found is taken back. Dicts keep the order of the text, without doubles."""

    actions: set[Action] = field(default_factory=set)
    effects: set[Effect] = field(default_factory=set)
    targets: dict[Locator, None] = field(default_factory=dict)
    columns: dict[Locator, None] = field(default_factory=dict)
    steering: dict[Steer, None] = field(default_factory=dict)
    problem: str = ""
    opaque: bool = False

    def add(self, actions: Iterable[Action], effects: Iterable[Effect], *, opaque: bool = False) -> None:
        self.actions.update(actions)
        self.effects.update(effects)
        self.opaque = self.opaque or opaque

    def apply(self, found: Verdict | None) -> None:
        if found is not None:
            self.add(found.actions, found.effects, opaque=found.opaque)

    def unknown(self, problem: str) -> None:
        """Fail closed: what is not understood is an action of its own. The first problem is the one reported."""
        self.add((Action.UNKNOWN,), (Effect.UNPARSED,), opaque=True)
        self.problem = self.problem or problem

    def steer_all(self, use: SteerUse) -> None:
        """Every column that is touched leaves the answer for another place, where no mask finds it."""
        for place in self.columns:
            column = place if place.kind == "column" else Locator("column", (*place.path, "*"))
            self.steering[Steer(use, column)] = None

    def merge(self, other: Facts) -> None:
        """Take over what another statement of the same text does."""
        self.add(other.actions, other.effects, opaque=other.opaque)
        self.targets.update(other.targets)
        self.columns.update(other.columns)
        self.steering.update(other.steering)
        self.problem = self.problem or other.problem
