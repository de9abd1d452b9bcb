"""The column net: two small perceptrons in numpy. The second also sees what the first thought of the other columns.

The weights are 8-bit (hashed part) and 16-bit numbers in `model.bin`, made by `make train`. A file whose SHA-256
is not the pinned one is refused: a net that somebody else made could call everything clean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalog.columns.features import DENSE_NAMES, WIDTH, Features, Hashed
from catalog.columns.pinned import SHA256
from catalog.model import Label

_NO_KINDS = frozenset({Label.TEXT, Label.COMPUTED, Label.UNSCANNED})
CLASSES = (*(label.value for label in Label if label not in _NO_KINDS), "CLEAN", "TEXT", "SOFT")
"""What the net tells apart; the last three are not sensitive as a whole."""
SENSITIVE = len(CLASSES) - 3
NEIGHBOURS = 2 * len(CLASSES)
MAGIC = b"warded column net 1\n"
MODEL = Path(__file__).with_name("model.bin")

Floats = NDArray[np.float32]


class ModelRefused(Exception):
    """The model file is missing, damaged or not the pinned one: nothing can be told clean, so nothing is."""


@dataclass(frozen=True, slots=True)
class Layers:
    """One perceptron: hashed part → hidden, dense part → hidden, hidden → classes."""

    hashed: Floats
    dense: Floats
    bias: Floats
    out: Floats
    out_bias: Floats


@dataclass(frozen=True, slots=True)
class Net:
    """The two perceptrons, and by what the dense numbers are brought to one scale.

    `both`: the hashed parts of the two beside each other, so that a column's buckets are gathered once.
    """

    first: Layers
    second: Layers
    mean: Floats
    scale: Floats
    both: Floats


def joined(first: Layers, second: Layers, *, mean: Floats, scale: Floats) -> Net:
    return Net(first, second, mean=mean, scale=scale, both=np.concatenate([first.hashed, second.hashed], axis=1))


def probabilities(net: Net, columns: Sequence[Features]) -> Floats:
    """A row for each column of one table, a number for each of `CLASSES`; rows sum to 1."""
    if not columns:
        return np.zeros((0, len(CLASSES)), np.float32)
    dense = scaled(net, np.stack([column.dense for column in columns]))
    hashed = _hashed(net.both, columns)
    middle = hashed.shape[1] // 2
    alone = _softmax(_forward(net.first, hashed[:, :middle], dense))
    seen = np.concatenate([dense, neighbours(alone)], axis=1)
    together = _softmax(_forward(net.second, hashed[:, middle:], seen))
    return np.asarray((alone + 2 * together) / 3, np.float32)


def scaled(net: Net, dense: Floats) -> Floats:
    return np.asarray(np.clip((dense - net.mean) * net.scale, -4, 4), np.float32)


def neighbours(alone: Floats) -> Floats:
    """For each column the mean and the greatest of what the other columns of its table were thought to be."""
    count = len(alone)
    if count == 1:
        return np.zeros((1, NEIGHBOURS), np.float32)
    mean = (alone.sum(0, keepdims=True) - alone) / (count - 1)
    order = np.sort(alone, axis=0)
    most, second = order[-1], order[-2]
    greatest = np.where(alone >= most, second, most)
    return np.concatenate([mean, greatest], axis=1).astype(np.float32)


def _hashed(weights: Floats, columns: Sequence[Features]) -> Floats:
    """What the hashed parts of each column add to the hidden units of both perceptrons."""
    around = _sum(weights, columns[0].context)
    return np.stack([_sum(weights, column.name) + _sum(weights, column.values) + around for column in columns])


def _forward(layers: Layers, hashed: Floats, dense: Floats) -> Floats:
    hidden = np.maximum(hashed + dense @ layers.dense + layers.bias, 0)
    return np.asarray(hidden @ layers.out + layers.out_bias, np.float32)


def _sum(weights: Floats, hashed: Hashed) -> Floats:
    return np.asarray(hashed.weights @ weights.take(hashed.buckets, axis=0), np.float32)


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


@lru_cache(maxsize=1)
def shipped() -> Net:
    """The model in this folder. Raises ModelRefused. Read once: checked against a constant, it cannot change."""
    return load(MODEL, sha256=SHA256)


def load(path: Path, *, sha256: str) -> Net:
    """The model at `path`, if it has the digest. Raises ModelRefused."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelRefused(f"the column model cannot be read: {type(error).__name__}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelRefused("the column model is not the one that this release was made with")
    return unpack(data)


def unpack(data: bytes) -> Net:
    """A model file as weights. Raises ModelRefused where it does not fit this code."""
    if not data.startswith(MAGIC):
        raise ModelRefused("the column model has another format")
    head, _, body = data[len(MAGIC) :].partition(b"\n")
    arrays = _arrays(json.loads(head), body)
    if tuple(arrays["mean"].shape) != (len(DENSE_NAMES),) or arrays["first.hashed"].shape[0] != WIDTH:
        raise ModelRefused("the column model was made for other features")
    first, second = (_layers(arrays, name) for name in ("first", "second"))
    return joined(first, second, mean=arrays["mean"], scale=arrays["scale"])


def _layers(arrays: Mapping[str, Floats], name: str) -> Layers:
    parts = (arrays[f"{name}.{part}"] for part in ("hashed", "dense", "bias", "out", "out_bias"))
    return Layers(*parts)


def _arrays(entries: Sequence[Mapping[str, object]], body: bytes) -> dict[str, Floats]:
    arrays: dict[str, Floats] = {}
    at = 0
    for entry in entries:
        name, kind, shape = str(entry["name"]), np.dtype(str(entry["dtype"])), [int(side) for side in entry["shape"]]  # type: ignore[attr-defined]
        size = int(np.prod(shape)) * kind.itemsize
        raw = np.frombuffer(body[at : at + size], kind).reshape(shape)
        at += size
        arrays[name] = raw.astype(np.float32)
    return {name: _restored(name, array, arrays) for name, array in arrays.items() if not name.endswith(".step")}


def _restored(name: str, array: Floats, arrays: Mapping[str, Floats]) -> Floats:
    step = arrays.get(f"{name}.step")
    return array if step is None else array * step


def pack(net: Net) -> bytes:
    """The file of a model: hashed weights in 8 bits with one step a row of the table, the rest in 16."""
    arrays: dict[str, NDArray[np.generic]] = {"mean": net.mean.astype("<f4"), "scale": net.scale.astype("<f4")}
    for name, layers in (("first", net.first), ("second", net.second)):
        step = np.maximum(np.abs(layers.hashed).max(axis=1, keepdims=True), 1e-8) / 127
        arrays[f"{name}.hashed"] = np.rint(layers.hashed / step).astype("<i1")
        arrays[f"{name}.hashed.step"] = step.astype("<f2")
        for part in ("dense", "bias", "out", "out_bias"):
            arrays[f"{name}.{part}"] = getattr(layers, part).astype("<f2")
    head = [{"name": name, "dtype": array.dtype.str, "shape": array.shape} for name, array in arrays.items()]
    return MAGIC + json.dumps(head).encode() + b"\n" + b"".join(array.tobytes() for array in arrays.values())
