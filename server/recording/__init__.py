"""What happened, in files that only grow.

One file of JSON lines for each session and writing process, each record carrying
the hash of the one before it: `<folder>/<writer>/<session>.jsonl`. The files are the
truth; the store keeps an index of them (models.Segment), which is also the second
place that a cut tail has to match.

    events.py    what can be said          chain.py     how a record is linked and checked
    files.py     one file, written safely  flusher.py   one thread that reaches the disk
    segment.py   a session's own file      recorder.py  append: the bracket around every operation
    index.py     rows of the store         writers.py   who is alive, who died
    recovery.py  after a crash             verify.py    is it whole?   reading.py  show it
"""
