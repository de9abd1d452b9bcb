"""The annotations a rule may carry, as a table: name, where it belongs, how its text is read, what it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from catalog.maskkinds import FITTING, KINDS, Kind
from catalog.model import Label
from policy.ceilings import read_ceilings
from policy.problems import nearest
from policy.zones import read_zone

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")


@dataclass(frozen=True, slots=True)
class Annotation:
    """`on` says which rules may carry it; `read` raises ValueError with a plain message for a text it cannot take."""

    name: str
    on: Literal["permit", "forbid", "both"]
    read: Callable[[str], object]
    doc: str


def read_rule_id(text: str) -> str:
    if not _RULE_ID.fullmatch(text):
        raise ValueError("an @id is up to 100 letters, digits, '.', '_', '/' or '-'")
    return text


def read_seconds(text: str) -> float:
    """ "90s", "30m", "2h" or "1d" in seconds."""
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if not match or not int(match[1]):
        raise ValueError('a duration is a whole number above 0 and a unit, such as "10s", "30m", "2h" or "1d"')
    return int(match[1]) * _UNITS[match[2]]


def read_count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
        raise ValueError("a number of rows is a whole number above 0")
    return int(text)


def read_groups(text: str) -> tuple[str, ...]:
    groups = tuple(part.strip() for part in text.split(","))
    if not all(groups) or "tag:" in groups:
        raise ValueError('name the groups that can approve, such as "leads" or "leads,dba" or "tag:approvers"')
    return groups


def read_durability(text: str) -> str:
    if text not in ("kernel", "disk"):
        raise ValueError('@durability is "kernel" or "disk"')
    return text


def read_text(text: str) -> str:
    if not text.strip():
        raise ValueError("the text is empty")
    return text.strip()


def read_flag(text: str) -> bool:
    if text not in ("", "true"):
        raise ValueError('@observe stands alone or is "true"; take it away to enforce the rule')
    return True


def read_masks(text: str) -> tuple[tuple[Label, Kind], ...]:
    """ "EMAIL: pseudonym, DOB: null" as pairs. A kind that cannot hide such values is refused."""
    pairs = [_read_mask(part) for part in text.split(",")]
    labels = [label for label, _kind in pairs]
    if len(set(labels)) < len(labels):
        raise ValueError("a label stands twice")
    return tuple(pairs)


def _read_mask(text: str) -> tuple[Label, Kind]:
    name, colon, word = (part.strip() for part in text.partition(":"))
    label = next((label for label in Label if label == name), None)
    kind = next((kind for kind in KINDS if kind == word), None)
    if not colon:
        raise ValueError('@mask is a comma list of LABEL: kind, such as "EMAIL: pseudonym, DOB: null"')
    if label is None:
        raise ValueError(f"there is no label {name!r}{_meant(name, Label)}")
    if kind is None:
        raise ValueError(f"there is no kind of mask {word!r}{_meant(word, KINDS)}")
    if kind not in FITTING[label]:
        raise ValueError(f"{label} cannot be masked by {kind}; it can by {', '.join(FITTING[label])}")
    return label, kind


def _meant(name: str, known: Iterable[str]) -> str:
    found = nearest(name, known)
    return f" (did you mean {found!r}?)" if found else ""


ANNOTATIONS: Mapping[str, Annotation] = {
    entry.name: entry
    for entry in (
        Annotation("id", "both", read_rule_id, "The rule's name, unique over all files and packs. Required."),
        Annotation("reason", "both", read_text, "What people and agents read when this rule decides."),
        Annotation("suggest", "both", read_text, "The smallest change that would pass."),
        Annotation(
            "hold",
            "forbid",
            read_groups,
            "The groups (comma list, every one must agree) whose approval cures this forbid. `tag:NAME` is the group "
            "named by the resource's tag NAME, or group NAME when the resource has no such tag. The rule itself must "
            "look at context.approvals.",
        ),
        Annotation("within", "forbid", read_seconds, "With @hold: how long a request stays open, such as 30m."),
        Annotation("max_rows", "permit", read_count, "Rows one answer may carry at most."),
        Annotation(
            "max_affected",
            "permit",
            read_count,
            "Rows one statement may change at most, those of triggers and cascades included; with more it is undone.",
        ),
        Annotation(
            "max_estimated",
            "permit",
            read_count,
            "Rows that the database's planner may expect at most of a read or a write; not known counts as too many.",
        ),
        Annotation(
            "ceiling",
            "permit",
            read_ceilings,
            "What may pass under this rule for one person by one agent, in a session or a day: a comma list of an "
            "amount, a measure (rows, bytes, cells, statements, time, probes) and a period, such as "
            '`"10000 rows/day, 64 MB bytes/session, 30m time/day, 20 probes/session"`.',
        ),
        Annotation(
            "raised_by",
            "permit",
            read_groups,
            "With @ceiling: the groups (comma list, `tag:NAME` as in @hold) that a call waits for where a ceiling is "
            "reached; their approval allows as much again until the period ends. Without it the call is denied.",
        ),
        Annotation(
            "mask",
            "permit",
            read_masks,
            "How labels that stay hidden are masked: a comma list of `LABEL: kind`, such as "
            '`"EMAIL: pseudonym, PERSON: pseudonym"`. Kinds, strictest first: '
            + ", ".join(f"`{kind}`" for kind in KINDS)
            + "; where several permits speak of one label the strictest wins. See [Masks](masks.md).",
        ),
        Annotation("timeout", "permit", read_seconds, "How long the statement may run at most, such as 10s."),
        Annotation("durability", "permit", read_durability, "`disk`: the record is on disk before anything runs."),
        Annotation(
            "zone",
            "both",
            read_zone,
            "The time zone of `context.now` in this rule, such as `Europe/Vienna`, summer time included; default: "
            "[`policy.time_zone`](configuration.md#policytime_zone).",
        ),
        Annotation(
            "observe", "both", read_flag, "Not enforced; what the rule would have done is noted in the reasons."
        ),
    )
}
