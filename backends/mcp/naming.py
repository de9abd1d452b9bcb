"""The names under which tools of other servers appear: `<resource>_<tool>`, the same every time, never twice.

Clients put a prefix of their own before it and drop what gets longer than 128 characters, so 63 is the bound.
"""

from __future__ import annotations

import hashlib
import re

LONGEST = 63
RESERVED = frozenset({"sql", "ssh", "list", "request", "search", "call", "whoami"})
"""First words of the tools of Warded itself: a resource of such a name gets its tools marked."""
_UNUSABLE = re.compile(r"[^A-Za-z0-9_-]+")


def verb_name(resource: str, tool: str) -> str:
    """Plain where resource and tool can be told apart in it, else with eight digits of a hash at the end."""
    plain = f"{resource}_{_UNUSABLE.sub('_', tool)}"
    is_clear = "_" not in resource and resource not in RESERVED and not _UNUSABLE.search(tool) and tool
    if is_clear and len(plain) <= LONGEST and not _looks_marked(plain):
        return plain
    mark = hashlib.sha256(f"{resource}\0{tool}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[: LONGEST - 9]}_{mark}"


def _looks_marked(name: str) -> bool:
    """A plain name must not be what the mark makes of another one."""
    return bool(re.search(r"_[0-9a-f]{8}$", name))
