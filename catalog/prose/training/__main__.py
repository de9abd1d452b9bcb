"""Makes the name tagger's files again: `python -m catalog.prose.training` (minutes on one core, same bytes every time).

`--check` trains on a small share and only reports; nothing is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from pathlib import Path

from catalog.prose.tagger import Model
from catalog.prose.training.generate import FURTHER, LOCALES, samples, source, templates
from catalog.prose.training.lists import lexicon
from catalog.prose.training.train import example, packed, train

SEED = 11
COUNT, ROUNDS = 60_000, 3
CAUTION = 200
"""Added to the score of every tag but none, in units of the packed weights: more hides more. Chosen on the development
sentences of `tests.evaluation.prose`, whose countries are not trained on, never on the independent ones."""
PROGRAM = "catalog.prose.training"
MODELS = Path(__file__).parents[1] / "models"


def trained(count: int, *, seed: int = SEED, rounds: int = ROUNDS) -> Model:
    """The model of `count` generated texts."""
    draw = random.Random(seed + 1)
    texts = samples(count, source(seed, further=FURTHER), lines=templates(), locales=LOCALES)
    return train([example(text, draw) for text in texts], rounds=rounds, seed=seed + 2)


def main() -> None:
    if os.environ.get("PYTHONHASHSEED") != "0":  # Faker draws from sets of strings, whose order depends on it
        os.execve(
            sys.executable,
            [sys.executable, "-m", PROGRAM, *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    if "--check" in sys.argv[1:]:
        print(hashlib.sha256(packed(trained(2_000))).hexdigest())
        return
    (MODELS / "lexicon.bin").write_bytes(lexicon())
    data = packed(trained(COUNT))
    digest = hashlib.sha256(data).hexdigest()
    (MODELS / "names.bin").write_bytes(data)
    card = {
        "sha256": digest,
        "lexicon_sha256": hashlib.sha256((MODELS / "lexicon.bin").read_bytes()).hexdigest(),
        "caution": CAUTION,
        "seed": SEED,
        "texts": COUNT,
        "rounds": ROUNDS,
    }
    (MODELS / "names.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    print(digest)


if __name__ == "__main__":
    main()
