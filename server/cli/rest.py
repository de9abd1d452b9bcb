"""The REST API as the command line uses it: one request, its JSON, or one clear error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from server.cli.command import USAGE, CommandFailed

PATIENCE = 30.0

TokenOption = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="WARDED_TOKEN",
        help="Your token. The variable is safer: other users see command lines.",
        show_envvar=True,
    ),
]


def call(
    api_url: str,
    path: str,
    *,
    token: str,
    query: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
) -> Any:
    """GET, or POST where there is a body. Raises CommandFailed for everything but an answer of 2xx."""
    import httpx

    from server.config_types import is_loopback

    if not token:
        raise CommandFailed(
            "this command acts as you and needs your token",
            "export WARDED_TOKEN=$(warded token create YOUR-NAME)",
            code=USAGE,
        )
    local = is_loopback(urlsplit(api_url).hostname or "")
    try:
        with httpx.Client(timeout=PATIENCE, trust_env=not local) as client:
            answer = client.request(
                "GET" if body is None else "POST",
                f"{api_url}{path}",
                params={name: value for name, value in (query or {}).items() if value not in (None, "")},
                json=body,
                headers={"Authorization": f"Bearer {token}"},
            )
    except httpx.ConnectError:
        raise CommandFailed(
            f"nothing answers at {api_url}", "Start it (`warded serve`), or look at server.public_url."
        ) from None
    except (httpx.HTTPError, UnicodeEncodeError) as error:
        raise CommandFailed(f"{api_url} failed: {type(error).__name__}", "`warded doctor` says more.") from None
    return _json(answer)


def _json(answer: Any) -> Any:
    try:
        value = answer.json()
    except ValueError:
        value = None
    if answer.is_success and value is not None:
        return value
    if isinstance(value, dict) and "title" in value:
        raise CommandFailed(f"{value['title']}: {value.get('detail', '')}", str(value.get("remedy", "")))
    raise CommandFailed(
        f"the server answered {answer.status_code} without an explanation", "`warded doctor` says more."
    )
