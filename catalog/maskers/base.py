"""What a masker is: pure functions from a value to its masked form, one for each type family it can stay valid in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalog.columntypes import Family
from catalog.maskkinds import Kind

MaskValue = Callable[[str], str | None]
"""The masked form, or None: not the kind of value expected, so the caller hides it whole."""


@dataclass(frozen=True, slots=True)
class Digits:
    """What a masker makes of `least` to `most` ASCII digits with any of `skip` among them: `prefix`, then the last
    `shown` digits. `signed` = before all that a plus, where the value begins with one."""

    prefix: str
    shown: int
    least: int
    most: int
    skip: str
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """What the masker of mail addresses makes of one in printable ASCII."""


Shape = Digits | Address
"""A masker as data, for plain values only: a row walk that knows it need not call for those."""

LONGEST_SHAPED = 32
"""No shape gives more characters than this."""


@dataclass(frozen=True, slots=True)
class Masker:
    """One way of hiding. Families not listed get the tag or NULL.

    `stable` claims that masking a masked value changes nothing. `shape` tells the same of text, as data.
    """

    kind: Kind
    families: Mapping[Family, MaskValue]
    stable: bool = False
    shape: Shape | None = None
