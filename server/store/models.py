"""Every table of the store, on SQLite and PostgreSQL alike.

Times are UNIX seconds (float, UTC). Secrets of clients (codes, refresh tokens,
cookies) are kept as SHA-256 only; passwords as argon2id.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_LIVE = text("status IN ('pending', 'approved')")
_APPROVING = text("approve")


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {dict[str, Any]: JSON, list[Any]: JSON, list[str]: JSON}


class User(Base):
    """A local account. `name` is the identity every record carries."""

    __tablename__ = "users"
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(256), default="")
    email: Mapped[str] = mapped_column(String(256), default="")
    password_hash: Mapped[str] = mapped_column(String(256), default="")
    groups: Mapped[list[str]] = mapped_column(JSON, default=list)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    disabled_at: Mapped[float | None] = mapped_column(Float)
    created_at: Mapped[float] = mapped_column(Float)


class Client(Base):
    """An OAuth client that registered itself (RFC 7591). `metadata_json` is the registered document."""

    __tablename__ = "clients"
    client_id: Mapped[str] = mapped_column(String(512), primary_key=True)
    name: Mapped[str] = mapped_column(String(256), default="")
    metadata_json: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[float] = mapped_column(Float)
    last_used_at: Mapped[float | None] = mapped_column(Float)


class Login(Base):
    """One log-in of a person, with or without an agent: the session that records belong to and that can be revoked."""

    __tablename__ = "logins"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("users.name", ondelete="CASCADE"), index=True)
    client_id: Mapped[str] = mapped_column(String(512), default="")
    client_name: Mapped[str] = mapped_column(String(256), default="")
    scope: Mapped[str] = mapped_column(String(512), default="")
    resource: Mapped[str] = mapped_column(String(512), default="")
    created_at: Mapped[float] = mapped_column(Float)
    revoked_at: Mapped[float | None] = mapped_column(Float)
    revoked_reason: Mapped[str] = mapped_column(String(256), default="")


class NativeCredential(Base):
    """A password for a program at one resource's native door: what SCRAM needs to know of it, in hex. Ended with its
    log-in."""

    __tablename__ = "native_credentials"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    login_id: Mapped[str] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"), index=True)
    user: Mapped[str] = mapped_column(String(128), index=True)
    resource: Mapped[str] = mapped_column(String(128))
    salt: Mapped[str] = mapped_column(String(64))
    iterations: Mapped[int] = mapped_column(Integer)
    stored_key: Mapped[str] = mapped_column(String(64))
    server_key: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float] = mapped_column(Float)
    expires_at: Mapped[float] = mapped_column(Float)


class AuthorizationRequest(Base):
    """What a client asked at /authorize, waiting for the person's consent."""

    __tablename__ = "authorization_requests"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(512))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    expires_at: Mapped[float] = mapped_column(Float)


class AuthorizationCode(Base):
    """A code, by hash; usable once. `used_at` set = spent: a second use revokes the log-in (RFC 9700 §2.1.1)."""

    __tablename__ = "authorization_codes"
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    login_id: Mapped[str] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    expires_at: Mapped[float] = mapped_column(Float)
    used_at: Mapped[float | None] = mapped_column(Float)


class RefreshToken(Base):
    """A refresh token, by hash. Rotated at each use; a second use revokes the whole log-in."""

    __tablename__ = "refresh_tokens"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    login_id: Mapped[str] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[float] = mapped_column(Float)
    used_at: Mapped[float | None] = mapped_column(Float)


class Consent(Base):
    """What a person agreed to: this client, sending its codes to this host, for this scope."""

    __tablename__ = "consents"
    user: Mapped[str] = mapped_column(ForeignKey("users.name", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(512), primary_key=True)
    redirect_host: Mapped[str] = mapped_column(String(256), primary_key=True)
    scope: Mapped[str] = mapped_column(String(512), primary_key=True)
    created_at: Mapped[float] = mapped_column(Float)


class BrowserSession(Base):
    """A signed-in browser, by hash of its cookie."""

    __tablename__ = "browser_sessions"
    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("users.name", ondelete="CASCADE"))
    csrf: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[float] = mapped_column(Float)


class SigningKey(Base):
    """An ES256 key that signs access tokens. The newest signs; retired ones still verify until `retired_at`."""

    __tablename__ = "signing_keys"
    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    private_pem: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float)
    retired_at: Mapped[float | None] = mapped_column(Float)


class Setting(Base):
    """Small facts of one installation: the hash of the bootstrap code, the mask key."""

    __tablename__ = "settings"
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Request(Base):
    """An operation held for approval.

    Status: pending → approved | denied | expired; approved → running → done | failed, or expired when nobody used it.
    """

    __tablename__ = "requests"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    requester: Mapped[str] = mapped_column(String(128), index=True)
    client_id: Mapped[str] = mapped_column(String(512), default="")
    client_name: Mapped[str] = mapped_column(String(256), default="")
    session: Mapped[str] = mapped_column(String(64))
    resource: Mapped[str] = mapped_column(String(256))
    login: Mapped[str] = mapped_column(String(256))
    verb: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    parameters: Mapped[list[Any]] = mapped_column(JSON, default=list)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    approvers: Mapped[list[str]] = mapped_column(JSON, default=list)
    policy_version: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float] = mapped_column(Float)
    expires_at: Mapped[float] = mapped_column(Float)
    decided_at: Mapped[float | None] = mapped_column(Float)
    finished_at: Mapped[float | None] = mapped_column(Float)
    outcome: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (
        Index(
            "uq_requests_live",
            "digest",
            "requester",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index("ix_requests_status_expires", "status", "expires_at"),
    )


class Vote(Base):
    """One person's answer to a request, on behalf of one of the groups that were asked."""

    __tablename__ = "votes"
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True)
    user: Mapped[str] = mapped_column(String(128), primary_key=True)  # four eyes: one person counts once
    group: Mapped[str] = mapped_column(String(128))
    approve: Mapped[bool] = mapped_column()
    comment: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[float] = mapped_column(Float)
    __table_args__ = (
        Index(
            "uq_votes_approving",
            "request_id",
            "group",
            unique=True,
            sqlite_where=_APPROVING,
            postgresql_where=_APPROVING,
        ),
    )


class Segment(Base):
    """Where records of a session lie, and the last link of their hash chain: a second place that finds a cut tail."""

    __tablename__ = "segments"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    session: Mapped[str] = mapped_column(String(64), index=True)
    writer: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(String(512))
    user: Mapped[str] = mapped_column(String(128), index=True)
    agent: Mapped[str] = mapped_column(String(256), default="")
    events: Mapped[int] = mapped_column(Integer, default=0)
    last_hash: Mapped[str] = mapped_column(String(64), default="")
    opened_at: Mapped[float] = mapped_column(Float)
    updated_at: Mapped[float] = mapped_column(Float)
    closed_at: Mapped[float | None] = mapped_column(Float)
    __table_args__ = (UniqueConstraint("session", "writer"),)


class CatalogColumn(Base):
    """One place that can hold data: a column, or by `kind` a field, a JSON pointer, an HTTP path.

    Other kinds use the same three names for resource-wide container, collection and place: Mongo's database,
    collection and field, an MCP server, tool and pointer, an HTTP host, path and field. `label` "" = looked at and
    found clear. `state` "pending" = masked until somebody reviews it. `position` counts from 1 within the table,
    0 = not known. `vanished_at` set = the last scan did not find it any more; kept for its history only.
    """

    __tablename__ = "catalog_columns"
    resource: Mapped[str] = mapped_column(String(128), primary_key=True)
    schema: Mapped[str] = mapped_column(String(256), primary_key=True)
    table: Mapped[str] = mapped_column(String(256), primary_key=True)
    column: Mapped[str] = mapped_column(String(512), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), default="column")
    position: Mapped[int] = mapped_column(Integer, default=0)
    type: Mapped[str] = mapped_column(String(128), default="")
    label: Mapped[str] = mapped_column(String(32), default="")
    detector: Mapped[str] = mapped_column(String(64), default="")
    confidence: Mapped[float] = mapped_column(Float, default=0.0)
    state: Mapped[str] = mapped_column(String(16), default="")
    first_seen: Mapped[float] = mapped_column(Float, default=0.0)
    scanned_at: Mapped[float] = mapped_column(Float, default=0.0)
    vanished_at: Mapped[float | None] = mapped_column(Float)


class CatalogEvidence(Base):
    """Why a place carries a label: one row for each label and kind of evidence. Never a value.

    `kind` is name, values, model, sweep, view or lineage; `detail` what the detector said of name and context.
    """

    __tablename__ = "catalog_evidence"
    resource: Mapped[str] = mapped_column(String(128), primary_key=True)
    schema: Mapped[str] = mapped_column(String(256), primary_key=True)
    table: Mapped[str] = mapped_column(String(256), primary_key=True)
    column: Mapped[str] = mapped_column(String(512), primary_key=True)
    label: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    detector: Mapped[str] = mapped_column(String(64), default="")
    confidence: Mapped[float] = mapped_column(Float, default=0.0)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    hits: Mapped[int] = mapped_column(Integer, default=1)
    first_seen: Mapped[float] = mapped_column(Float)
    last_seen: Mapped[float] = mapped_column(Float)


class CatalogPin(Base):
    """What a reviewer decided about a place; it beats every scan. `decision` is label, clear or mask."""

    __tablename__ = "catalog_pins"
    resource: Mapped[str] = mapped_column(String(128), primary_key=True)
    schema: Mapped[str] = mapped_column(String(256), primary_key=True)
    table: Mapped[str] = mapped_column(String(256), primary_key=True)
    column: Mapped[str] = mapped_column(String(512), primary_key=True)
    decision: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(32), default="")
    by: Mapped[str] = mapped_column(String(128))
    why: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[float] = mapped_column(Float)


class CatalogChange(Base):
    """The history of a place: what was found or decided, by whom, why. `by` "" = Warded itself."""

    __tablename__ = "catalog_changes"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    resource: Mapped[str] = mapped_column(String(128))
    schema: Mapped[str] = mapped_column(String(256))
    table: Mapped[str] = mapped_column(String(256))
    column: Mapped[str] = mapped_column(String(512))
    at: Mapped[float] = mapped_column(Float)
    by: Mapped[str] = mapped_column(String(128), default="")
    what: Mapped[str] = mapped_column(String(16))
    before: Mapped[str] = mapped_column(String(64), default="")
    after: Mapped[str] = mapped_column(String(64), default="")
    why: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (Index("ix_catalog_changes_place", "resource", "schema", "table", "column"),)


class CatalogReading(Base):
    """How often one person (and agent) got answers with this column in it, and how often it came masked."""

    __tablename__ = "catalog_readings"
    resource: Mapped[str] = mapped_column(String(128), primary_key=True)
    schema: Mapped[str] = mapped_column(String(256), primary_key=True)
    table: Mapped[str] = mapped_column(String(256), primary_key=True)
    column: Mapped[str] = mapped_column(String(512), primary_key=True)
    user: Mapped[str] = mapped_column(String(128), primary_key=True)
    agent: Mapped[str] = mapped_column(String(512), primary_key=True)
    reads: Mapped[int] = mapped_column(Integer, default=0)
    masked: Mapped[int] = mapped_column(Integer, default=0)
    first_at: Mapped[float] = mapped_column(Float)
    last_at: Mapped[float] = mapped_column(Float)


class CatalogState(Base):
    """One row a resource. `version` grows with every change of its labels, so that other processes notice.

    `scan_finished_at` null after a start = interrupted; `lost_reads` = answers that the counts of readings miss.
    """

    __tablename__ = "catalog_state"
    resource: Mapped[str] = mapped_column(String(128), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=0)
    scan_started_at: Mapped[float | None] = mapped_column(Float)
    scan_finished_at: Mapped[float | None] = mapped_column(Float)
    lost_reads: Mapped[int] = mapped_column(Integer, default=0)


class Budget(Base):
    """What a ceiling has counted. `taken` includes portions that processes hold and may give back; `raised` is what
    people allowed beyond the rule's own amount."""

    __tablename__ = "budgets"
    rule: Mapped[str] = mapped_column(String(100), primary_key=True)
    user: Mapped[str] = mapped_column(String(128), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(512), primary_key=True)
    period: Mapped[str] = mapped_column(String(80), primary_key=True)
    measure: Mapped[str] = mapped_column(String(512), primary_key=True)
    taken: Mapped[int] = mapped_column(BigInteger, default=0)
    raised: Mapped[int] = mapped_column(BigInteger, default=0)
    updated_at: Mapped[float] = mapped_column(Float, index=True)


class McpDefinition(Base):
    """One version of what an MCP server says of a tool or prompt, by the SHA-256 of all of it, and what was decided.

    `state` is pending, accepted, rejected or superseded (by the one accepted later). Old ones are kept for the diff.
    `decided_by` "" = Warded itself, as the configuration says.
    """

    __tablename__ = "mcp_definitions"
    resource: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(512), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    suspicions: Mapped[list[Any]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(String(16))
    first_seen: Mapped[float] = mapped_column(Float)
    last_seen: Mapped[float] = mapped_column(Float)
    decided_by: Mapped[str] = mapped_column(String(128), default="")
    decided_at: Mapped[float | None] = mapped_column(Float)


class McpChange(Base):
    """The history of a definition: found, changed or decided, by whom ("" = Warded itself). `name` "" = the server."""

    __tablename__ = "mcp_changes"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    resource: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(16), default="")
    name: Mapped[str] = mapped_column(String(512), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    before: Mapped[str] = mapped_column(String(64), default="")
    what: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(128), default="")
    why: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[float] = mapped_column(Float)
    __table_args__ = (Index("ix_mcp_changes_name", "resource", "kind", "name"),)


class McpServer(Base):
    """One row an MCP server. `version` grows with every change, so that other processes notice; `disabled_at` set =
    nothing of it may be used."""

    __tablename__ = "mcp_servers"
    resource: Mapped[str] = mapped_column(String(128), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=0)
    first_seen: Mapped[float] = mapped_column(Float, default=0.0)
    disabled_at: Mapped[float | None] = mapped_column(Float)
