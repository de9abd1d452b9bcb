"""The compiled parts are optional: an installation without a compiler goes on without them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_without_a_compiler_the_build_succeeds_and_makes_nothing(tmp_path: Path) -> None:
    sources = [path.relative_to(ROOT) for path in (ROOT / "backends").rglob("*.pyx")]
    for source in (Path("setup.py"), *sources):
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, tmp_path / source)
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "CC": "false"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(sources) == done.stderr.count("building extension")
    assert not list(tmp_path.rglob("*.so"))
