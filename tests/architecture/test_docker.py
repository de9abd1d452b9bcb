"""The container files agree with each other and with the code."""

from __future__ import annotations

import re
import runpy
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.document import load_document
from server.config_file import load_config

DOCKER = Path(__file__).parents[2] / "docker"


def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_the_shipped_configuration_and_policies_load() -> None:
    config = load_config(DOCKER / "warded.yaml")
    document = load_document(DOCKER / "policies", config.policy.packs)
    assert document.rule("shop.developers")


def test_every_secret_that_the_configuration_names_is_mounted_and_every_mounted_one_is_prepared() -> None:
    named = set(re.findall(r"/run/secrets/(\w+)", (DOCKER / "warded.yaml").read_text("utf-8")))
    assert named == set(compose()["services"]["warded"]["secrets"])
    prepared = (DOCKER / "prepare.sh").read_text("utf-8")
    assert all(secret in prepared for secret in compose()["secrets"])


def test_the_gateway_runs_with_nothing_it_does_not_need() -> None:
    service = compose()["services"]["warded"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    dockerfile = (DOCKER / "Dockerfile").read_text("utf-8")
    assert re.search(r"^USER 10001:10001$", dockerfile, re.M)
    assert re.search(r"^HEALTHCHECK", dockerfile, re.M)


def test_the_image_gets_every_floor_and_no_tests() -> None:
    dockerfile = (DOCKER / "Dockerfile").read_text("utf-8")
    assert set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.M)) == {"catalog", "policy", "backends", "server"}
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert "**" in ignored
    assert not any(line.startswith("!tests") and "uv.lock" not in line for line in ignored)


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_says_what_the_gateway_says(monkeypatch: pytest.MonkeyPatch, status: int, code: int) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        monkeypatch.setenv("WARDED_HEALTH_URL", f"http://127.0.0.1:{server.server_port}/healthz")
        assert runpy.run_path(str(DOCKER / "healthcheck.py"))["main"]() == code
        thread.join(timeout=5)


def test_the_health_check_fails_when_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDED_HEALTH_URL", "http://127.0.0.1:1/healthz")
    assert runpy.run_path(str(DOCKER / "healthcheck.py"))["main"]() == 1
