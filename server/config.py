"""The one configuration object: read once, frozen, passed by constructor.

Every field has a description: the JSON Schema for editors and the reference
in docs/ are made of them. config_types.py says what a URL, a path and a secret
reference may look like; config_file.py reads the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from server.config_types import (
    FilePath,
    Origin,
    PublicUrl,
    ReviewedFunction,
    SecretReference,
    StoreUrl,
    TargetAddress,
    TimeZone,
    is_loopback,
    problem,
)


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True)


class Server(Section):
    """Where Warded listens and how the world names it."""

    public_url: PublicUrl = Field(
        default="http://127.0.0.1:8080",
        description="Canonical URL that clients type; issuer and audience of tokens. No trailing slash.",
    )
    host: str = Field(default="127.0.0.1", description="Address to bind.")
    port: int = Field(default=8080, ge=1, le=65535, description="TCP port to bind.")
    tls_certificate: FilePath | None = Field(
        default=None, description="PEM file of the server's certificate chain. Without it only loopback is served."
    )
    tls_key: FilePath | None = Field(default=None, description="PEM file of the certificate's private key.")
    behind_proxy: bool = Field(
        default=False, description="A proxy in front ends TLS: plain HTTP may be bound on any address."
    )
    allowed_origins: list[Origin] = Field(
        default_factory=list, description="Further Origins that browsers may call from; the public URL always may."
    )
    metrics: bool = Field(default=True, description="Serve Prometheus metrics under /metrics.")

    @model_validator(mode="after")
    def _tls_where_it_is_needed(self) -> Self:
        if bool(self.tls_certificate) != bool(self.tls_key):
            missing, given = ("tls_key", "tls_certificate") if self.tls_certificate else ("tls_certificate", "tls_key")
            raise problem(
                f"{given} is set and {missing} is not", f"Set both, or neither. Missing: {missing}.", key=given
            )
        if not (is_loopback(self.host) or self.tls_certificate or self.behind_proxy):
            raise problem(
                f"{self.host} can be reached from other machines, and tokens would travel without TLS",
                "Set tls_certificate and tls_key, or bind 127.0.0.1, or set behind_proxy: true where a proxy ends TLS.",
                key="host",
            )
        return self


class Store(Section):
    """Where state is kept."""

    url: StoreUrl = Field(
        default="",
        description="sqlite+aiosqlite:///file or postgresql+asyncpg://user@host/database. Empty = SQLite in state_dir.",
    )
    password: SecretReference = Field(
        default="", description="Secret reference (env:NAME, file:/path) of the store's password."
    )


class Identity(Section):
    """How long log-ins and tokens live, in seconds."""

    access_token_seconds: int = Field(default=600, ge=60, le=3600, description="Life of an access token.")
    refresh_token_seconds: int = Field(
        default=30 * 86400, ge=3600, description="Life of a refresh token; rotated at each use."
    )
    browser_session_seconds: int = Field(default=12 * 3600, ge=300, description="Life of a signed-in browser.")
    dynamic_registration: bool = Field(default=True, description="Let MCP clients register themselves (RFC 7591).")


class PackConfig(Section):
    """A rule pack, on some resources only or only to see what it would do. Its name alone stands for all of it."""

    pack: str = Field(description="Name of the pack.")
    tags: dict[str, str] = Field(
        default_factory=dict, description="Only resources that carry every one of these tags, such as env: prod."
    )
    mode: Literal["enforce", "observe"] = Field(
        default="enforce",
        description="observe: nothing is refused or held; the reasons of a call say what the pack would have done.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, given: object) -> object:
        return {"pack": given} if isinstance(given, str) else given

    @model_serializer(mode="wrap")
    def _as_written(self, write: SerializerFunctionWrapHandler) -> object:
        return write(self) if self.tags or self.mode != "enforce" else self.pack

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        group = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [{"type": "string"}, group]}


class Policy(Section):
    """Which rules decide."""

    folder: FilePath | None = Field(
        default=None, description="Folder of .cedar files; changes are loaded while running."
    )
    packs: list[PackConfig] = Field(
        default=[PackConfig(pack="baseline"), PackConfig(pack="agents")],
        description="Rule packs shipped with Warded that also apply: names, or groups of the keys below.",
    )
    time_zone: TimeZone = Field(
        default="UTC",
        description="Zone of `context.now` in rules without @zone, and of the days of ceilings, such as Europe/Vienna.",
    )


class Limits(Section):
    """Bounds of every operation. Policy may lower them, never raise them."""

    max_rows: int = Field(default=1000, ge=1, le=100_000, description="Rows one answer may carry.")
    max_bytes: int = Field(default=4_000_000, ge=1000, description="Bytes of cells one answer may carry.")
    statement_seconds: float = Field(default=30.0, gt=0, description="Seconds a statement may run, by our own clock.")
    approval_wait_seconds: float = Field(
        default=45.0, ge=0, le=300, description="Seconds a held call waits before it answers `held`."
    )
    approval_expiry_seconds: float = Field(
        default=3600.0, gt=0, description="Seconds a request stays open where policy does not say."
    )


class Recording(Section):
    """Where records go."""

    folder: FilePath | None = Field(default=None, description="Folder of the records. Empty = state_dir/records.")
    min_free_bytes: int = Field(default=64_000_000, ge=0, description="Free disk space below which calls are refused.")


class Catalog(Section):
    """What is known of columns, and who may correct it."""

    scan_hours: float = Field(default=24.0, ge=0.1, description="Hours between two scans of a resource.")
    sample: int = Field(default=200, ge=10, le=10_000, description="Values of a column that a scan looks at, at most.")
    reviewers: list[str] = Field(
        default=["admins"], description="Groups whose people may pin labels, clear columns and settle what is pending."
    )


class McpReview(Section):
    """What is used of MCP servers before a person has looked at it. What looks suspicious always waits."""

    first_sight: Literal["accept", "review"] = Field(
        default="accept", description="What a server offers when it is seen for the first time."
    )
    change: Literal["accept", "review"] = Field(
        default="review", description="Tools and prompts of a known server that are new or have changed in any part."
    )


class Mcp(Section):
    """Other MCP servers behind Warded. Who may review: `catalog.reviewers`."""

    review: McpReview = Field(default_factory=McpReview, description="What waits for a review.")
    search_above: int = Field(
        default=60,
        ge=0,
        description="With more tools of other servers than this, agents are listed search_tools and call_tool instead.",
    )


class Masking(Section):
    """How hidden values are made up."""

    scope: Literal["installation", "resource", "session"] = Field(
        default="installation",
        description="Within what the same value gets the same pseudonym: everywhere, in one resource, or in one log-in "
        "session only.",
    )


class Telemetry(Section):
    """Logs and traces."""

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level that is logged."
    )
    log_format: Literal["json", "console"] = Field(default="json", description="JSON for machines, console for people.")
    otlp_endpoint: str = Field(default="", description="OTLP/HTTP endpoint for spans. Empty = none are exported.")


class NativeListener(Section):
    """A native door: clients of the protocol itself connect here, and every statement passes the same pipeline."""

    host: str = Field(default="127.0.0.1", description="Address to bind.")
    port: int = Field(default=6432, ge=1, le=65535, description="TCP port to bind.")
    tls_certificate: FilePath | None = Field(
        default=None, description="PEM file of the certificate chain. Read anew when it changes."
    )
    tls_key: FilePath | None = Field(default=None, description="PEM file of the certificate's private key.")
    client_authority: FilePath | None = Field(
        default=None,
        description="PEM file of the authority whose client certificates log in the user that they name.",
    )
    plain: Literal["loopback", "anywhere"] = Field(
        default="loopback",
        description="Where clients may come without TLS. `anywhere` shows passwords and rows to the network.",
    )
    max_connections: int = Field(default=500, ge=1, description="Connections at one time.")
    max_pending: int = Field(default=100, ge=1, description="Connections that have not logged in, at one time.")
    login_seconds: float = Field(default=15.0, gt=0, le=300, description="Seconds until a client must have logged in.")
    session_seconds: float = Field(default=43_200.0, gt=0, description="Seconds a session may last.")
    idle_seconds: float = Field(default=14_400.0, gt=0, description="Seconds a session may last without a statement.")
    max_sessions_each: int = Field(default=100, ge=1, description="Sessions of one person at one time.")

    @model_validator(mode="after")
    def _tls_where_it_is_needed(self) -> Self:
        if bool(self.tls_certificate) != bool(self.tls_key):
            missing, given = ("tls_key", "tls_certificate") if self.tls_certificate else ("tls_certificate", "tls_key")
            raise problem(f"{given} is set and {missing} is not", "Set both, or neither.", key=given)
        if self.client_authority and not self.tls_certificate:
            raise problem(
                "client certificates come over TLS only", "Set tls_certificate and tls_key.", key="client_authority"
            )
        if not (is_loopback(self.host) or self.tls_certificate or self.plain == "anywhere"):
            raise problem(
                f"{self.host} can be reached from other machines, and passwords would travel without TLS",
                "Set tls_certificate and tls_key, or bind 127.0.0.1.",
                key="host",
            )
        return self


class SshListener(Section):
    """The native door of SSH; the protocol encrypts by itself."""

    host: str = Field(default="127.0.0.1", description="Address to bind.")
    port: int = Field(default=2222, ge=1, le=65535, description="TCP port to bind.")
    host_keys: list[FilePath] = Field(
        default_factory=list,
        description="Private host keys in OpenSSH's form. Empty = one that Warded makes and keeps in state_dir.",
    )
    max_connections: int = Field(default=500, ge=1, description="Connections at one time.")
    max_pending: int = Field(default=100, ge=1, description="Connections that have not logged in, at one time.")
    login_seconds: float = Field(default=60.0, gt=0, le=300, description="Seconds until a client must have logged in.")
    session_seconds: float = Field(default=43_200.0, gt=0, description="Seconds a session may last.")
    idle_seconds: float = Field(default=14_400.0, gt=0, description="Seconds a session may last without a statement.")
    max_sessions_each: int = Field(default=100, ge=1, description="Sessions of one person at one time.")


class Listeners(Section):
    """Native doors, by protocol. None is open unless it stands here."""

    postgres: NativeListener | None = Field(default=None, description="psql and every driver of PostgreSQL.")
    ssh: SshListener | None = Field(default=None, description="ssh, scp and sftp.")


class LoginConfig(Section):
    """One account of a resource and who gets it; the first match from the top wins."""

    user: str = Field(description="Account name at the target.")
    password: SecretReference = Field(
        default="", description="Secret reference (env:NAME, file:/path); empty = no password."
    )
    groups: list[str] = Field(default_factory=list, description="Groups that get this login; empty = everybody.")
    via: Literal["", "agent", "person"] = Field(default="", description="Only for agents, only for people, or both.")
    mode: Literal["read_only", "read_write"] = Field(
        default="read_write", description="What the account is meant for: `context.mode` in rules."
    )


class McpToolConfig(Section):
    """What you know of one tool of another MCP server; it replaces what Warded concludes from name and description."""

    action: Literal["", "read", "write", "run", "transfer", "administer"] = Field(
        default="", description="What calling it counts as; empty = as Warded classifies it."
    )
    arguments: dict[str, Literal["postgres", "mysql", "mssql", "ssh", "url", "target"]] = Field(
        default_factory=dict,
        description="Argument (a name, or a JSON pointer) → what it is: a statement or command line that is judged as "
        "such, an address, or the name of what is touched (a fact for rules).",
    )


class McpServerConfig(Section):
    """How another MCP server is run or asked. Only for resources of the kind mcp."""

    command: list[str] = Field(
        default_factory=list, description="For the address stdio: program (absolute path) and arguments. No shell."
    )
    directory: str = Field(default="", description="Working directory of the program; empty = /.")
    user: str = Field(default="", description="Account that the program runs as; only when Warded runs as root.")
    environment: dict[str, SecretReference] = Field(
        default_factory=dict, description="Variables of the program, as secret references. It gets no others but PATH."
    )
    transport: Literal["http", "sse"] = Field(
        default="http", description="http: Streamable HTTP of all revisions. sse: the older transport with two URLs."
    )
    header: str = Field(
        default="Authorization",
        pattern=r"^[A-Za-z][A-Za-z0-9-]*$",
        description="Header that carries the login's password. In Authorization it is sent as a bearer token.",
    )
    refresh_seconds: float = Field(
        default=30.0, ge=0, description="How old Warded's picture of the server's tools may be."
    )
    tools: dict[str, McpToolConfig] = Field(
        default_factory=dict, description="What you know of single tools, by the server's own name."
    )


class FunctionsConfig(Section):
    """Code of your own at the target."""

    reviewed: list[ReviewedFunction] = Field(
        default_factory=list,
        description="Functions that somebody has read and found harmless: schema.name, schema.name/2 (only with two "
        "arguments), extension:name. They run without asking; all others are of unknown effect.",
    )


class ResourceConfig(Section):
    """A production system behind Warded."""

    kind: str = Field(description="Backend that speaks to it, such as postgres.")
    address: TargetAddress = Field(
        description="URL without user or password, such as postgres://db.internal:5432/shop?sslmode=verify-full."
    )
    description: str = Field(default="", description="What people and agents read about it.")
    tags: dict[str, str] = Field(default_factory=dict, description="Facts for policy, such as env: prod.")
    groups: list[str] = Field(default_factory=list, description="Resource groups it belongs to, for policy.")
    logins: list[LoginConfig] = Field(min_length=1, description="Accounts at the target, by group.")
    scanner: LoginConfig | None = Field(
        default=None, description="Account that the catalog scan uses; default: the last login."
    )
    functions: FunctionsConfig = Field(
        default_factory=FunctionsConfig, description="Which code of your own may run without asking."
    )
    mcp: McpServerConfig = Field(default_factory=McpServerConfig, description="How another MCP server is run or asked.")
    fail_open: bool = Field(
        default=False,
        description="When detection fails, let clear columns pass unseen instead of hiding them. This is recorded.",
    )


class Config(Section):
    """warded.yaml"""

    state_dir: FilePath = Field(
        default=Path(".warded"),
        description="Folder for everything Warded writes: store, records, keys.",
    )
    server: Server = Field(default_factory=Server, description="Listening and public name.")
    store: Store = Field(default_factory=Store, description="Database of state.")
    identity: Identity = Field(default_factory=Identity, description="Log-ins and tokens.")
    listeners: Listeners = Field(default_factory=Listeners, description="Native doors.")
    policy: Policy = Field(default_factory=Policy, description="Rules.")
    limits: Limits = Field(default_factory=Limits, description="Bounds.")
    recording: Recording = Field(default_factory=Recording, description="Records.")
    catalog: Catalog = Field(default_factory=Catalog, description="Scans and reviews of columns.")
    mcp: Mcp = Field(default_factory=Mcp, description="Tools of other MCP servers.")
    masking: Masking = Field(default_factory=Masking, description="What stands in place of hidden values.")
    telemetry: Telemetry = Field(default_factory=Telemetry, description="What is logged, and where spans go.")
    resources: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")], ResourceConfig] = Field(
        default_factory=dict, description="What can be reached, by name."
    )

    @property
    def mcp_url(self) -> str:
        """Canonical URL of the MCP endpoint: the audience of agents' tokens (RFC 8707)."""
        return f"{self.server.public_url}/mcp"

    @property
    def api_url(self) -> str:
        """Canonical URL of the REST API: the audience of people's API tokens."""
        return f"{self.server.public_url}/api/v1"

    @property
    def store_url(self) -> str:
        return self.store.url or f"sqlite+aiosqlite:///{self.state_dir.resolve()}/warded.db"

    @property
    def records_dir(self) -> Path:
        return self.recording.folder or self.state_dir / "records"
