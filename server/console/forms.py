"""Whether a form came from our own page: its Origin, and a token that only our page knows."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from server.config import Config
from server.identity.credentials import is_credential, new_credential, same_secret
from server.identity.sessions import Cookies

FORM_SECONDS = 3600
FORGED = "This form is too old or did not come from Warded's own page. Open Warded at {url} and try again."


class FormGuard:
    """Against forged forms (CSRF), also at sign-in, where there is no session yet: there the token is a cookie too.

    Two tabs share that cookie, so either form works.
    """

    def __init__(self, config: Config, cookies: Cookies) -> None:
        self._origin = config.server.public_url
        self._cookies = cookies

    @property
    def refusal(self) -> str:
        return FORGED.format(url=self._origin)

    def genuine(self, request: Request, form: FormData, *, token: str) -> bool:
        """Browsers send Origin with every POST; one without it, or from elsewhere, is refused."""
        given = text_field(form, "csrf")
        return request.headers.get("origin") == self._origin and bool(token) and same_secret(given, token)

    def token(self, request: Request) -> str:
        """The token of a browser that is not signed in; empty if it has none."""
        known = self._cookies.get(request, "form")
        return known if is_credential(known) else ""

    def fresh_token(self, request: Request) -> str:
        """The token to put into a form."""
        return self.token(request) or new_credential()

    def remember(self, response: Response, token: str) -> None:
        self._cookies.set(response, "form", token, seconds=FORM_SECONDS)


def text_field(form: FormData, name: str) -> str:
    """A field's text; empty when it is missing or a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
