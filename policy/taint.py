"""Which reads bring untrusted data into a session: by tags of the resource.

`trust: untrusted` = all of it. `untrusted: "support.tickets, feedback.*"` = these tables, as rules name targets.
"""

from __future__ import annotations

from collections.abc import Iterator

from catalog.model import Resource
from policy.facts import target_names
from policy.model import Operation

TRUST, TABLES = "trust", "untrusted"


def brings_untrusted(resource: Resource, operation: Operation) -> bool:
    """Whether rows of this operation may be somebody else's words; in doubt they are."""
    if resource.tags.get(TRUST) == "untrusted":
        return True
    listed = resource.tags.get(TABLES, "")
    if not listed:
        return False
    return operation.opaque or not set(_spellings(listed)).isdisjoint(target_names(operation.targets))


def _spellings(listed: str) -> Iterator[str]:
    """Each listed name, and how a text may name it without its schema."""
    for name in (part.strip() for part in listed.split(",")):
        yield name
        yield f"?.{name.rpartition('.')[2]}"
