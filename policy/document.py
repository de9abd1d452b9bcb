"""The rules in force: loaded once, validated whole, immutable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import cedarpy

from catalog.model import Label
from policy.narrowing import PackChoice, narrowed
from policy.problems import PolicyDocumentError, Problem, nearest
from policy.reading import read_rules
from policy.rule import Rule, looks_at, may_reveal
from policy.zones import DEFAULT, PLAIN, Clocks, clocks_of, in_zone, schema_with

NO_CHOICES: Mapping[str, PackChoice] = MappingProxyType({})


class Source(NamedTuple):
    """One text of rules; `file` is relative to the policy folder, or `pack:NAME`."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """Every rule that applies, parsed. `version` (16 hex digits) changes with the schema or any text.

    `enforced` decides. `observed_forbids` and `observed_permits` only say what they would have done.
    `revealable` are the labels that some permit could reveal, so that no other need be asked for. `clocks` are the
    time zones that rules read. `estimates` = some rule looks at context.estimated_rows, `bounds_estimates` = some
    permit carries @max_estimated.
    """

    version: str
    policies: tuple[Rule, ...]
    schema: cedarpy.Schema
    enforced: cedarpy.PolicySet
    observed_forbids: cedarpy.PolicySet | None
    observed_permits: cedarpy.PolicySet | None
    revealable: frozenset[Label]
    uses_time: bool
    clocks: Clocks = PLAIN
    estimates: bool = False
    bounds_estimates: bool = False

    def rule(self, rule_id: str) -> Rule | None:
        return next((rule for rule in self.policies if rule.id == rule_id), None)


def load_document(folder: Path | None, packs: Sequence[str | PackChoice], *, time_zone: str = DEFAULT) -> Document:
    """Read every .cedar file below `folder` and the chosen packs. Nothing at all is a document that denies everything.

    `time_zone` is that of `context.now` in rules without @zone.

    Raises PolicyDocumentError with every problem found; a document is loaded whole or not at all.
    """
    names = [choice if isinstance(choice, str) else choice.pack for choice in packs]
    choices = {f"pack:{choice.pack}": choice for choice in packs if not isinstance(choice, str)}
    return build_document([*_pack_sources(names), *_folder_sources(folder)], choices, time_zone=time_zone)


def build_document(
    sources: Iterable[Source], choices: Mapping[str, PackChoice] = NO_CHOICES, *, time_zone: str = DEFAULT
) -> Document:
    """Make a document of texts that are in hand; `choices` narrows those of a file. Raises PolicyDocumentError."""
    texts = list(sources)
    schema_text = files("policy").joinpath("warded.cedarschema").read_text("utf-8")
    schema = cedarpy.Schema.from_str(schema_text)
    rules, problems = read_rules(texts, schema)
    if problems:
        raise PolicyDocumentError(problems)
    rules = tuple(narrowed(rule, choices[rule.file]) if rule.file in choices else rule for rule in rules)
    observed = [rule for rule in rules if rule.observe]
    clocks = clocks_of(time_zone, (rule.zone for rule in rules))
    elsewhere = [Source("time zone", time_zone)] if time_zone != DEFAULT else []
    return Document(
        version=_version([Source("schema", schema_text), *texts, *_told(choices), *elsewhere]),
        policies=rules,
        schema=cedarpy.Schema.from_str(schema_with(schema_text, clocks)) if len(clocks) > 1 else schema,
        enforced=_policy_set(rule for rule in rules if not rule.observe),
        observed_forbids=_optional_set([rule for rule in observed if rule.effect == "forbid"]),
        observed_permits=_optional_set([rule for rule in observed if rule.effect == "permit"]),
        revealable=frozenset().union(*map(may_reveal, rules)),
        uses_time=any(looks_at(rule, "now") for rule in rules),
        clocks=clocks,
        estimates=any(looks_at(rule, "estimated_rows") for rule in rules),
        bounds_estimates=any(rule.max_estimated is not None for rule in rules),
    )


def _told(choices: Mapping[str, PackChoice]) -> Iterator[Source]:
    """What the version must know of narrowed packs; nothing for packs that apply as they are."""
    for file, choice in sorted(choices.items()):
        if choice.tags or choice.mode != "enforce":
            yield Source(f"{file} as chosen", json.dumps([sorted(choice.tags.items()), choice.mode]))


def pack_names() -> list[str]:
    """The rule packs that ship with Warded."""
    entries = files("policy").joinpath("packs").iterdir()
    return sorted(entry.name.removesuffix(".cedar") for entry in entries if entry.name.endswith(".cedar"))


def _pack_sources(packs: Sequence[str]) -> list[Source]:
    known = pack_names()
    unknown = [
        Problem(f"there is no rule pack {name!r}", nearest=nearest(name, known)) for name in packs if name not in known
    ]
    unknown += [
        Problem(f"the rule pack {name!r} is named twice") for name in dict.fromkeys(packs) if packs.count(name) > 1
    ]
    if unknown:
        raise PolicyDocumentError(unknown)
    folder = files("policy").joinpath("packs")
    return [Source(f"pack:{name}", folder.joinpath(f"{name}.cedar").read_text("utf-8")) for name in packs]


def _folder_sources(folder: Path | None) -> list[Source]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise PolicyDocumentError([Problem("the policy folder does not exist or is not a folder", file=str(folder))])
    return [_read(path, folder) for path in rule_files(folder)]


def rule_files(folder: Path) -> list[Path]:
    """The .cedar files below a folder, sorted. Hidden parts are skipped: a mounted Kubernetes ConfigMap
    shows every file a second time below `..data`."""
    found = (path for path in folder.rglob("*.cedar") if path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _read(path: Path, folder: Path) -> Source:
    name = path.relative_to(folder).as_posix()
    try:
        return Source(name, path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError:
        raise PolicyDocumentError([Problem("the file is not UTF-8 text", file=name)]) from None
    except OSError as error:
        raise PolicyDocumentError([Problem(f"the file cannot be read: {error.strerror}", file=name)]) from error


def _version(sources: Iterable[Source]) -> str:
    return hashlib.sha256(json.dumps(list(sources)).encode()).hexdigest()[:16]


def _policy_set(rules: Iterable[Rule]) -> cedarpy.PolicySet:
    """A Cedar policy set whose policy ids are the rules' own @id."""
    policies = {rule.id: in_zone(rule.cedar, rule.zone) if rule.zone else rule.cedar for rule in rules}
    return cedarpy.PolicySet.from_json_str(
        json.dumps({"staticPolicies": policies, "templates": {}, "templateLinks": []})
    )


def _optional_set(rules: Sequence[Rule]) -> cedarpy.PolicySet | None:
    return _policy_set(rules) if rules else None
