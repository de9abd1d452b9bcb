"""warded catalog: where sensitive data is, how that was found, who reads it, and what reviewers say."""

from __future__ import annotations

from server.cli import (
    catalog_classify,
    catalog_json,
    catalog_list,
    catalog_review,
    catalog_scan,
    catalog_show,
    catalog_stream,
)
from server.cli.command import group

app = group("catalog", "Where sensitive data is, who reads it, and what reviewers say.")

app.command("list")(catalog_list.list_)
app.command()(catalog_show.show)
app.command()(catalog_show.why)
app.command()(catalog_show.history)
app.command()(catalog_scan.scan)
app.command()(catalog_review.review)
app.command()(catalog_review.pin)
app.command()(catalog_review.unpin)
app.command()(catalog_review.accept)
app.command()(catalog_list.export)
app.command()(catalog_classify.classify)
app.command("classify-json")(catalog_json.classify_json)
app.command("mask-stream")(catalog_stream.mask_stream)
