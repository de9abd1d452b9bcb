"""The fit: Adam on cross entropy, with whole kinds of evidence left out at random so that none is leaned on alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from catalog.columns.features import DENSE_NAMES, WIDTH
from catalog.columns.net import CLASSES, NEIGHBOURS, SENSITIVE, Floats, Layers, Net, joined, neighbours
from catalog.columns.training.examples import Examples

HIDDEN, BATCH = 96, 512
_NO_NAME, _NO_VALUES, _NO_CONTEXT, _NO_NEIGHBOURS, _NO_LEXICON, _NO_UNIT = 0.06, 0.25, 0.3, 0.2, 0.3, 0.15
_NAME_SAYS = np.array([name.startswith(("name says", "name is about")) for name in DENSE_NAMES])
_LEXICON = np.array([name.endswith(("known given name", "like PERSON")) for name in DENSE_NAMES])
_RATE, _DECAY = 2e-3, 2e-6


@dataclass(frozen=True, slots=True)
class Scale:
    mean: Floats
    scale: Floats


def fit(examples: Examples, *, seed: int, epochs: int, say: Callable[[str], None]) -> Net:
    """Both perceptrons. Work: about a minute for 10,000 columns and 10 epochs on one core."""
    mean = examples.dense.mean(0, dtype=np.float64).astype(np.float32)
    scale = (1 / np.maximum(examples.dense.std(0, dtype=np.float64), 0.05)).astype(np.float32)
    dense = np.clip((examples.dense - mean) * scale, -4, 4).astype(np.float32)
    absent = (-mean * scale).astype(np.float32)
    first = _perceptron(examples, dense, absent, seed=seed, epochs=epochs, say=say)
    alone = predict(first, examples, dense)
    around = np.concatenate([dense, _neighbours(alone, examples.tables)], axis=1)
    second = _perceptron(examples, around, absent, seed=seed + 1, epochs=epochs, say=say)
    return joined(first, second, mean=mean, scale=scale)


def _neighbours(alone: Floats, tables: NDArray[np.int64]) -> Floats:
    made = np.zeros((len(alone), NEIGHBOURS), np.float32)
    edges = np.flatnonzero(np.diff(tables, prepend=-1, append=-1))
    for start, end in pairwise(edges):
        made[start:end] = neighbours(alone[start:end])
    return made


def _filled(examples: Examples, rows: NDArray[np.int64], keep: NDArray[np.bool_], out: Floats) -> Floats:
    """The hashed parts of some columns as a full matrix; `keep` says which of the three parts of which column."""
    out[: len(rows)] = 0
    for part, (starts, buckets, weights) in enumerate(examples.parts):
        kept = np.flatnonzero(keep[part])
        lengths = starts[rows[kept] + 1] - starts[rows[kept]]
        lines = np.repeat(kept, lengths)
        inside = np.arange(len(lines)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places = np.repeat(starts[rows[kept]], lengths) + inside
        np.add.at(out, (lines, buckets[places]), weights[places])
    return out[: len(rows)]


def predict(layers: Layers, examples: Examples, dense: Floats) -> Floats:
    buffer = np.zeros((BATCH, WIDTH), np.float32)
    made = []
    for start in range(0, len(dense), BATCH):
        rows = np.arange(start, min(start + BATCH, len(dense)))
        wide = _filled(examples, rows, np.ones((3, len(rows)), bool), buffer)
        hidden = np.maximum(wide @ layers.hashed + dense[rows] @ layers.dense + layers.bias, 0)
        made.append(_softmax(hidden @ layers.out + layers.out_bias))
    return np.concatenate(made)


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _start(rng: np.random.Generator, inputs: int) -> list[Floats]:
    def spread(rows: int, columns: int, width: float) -> Floats:
        return rng.normal(0, width, (rows, columns)).astype(np.float32)

    classes = len(CLASSES)
    return [
        spread(WIDTH, HIDDEN, 0.05),
        spread(inputs, HIDDEN, (1 / inputs) ** 0.5),
        np.zeros(HIDDEN, np.float32),
        spread(HIDDEN, classes, (2 / HIDDEN) ** 0.5),
        np.zeros(classes, np.float32),
    ]


def _perceptron(
    examples: Examples, dense: Floats, absent: Floats, *, seed: int, epochs: int, say: Callable[[str], None]
) -> Layers:
    rng = np.random.default_rng(seed)
    weights = _start(rng, dense.shape[1])
    moments = [(np.zeros_like(weight), np.zeros_like(weight)) for weight in weights]
    buffer = np.zeros((BATCH, WIDTH), np.float32)
    batches = max(1, len(dense) // BATCH)
    step = 0
    for epoch in range(epochs):
        order, loss = rng.permutation(len(dense)), 0.0
        for batch in range(batches):
            rows = order[batch * BATCH : (batch + 1) * BATCH]
            keep = rng.random((3, len(rows))) >= np.array([[_NO_NAME], [_NO_VALUES], [_NO_CONTEXT]])
            wide = _filled(examples, rows, keep, buffer)
            seen = _weakened(rng, dense[rows], absent, keep)
            got, gradients = _gradients(rng, weights, wide, seen, examples.classes[rows])
            loss += got
            step += 1
            rate = _RATE * min(1.0, step / 100) * (1 - step / (epochs * batches + 1)) ** 0.7
            _adam(weights, moments, gradients, rate=rate, step=step)
        say(f"epoch {epoch + 1} of {epochs}: loss {loss / batches:.4f}")
    return Layers(*weights)


def _weakened(rng: np.random.Generator, dense: Floats, absent: Floats, keep: NDArray[np.bool_]) -> Floats:
    seen = dense.copy()
    size = len(absent)
    unnamed = np.flatnonzero(~keep[0])
    seen[np.ix_(unnamed, np.flatnonzero(_NAME_SAYS))] = absent[_NAME_SAYS]
    unknown = np.flatnonzero(rng.random(len(seen)) < _NO_LEXICON)
    seen[np.ix_(unknown, np.flatnonzero(_LEXICON))] = absent[_LEXICON]
    if seen.shape[1] > size:
        seen[rng.random(len(seen)) < _NO_NEIGHBOURS, size:] = 0
    return seen


def _gradients(
    rng: np.random.Generator, weights: list[Floats], wide: Floats, seen: Floats, classes: NDArray[np.int64]
) -> tuple[float, list[Floats]]:
    hashed, dense, bias, out, out_bias = weights
    hidden = np.maximum(wide @ hashed + seen @ dense + bias, 0)
    dropped = (rng.random(hidden.shape, dtype=np.float32) >= _NO_UNIT).astype(np.float32) / np.float32(1 - _NO_UNIT)
    hidden *= dropped
    chances = _softmax(hidden @ out + out_bias)
    count = len(classes)
    picked = chances[np.arange(count), classes]
    weight = np.where(classes < SENSITIVE, 1.5, 1.0).astype(np.float32)
    error = chances
    error[np.arange(count), classes] -= 1
    error *= (weight / count)[:, None]
    back = (error @ out.T) * dropped * (hidden > 0)
    loss = float(-np.log(np.maximum(picked, 1e-9)).mean())
    return loss, [wide.T @ back, seen.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]


def _adam(
    weights: list[Floats], moments: list[tuple[Floats, Floats]], gradients: list[Floats], *, rate: float, step: int
) -> None:
    for weight, (first, second), gradient in zip(weights, moments, gradients, strict=True):
        first += np.float32(0.1) * (gradient - first)
        second += np.float32(0.005) * (gradient * gradient - second)
        correct = np.float32(rate / (1 - 0.9**step))
        spread = np.sqrt(second / np.float32(1 - 0.995**step)) + np.float32(1e-7)
        weight -= correct * first / spread + np.float32(_DECAY * rate / _RATE) * weight
