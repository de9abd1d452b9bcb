"""What a masker is: pure functions from a value to its masked form, one for each type family it can stay valid in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalog.columntypes import Family
from catalog.maskkinds import Kind

MaskValue = Callable[[str], str | None]
"""The masked form, or None: not the kind of value expected, so the caller hides it whole."""


@dataclass(frozen=True, slots=True)
class Masker:
    """One way of hiding. Families not listed get the tag or NULL.

    `stable` claims that masking a masked value changes nothing.
    """

    kind: Kind
    families: Mapping[Family, MaskValue]
    stable: bool = False
