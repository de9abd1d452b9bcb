"""The nouns of the catalog: resources, places inside them, labels, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

NO_TAGS: Mapping[str, str] = MappingProxyType({})
PLACES = frozenset({"column", "field", "pointer", "path"})
"""Kinds of locators that hold values, each a path of three: (schema, table, column), (database, collection, field),
(server, tool, JSON pointer), (host, path, field). Labels are kept for these."""


class Label(StrEnum):
    """What a value is about. The same names are used by policy (`Label::"EMAIL"`) and on screen."""

    PERSON = "PERSON"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    ADDRESS = "ADDRESS"
    POSTCODE = "POSTCODE"
    DOB = "DOB"
    SSN = "SSN"
    NATIONAL_ID = "NATIONAL_ID"
    PASSPORT = "PASSPORT"
    DRIVER_LICENSE = "DRIVER_LICENSE"
    CREDIT_CARD = "CREDIT_CARD"
    CVV = "CVV"
    IBAN = "IBAN"
    BANK_ACCOUNT = "BANK_ACCOUNT"
    MRN = "MRN"
    HEALTH_ID = "HEALTH_ID"
    DIAGNOSIS = "DIAGNOSIS"
    IP = "IP"
    GEO = "GEO"
    PASSWORD = "PASSWORD"
    SECRET = "SECRET"
    TEXT = "TEXT"  # prose in which sensitive values were seen
    COMPUTED = "COMPUTED"  # derived from a labelled column; what it still tells is not known
    UNSCANNED = "UNSCANNED"  # a column that no catalog scan has seen yet


@dataclass(frozen=True, slots=True, order=True)
class Locator:
    """Where inside a resource. `kind` names the last part of `path`.

    PostgreSQL: ("schema", (s,)), ("table", (s, t)), ("column", (s, t, c)). A name
    that the text left unqualified has an empty schema: ("table", ("", "orders")).
    """

    kind: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(part for part in self.path if part)


@dataclass(frozen=True, slots=True)
class Login:
    """One upstream account of a resource and who gets it; the secret stays a reference.

    `groups` empty means everybody; `via` is "agent", "person" or "" for both.
    `password` is a reference such as `env:NAME` or `file:/path`, "" for none. `mode` is what the account is meant for.
    """

    user: str
    password: str = ""
    groups: tuple[str, ...] = ()
    via: str = ""
    mode: Literal["read_only", "read_write"] = "read_write"


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing that can be reached. `address` is a URL without user or password."""

    name: str
    kind: str
    address: str
    tags: Mapping[str, str] = field(default_factory=lambda: NO_TAGS)
    groups: tuple[str, ...] = ()
    logins: tuple[Login, ...] = ()
    scanner: Login | None = None
    description: str = ""
    options: Mapping[str, str] = field(default_factory=lambda: NO_TAGS)


@dataclass(frozen=True, slots=True)
class Finding:
    """A label seen at a place: by which detector, how sure (0..1), and which mask was applied ("" = none)."""

    locator: Locator
    label: Label
    detector: str
    confidence: float
    mask: str = ""
    evidence: Mapping[str, str] = field(default_factory=lambda: NO_TAGS)
