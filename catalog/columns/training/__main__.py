"""Makes the model file, its pinned digest and its card: `make train`. About ten minutes on one core.

The same release of this code, faker and numpy on the same kind of processor gives the same bytes: one thread, fixed
order, seeded numbers.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.columns.training.tables import MadeTable

HERE = Path(__file__).parents[1]
_FIXED = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
"""Sums in one order, sets in one order: read by numpy and Python when they start, hence the second start."""
SEED, TABLES, EPOCHS, VALIDATION = 41, 22_000, 7, 700


def main() -> None:
    parser = argparse.ArgumentParser(prog="make train", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tables", type=int, default=TABLES)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--validation", type=int, default=VALIDATION)
    parser.add_argument("--out", type=Path, default=HERE, help="folder of model.bin, model.md and pinned.py")
    given = parser.parse_args()
    if {**os.environ, **_FIXED} != dict(os.environ):
        command = [sys.executable, "-m", "catalog.columns.training", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, **_FIXED})
    digest = train(given.tables, given.epochs, given.validation, out=given.out)
    print(f"sha256 {digest}")


def train(tables: int, epochs: int, validation: int, *, out: Path) -> str:
    """Fit, pack, judge, write; the digest of the model file."""
    from catalog.columns.net import pack
    from catalog.columns.training.examples import gather
    from catalog.columns.training.fit import fit
    from catalog.columns.training.pools import make_pools
    from catalog.columns.training.tables import make_tables

    pools = make_pools(SEED)
    examples = gather(make_tables(SEED, tables, pools))
    print(f"{len(examples.classes)} columns of {tables} tables", flush=True)
    data = pack(fit(examples, seed=SEED, epochs=epochs, say=lambda line: print(line, flush=True)))
    digest = hashlib.sha256(data).hexdigest()
    (out / "model.bin").write_bytes(data)
    (out / "pinned.py").write_text(_PINNED.format(digest), "utf-8")
    unseen = list(make_tables(SEED + 1, validation, pools))
    facts = {"tables": tables, "columns": len(examples.classes), "epochs": epochs}
    (out / "model.md").write_text(_card(data, unseen, facts=facts), "utf-8")
    return digest


def _card(data: bytes, unseen: list[MadeTable], *, facts: dict[str, int]) -> str:
    from catalog.classify import DOUBT
    from catalog.columns.net import unpack
    from catalog.columns.training import validate
    from catalog.columns.training.card import Facts, card

    net = unpack(data)
    results = validate.score(validate.guesses(net, unseen), unseen, doubt=DOUBT)
    changes = {"everything": validate.same, "no name": validate.no_name, "no values": validate.no_values}
    ablation = {
        name: validate.score(validate.guesses(net, unseen, change=change), unseen, doubt=DOUBT)["all"]
        for name, change in (*changes.items(), ("no table, no names around", validate.no_context))
    }
    alone = validate.guesses(net, unseen, change=validate.no_context, apart=True)
    ablation["each column alone"] = validate.score(alone, unseen, doubt=DOUBT)["all"]
    described = Facts(hashlib.sha256(data).hexdigest(), len(data), seed=SEED, doubt=DOUBT, **facts)
    return card(described, results, ablation)


_PINNED = '"""The model file that this release was made with; `make train` writes it."""\n\nSHA256 = "{}"\n'


if __name__ == "__main__":
    main()
