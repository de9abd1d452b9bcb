"""`python -m server.demo`, as the Makefile starts it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from server.demo.run import DEFAULT_FOLDER, main


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="warded demo")
    parser.add_argument("--check", action="store_true", help="play the story, check each step, and exit")
    parser.add_argument("--port", type=int, help="TCP port on 127.0.0.1 (default: 8080, or a free one)")
    parser.add_argument("--dir", type=Path, default=DEFAULT_FOLDER, help="folder for everything the demo keeps")
    parser.add_argument("--picture", type=Path, help="save the story as an SVG")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(main(check=given.check, port=given.port, folder=given.dir, picture=given.picture))
