"""The one compiled part: the row walk, which has a twin in pure Python. Everything else is in pyproject.toml."""

from setuptools import Extension, setup

ROWS = Extension("backends.postgres.rows", ["backends/postgres/rows.pyx"], optional=True)
"""Optional: where there is no compiler, the installation goes on without it."""

try:
    from Cython.Build import cythonize
except ImportError:
    setup()
else:
    setup(ext_modules=cythonize([ROWS], build_dir="build"))
