"""warded catalog mask-stream: copies stdin to stdout with sensitive values hidden, as it comes."""

from __future__ import annotations

import os
import select
import signal

from server.cli.command import CommandFailed, command

CHUNK = 64 << 10
QUIET = 0.025
"""Seconds of silence after which an unfinished line, such as a prompt, is let go of."""


@command
def mask_stream() -> None:
    """Copy stdin to stdout with sensitive values hidden.

    Whole lines pass at once, a prompt after 25 ms; escape sequences stay intact; tables of psql, mysql, kubectl and
    CSV are hidden by column. What was hidden is not written anywhere. Ends with its input, or when nobody reads.

    \b
    Example:
      kubectl logs -f shop-7d9 | warded catalog mask-stream
    """
    from catalog.prose.tagger import ModelUnusable, shipped

    try:
        shipped()
        _copy(0, 1)
    except ModelUnusable as error:
        raise CommandFailed(str(error), "install this release of warded anew") from error


def _copy(source: int, sink: int) -> None:
    """Until end of file. A reader that went away ends it quietly, like any filter."""
    from catalog.stream import StreamMasker

    masker, restless = StreamMasker(), False
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN) if hasattr(signal, "SIGPIPE") else None
    try:
        while True:
            if restless and not select.select([source], [], [], QUIET)[0]:
                _write(sink, masker.idle())
                restless = masker.waiting
                continue
            data = os.read(source, CHUNK)
            if not data:
                break
            _write(sink, masker.feed(data))
            restless = masker.waiting
        _write(sink, masker.close())
    except BrokenPipeError:
        return
    finally:
        if before is not None:
            signal.signal(signal.SIGPIPE, before)


def _write(sink: int, data: bytes) -> None:
    while data:
        data = data[os.write(sink, data) :]
