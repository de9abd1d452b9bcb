"""python -m server.reference [--write] [folder]"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from server.reference.pages import PARTS, filled


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m server.reference")
    parser.add_argument("--write", action="store_true", help="bring the pages up to date")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("docs"), help="default: docs")
    given = parser.parse_args()
    stale = 0
    for name in PARTS:
        page = given.folder / name
        before = page.read_text("utf-8")
        after = filled(before, PARTS[name]())
        if before == after:
            continue
        stale += 1
        if given.write:
            page.write_text(after, "utf-8")
        print(f"{page}: {'written' if given.write else 'out of date; run `make docs`'}")
    return int(bool(stale) and not given.write)


if __name__ == "__main__":
    sys.exit(main())
