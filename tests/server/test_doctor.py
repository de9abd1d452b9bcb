"""Doctor names what is wrong and what to do, and raises for none of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from server.config import Config
from server.doctor import Line, examine
from server.doctor.certificates import check_certificates
from server.doctor.machine import check_files, check_policies, check_recording, check_row_walk, check_secrets
from server.doctor.state import check_steady_clock, check_store
from server.doctor.targets import check_targets
from server.doctor.visitor import check_public_url
from server.store.engine import Store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
URL = "http://127.0.0.1:8080"


def config(folder: Path, **sections: object) -> Config:
    return Config.model_validate({"state_dir": folder / "state", **sections})


def failures(lines: list[Line]) -> list[str]:
    assert all(line.remedy for line in lines if line.status != "ok")
    return [line.detail for line in lines if line.status == "fail"]


# --- this machine -----------------------------------------------------------


def test_state_that_others_can_read_is_a_warning_with_the_command_that_mends_it(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    (tmp_path / "state").chmod(0o755)
    file = tmp_path / "warded.yaml"
    file.touch(0o644)
    [line] = check_files(config(tmp_path), file)
    assert (line.status, line.remedy) == ("warn", f"chmod 700 {tmp_path}/state")


def test_a_configuration_that_everybody_can_change_fails(tmp_path: Path) -> None:
    file = tmp_path / "warded.yaml"
    file.touch()
    file.chmod(0o666)
    assert failures(list(check_files(config(tmp_path), file)))


def test_each_secret_is_tried_now_and_none_is_shown(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_text("hunter2")
    good.chmod(0o600)
    logins = [{"user": "a", "password": f"file:{good}"}, {"user": "b", "password": f"file:{tmp_path}/missing"}]
    shop = {"kind": "postgres", "address": "postgres://h/d", "logins": logins}
    lines = list(check_secrets(config(tmp_path, resources={"shop": shop})))
    assert [line.status for line in lines] == ["ok", "fail"]
    assert "login b" in lines[1].detail
    assert "hunter2" not in repr(lines)


def test_broken_rules_fail_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "x.cedar").write_text("permit (")
    lines = list(check_policies(config(tmp_path, policy={"folder": tmp_path})))
    assert "x.cedar" in failures(lines)[0]


def test_rules_in_order_give_their_version(tmp_path: Path) -> None:
    lines = list(check_policies(config(tmp_path)))
    assert any(line.status == "ok" and "version" in line.detail for line in lines)


def test_too_little_room_for_records_fails_before_the_first_call_does(tmp_path: Path) -> None:
    assert [line.status for line in check_recording(config(tmp_path, recording={"min_free_bytes": 0}))] == ["ok"]
    assert failures(list(check_recording(config(tmp_path, recording={"min_free_bytes": 10**18}))))


@pytest.mark.parametrize(("kind", "status"), [("compiled", "ok"), ("python", "warn")])
def test_a_native_door_says_which_row_walk_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, status: str
) -> None:
    assert not list(check_row_walk(config(tmp_path)))
    monkeypatch.setattr("backends.postgres.rows_walk.KIND", kind)
    [line] = check_row_walk(config(tmp_path, listeners={"postgres": {}}))
    assert (line.status, bool(line.remedy)) == (status, status == "warn")


# --- store and clocks -------------------------------------------------------


@pytest.mark.anyio
async def test_a_store_that_was_never_made_is_no_failure_and_is_not_made_here(tmp_path: Path) -> None:
    [line] = await check_store(config(tmp_path), clock=NOW.timestamp)
    assert line.status == "warn"
    assert not (tmp_path / "state").exists()


@pytest.mark.anyio
async def test_a_store_in_order_is_reachable_and_of_our_time(tmp_path: Path, store: Store, store_url: str) -> None:
    import time

    lines = await check_store(config(tmp_path, store={"url": store_url}), clock=time.time)
    assert [(line.check, line.status) for line in lines] == [("store", "ok"), ("clock", "ok")]


@pytest.mark.anyio
async def test_a_store_whose_clock_differs_is_told(tmp_path: Path, store: Store, store_url: str) -> None:
    lines = await check_store(config(tmp_path, store={"url": store_url}), clock=lambda: 0.0)
    assert [line.status for line in lines] == ["ok", "ok" if store.dialect == "sqlite" else "fail"]


@pytest.mark.anyio
async def test_a_store_that_is_down_says_what_to_check(tmp_path: Path) -> None:
    lines = await check_store(
        config(tmp_path, store={"url": "postgresql+asyncpg://x@127.0.0.1:1/x"}), clock=NOW.timestamp
    )
    assert failures(lines)


def test_a_clock_that_jumps_is_noticed() -> None:
    assert check_steady_clock(1.0, 1.2).status == "ok"
    assert check_steady_clock(-300.0, 1.2).status == "fail"


# --- targets ----------------------------------------------------------------


@pytest.mark.anyio
async def test_an_unknown_kind_names_those_that_exist(tmp_path: Path) -> None:
    shop = {"kind": "oracle", "address": "oracle://h/d", "logins": [{"user": "a"}]}
    [line] = await check_targets(config(tmp_path, resources={"shop": shop}))
    assert (line.status, line.check) == ("fail", "resource shop")
    assert "postgres" in line.remedy


@pytest.mark.anyio
async def test_a_target_that_does_not_answer_fails_alone(tmp_path: Path) -> None:
    shop = {"kind": "postgres", "address": "postgres://127.0.0.1:1/d", "logins": [{"user": "a"}]}
    lines = await check_targets(config(tmp_path, resources={"shop": shop}))
    assert failures(lines)


# --- TLS --------------------------------------------------------------------

Issue = Callable[..., Config]


@pytest.fixture
def issue(tmp_path: Path) -> Issue:
    """Makes a certificate and its key, and the configuration that names them."""

    def make(*, host: str = "gate.example", days: int = 90, since: int = 0, key_mode: int = 0o600) -> Config:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(NOW + timedelta(days=since))
            .not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        (tmp_path / "c.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (tmp_path / "k.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (tmp_path / "k.pem").chmod(key_mode)
        server = {
            "public_url": "https://gate.example",
            "tls_certificate": tmp_path / "c.pem",
            "tls_key": tmp_path / "k.pem",
        }
        return config(tmp_path, server=server)

    return make


@pytest.mark.parametrize("host", ["gate.example", "*.example"])
def test_a_good_certificate_passes_every_check(issue: Issue, host: str) -> None:
    assert {line.status for line in check_certificates(issue(host=host), now=NOW.timestamp())} == {"ok"}


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"days": -1, "since": -9}, "expired"),
        ({"since": 3}, "valid from"),
        ({"host": "other.example"}, "does not name gate.example"),
        ({"host": "*.gate.example"}, "does not name gate.example"),
        ({"key_mode": 0o644}, "every user can read"),
    ],
)
def test_a_certificate_that_clients_or_attackers_would_stumble_over_fails(
    issue: Issue, options: dict[str, object], word: str
) -> None:
    [detail] = failures(list(check_certificates(issue(**options), now=NOW.timestamp())))
    assert word in detail


def test_a_certificate_that_ends_soon_is_a_warning(issue: Issue) -> None:
    assert "warn" in {line.status for line in check_certificates(issue(days=10), now=NOW.timestamp())}


def test_a_key_of_another_certificate_fails(issue: Issue, tmp_path: Path) -> None:
    settings = issue()
    certificate = (tmp_path / "c.pem").read_bytes()
    issue()
    (tmp_path / "c.pem").write_bytes(certificate)
    assert "does not belong" in failures(list(check_certificates(settings, now=NOW.timestamp())))[0]


def test_files_that_are_no_certificate_or_key_fail(issue: Issue, tmp_path: Path) -> None:
    settings = issue()
    (tmp_path / "k.pem").write_text("junk")
    assert "key" in failures(list(check_certificates(settings, now=NOW.timestamp())))[0]
    os.unlink(tmp_path / "c.pem")
    assert "certificate" in failures(list(check_certificates(settings, now=NOW.timestamp())))[0]


# --- what a client meets ----------------------------------------------------


def served(**changes: httpx.Response) -> httpx.MockTransport:
    """A gateway as seen from outside; `changes` replaces what one path answers."""
    metadata = {"resource": f"{URL}/mcp", "authorization_servers": [URL]}
    answers = {
        "/healthz": httpx.Response(200, json={"status": "ok"}),
        "/readyz": httpx.Response(200, json={"status": "ok", "problems": {}}),
        "/.well-known/oauth-protected-resource/mcp": httpx.Response(200, json=metadata),
        "/mcp": httpx.Response(401, headers={"WWW-Authenticate": 'Bearer resource_metadata="x"'}),
    }
    return httpx.MockTransport(lambda request: (answers | changes)[request.url.path])


@pytest.mark.anyio
async def test_a_gateway_in_order_is_found_by_clients(tmp_path: Path) -> None:
    lines = await check_public_url(config(tmp_path), transport=served())
    assert {line.status for line in lines} == {"ok"}
    assert len(lines) == 4


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "answer", "check"),
    [
        ("/healthz", httpx.Response(502, text="Bad gateway"), "public url"),
        ("/readyz", httpx.Response(503, json={"problems": {"policies": "old"}}), "ready"),
        ("/.well-known/oauth-protected-resource/mcp", httpx.Response(200, json={"resource": "x"}), "discovery"),
        ("/.well-known/oauth-protected-resource/mcp", httpx.Response(404, text="<html>"), "discovery"),
        ("/mcp", httpx.Response(401), "log-in"),
        ("/mcp", httpx.Response(200, json=[]), "log-in"),
    ],
)
async def test_whatever_a_proxy_breaks_is_named(tmp_path: Path, path: str, answer: httpx.Response, check: str) -> None:
    lines = await check_public_url(config(tmp_path), transport=served(**{path: answer}))
    assert [line.check for line in lines if line.status == "fail"] == [check]


@pytest.mark.anyio
async def test_nobody_at_the_public_url_is_a_warning(tmp_path: Path) -> None:
    settings = config(tmp_path, server={"public_url": "http://127.0.0.1:1"})
    [line] = await check_public_url(settings, transport=None)
    assert (line.status, line.remedy) == ("warn", "Start it: `warded serve`.")


# --- together ---------------------------------------------------------------


@pytest.mark.anyio
async def test_without_a_usable_configuration_its_problems_are_the_report(tmp_path: Path) -> None:
    path = tmp_path / "warded.yaml"
    path.write_text("sever: 1\n")
    [line] = await examine(path)
    assert line.status == "fail"
    assert "server" in line.remedy


@pytest.mark.anyio
async def test_a_fresh_installation_has_no_failures(tmp_path: Path) -> None:
    path = tmp_path / "warded.yaml"
    path.write_text("recording: {min_free_bytes: 0}\n")
    lines = await examine(path, transport=served())
    assert failures(lines) == []
    assert {"config", "store", "policy", "recording", "resources", "clock"} <= {line.check for line in lines}
