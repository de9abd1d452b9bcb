"""A scripted browser: follows redirects, keeps cookies, fills in the sign-in page and answers the consent page.

It does what a person does, through the same pages; nothing here has a short cut into the gateway.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

MAX_STEPS = 12


class LostInBrowser(Exception):
    """A page that the script does not know: not sign-in, not consent, not the way back to the client."""


@dataclass(slots=True)
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    """The forms of a page with their fields and buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif self.forms and tag == "input" and "name" in given:
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif self.forms and tag == "button" and "name" in given:
            self.forms[-1].buttons.append((given["name"], given.get("value", "")))


class Browser:
    """One person's browser. `pages` lists the paths of the forms that were sent, for the story to tell."""

    def __init__(self, *, name: str, password: str) -> None:
        self._name = name
        self._password = password
        self.pages: list[str] = []

    async def authorize(self, url: str, *, redirect_uri: str) -> dict[str, str]:
        """Open an authorization URL, sign in, approve; answers the parameters that come back to `redirect_uri`."""
        async with httpx.AsyncClient(trust_env=False, timeout=20.0) as client:
            response = await client.get(url)
            for _ in range(MAX_STEPS):
                if response.is_redirect:
                    target = urljoin(str(response.url), response.headers["location"])
                    if target.startswith(redirect_uri):
                        return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
                    response = await client.get(target)
                else:
                    response = await self._answer(client, response)
        raise LostInBrowser("the sign-in pages lead nowhere")

    async def _answer(self, client: httpx.AsyncClient, response: httpx.Response) -> httpx.Response:
        parser = _Forms()
        parser.feed(response.text)
        form = next((form for form in parser.forms if form.action in ("/login", "/consent")), None)
        if form is None or form.action in self.pages:
            raise LostInBrowser(f"{response.url.path} answered {response.status_code} without a form to go on with")
        self.pages.append(form.action)
        page = str(response.url)
        origin = f"{response.url.scheme}://{response.url.netloc.decode()}"
        return await client.post(urljoin(page, form.action), data=self._fill(form), headers={"Origin": origin})

    def _fill(self, form: Form) -> dict[str, str]:
        if form.action == "/login":
            return form.fields | {"name": self._name, "password": self._password}
        if ("decision", "approve") not in form.buttons:
            raise LostInBrowser("the consent page has no button to approve")
        return form.fields | {"decision": "approve"}
