"""Masked JSON that still satisfies its original's JSON Schema: another mask is tried where one does not fit.

Every candidate is a constant of the schema's own making, so it tells nothing of the value it stands for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.jsontext import Node, Number, write
from catalog.leaves import Leaf

ROUNDS = 4
_FORMATS: Mapping[str, str] = {
    "email": "masked@example.invalid",
    "idn-email": "masked@example.invalid",
    "date": "1900-01-01",
    "date-time": "1900-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P0D",
    "uri": "https://masked.invalid/",
    "uri-reference": "/masked",
    "iri": "https://masked.invalid/",
    "hostname": "masked.invalid",
    "ipv4": "192.0.2.0",
    "ipv6": "2001:db8::",
    "uuid": "00000000-0000-8000-8000-000000000000",
    "json-pointer": "/masked",
    "regex": "masked",
}
_TRIES = (
    "0",
    "A",
    "a",
    "00000",
    "000-00-0000",
    "+10000000000",
    "0000000000",
    "AA00",
    "XX00 0000",
    "1900-01-01",
    "A00",
    "X",
)


def refit(root: Sequence[Node], schema: Mapping[str, Any], masked: Sequence[Leaf]) -> bool:
    """Whether the tree in `root` satisfies the schema in the end; masked leaves that did not have other masks then.

    False also for a schema that is none. Leaves that nothing fits keep the mask they had.
    """
    from jsonschema import FormatChecker, SchemaError, validators

    kind = validators.validator_for(schema)
    by_place = {leaf.steps: leaf for leaf in masked}
    try:
        kind.check_schema(schema)
        checker = kind(schema, format_checker=FormatChecker())
        for _ in range(ROUNDS):
            errors = [leaf for error in checker.iter_errors(_plain(root[0])) for leaf in _inner(error)]
            if not errors:
                return True
            if not sum(_mended(by_place, error, checker) for error in errors):
                return False
        return bool(checker.is_valid(_plain(root[0])))
    except (SchemaError, RecursionError, ValueError):
        return False


def _plain(tree: Node) -> Any:
    return json.loads(write(tree))


def _inner(error: Any) -> Iterator[Any]:
    """The errors inside `anyOf` and the like, which name the keyword that failed."""
    if error.context:
        for inner in error.context:
            yield from _inner(inner)
    else:
        yield error


def _mended(by_place: Mapping[tuple[Any, ...], Leaf], error: Any, checker: Any) -> bool:
    """Whether a candidate satisfies the part of the schema that this leaf broke."""
    leaf = by_place.get(tuple(error.absolute_path))
    if leaf is None or not isinstance(error.schema, Mapping):
        return False
    part = checker.evolve(schema=error.schema)
    for candidate in _candidates(error.schema, leaf.value):
        if part.is_valid(json.loads(write(candidate))):
            leaf.put(candidate)
            return True
    return False


def _candidates(schema: Mapping[str, Any], shown: Node) -> Iterator[Node]:
    """Constants that such a schema may take: its first enumerated value, its format, its bounds, a shorter mask."""
    if isinstance(shown, Number) or schema.get("type") in ("integer", "number"):
        yield from (Number(json.dumps(each)) for each in _numbers(schema))
        return
    for value in (*schema.get("enum", ())[:1], *([schema["const"]] if "const" in schema else ())):
        yield value if isinstance(value, str) else None
    if schema.get("format") in _FORMATS:
        yield _FORMATS[schema["format"]]
    text = shown if isinstance(shown, str) else "[MASKED]"
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", len(text)))
    yield text[:most].ljust(min(least, 1 << 16), "*")
    yield from (each * (least // len(each) + 1) if len(each) == 1 and least > 1 else each for each in _TRIES)
    yield from (char * length for length in range(1, 41) for char in "0Aa")
    yield None


def _numbers(schema: Mapping[str, Any]) -> Iterator[int | float]:
    yield from (each for each in schema.get("enum", ())[:1] if isinstance(each, int | float))
    yield 0
    for name, shift in (("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0), ("exclusiveMaximum", -1)):
        bound = schema.get(name)
        if isinstance(bound, int | float):
            yield bound + shift
            step = schema.get("multipleOf")
            if isinstance(step, int | float) and step:
                yield (bound // step + (shift >= 0)) * step
