"""The compiled parts: the walk over rows and their cells, with twins in pure Python. The rest is in pyproject.toml."""

from setuptools import Extension, setup

ROWS = Extension("backends.postgres.rows", ["backends/postgres/rows.pyx"], optional=True)
CELLS = Extension("backends.postgres.cells", ["backends/postgres/cells.pyx"], optional=True)
"""Optional: where there is no compiler, the installation goes on without it."""

try:
    from Cython.Build import cythonize
except ImportError:
    setup()
else:
    modules = cythonize([ROWS, CELLS], build_dir="build")
    for module in modules:
        module.optional = True  # which cythonize does not carry over
    setup(ext_modules=modules)
