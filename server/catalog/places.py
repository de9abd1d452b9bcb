"""A place of a resource, as the store's tables name it, and what is thought of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from catalog.model import Label, Locator
from policy.model import Identity

Path = tuple[str, str, str]
"""Schema, table, column; or what takes their part on other protocols (see `catalog.model.PLACES`)."""
Table = tuple[str, str]

ITSELF = Identity("warded", "catalog")
"""In whose name the catalog records what it found."""
PENDING = "pending"
"""State of a place that is masked until somebody reviews it."""
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at one place said. `label` None = clear. `sampled` = values were seen, not only a name.

    `evidence` is what the detector says of name and context, never a value. `kind` is the kind of evidence.
    """

    type: str
    label: Label | None = None
    detector: str = ""
    confidence: float = 0.0
    sampled: bool = True
    kind: str = "values"
    evidence: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    position: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Something new in the catalog. `what` is found, changed, cleared or vanished; labels are names, "" = clear."""

    resource: str
    path: Path
    what: str
    before: str = ""
    after: str = ""
    detector: str = ""

    @property
    def place(self) -> str:
        return ".".join(part for part in self.path if part)


def locator_of(path: Path, kind: str = "column") -> Locator:
    return Locator(kind, path)


def path_of(locator: Locator) -> Path:
    """The last three parts; missing ones in front are empty."""
    schema, table, column = ("", "", "", *locator.path)[-3:]
    return schema, table, column
