"""Renders the pages that people see. No script anywhere; style comes from one file of our own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import FileResponse, HTMLResponse, Response

FOLDER = Path(__file__).parent
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Referrer-Policy is same-origin because under no-referrer browsers send `Origin: null` with our own forms (Fetch
# standard, "append a request Origin header"), which the check against forged forms refuses. Others learn nothing.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Pages:
    """The templates. Every value is escaped; a value that a template lacks is an error."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["day"] = _day

    def render(self, template: str, /, *, status: int = 200, form_action: str = "", **values: object) -> HTMLResponse:
        """A page. `form_action` is a further CSP source that forms of the page may end up at."""
        text = self._templates.get_template(f"{template}.html").render(values)
        policy = f"{CONTENT_SECURITY_POLICY}; form-action 'self' {form_action}".rstrip()
        return HTMLResponse(text, status_code=status, headers={**HEADERS, "Content-Security-Policy": policy})

    def error(self, status: int, message: str) -> HTMLResponse:
        """Something a person can read when their browser was sent astray."""
        return self.render("error", status=status, message=message)

    def style(self) -> Response:
        headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return FileResponse(FOLDER / "static" / "warded.css", media_type="text/css", headers=headers)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %B %Y")
