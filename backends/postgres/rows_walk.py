"""Which row walk runs: the compiled one where it was built, else its twin in pure Python."""

from __future__ import annotations

from backends.postgres import rows_py

try:
    from backends.postgres.rows import walk

    KIND = "compiled"
except ImportError:
    walk = rows_py.walk
    KIND = "python"

__all__ = ["KIND", "walk"]
