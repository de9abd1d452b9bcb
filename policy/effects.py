"""The closed list of effects: what rules may test with `context.effects.contains("…")`.

A parser emits only these names and a policy document that tests any other name is refused, so
a misspelt effect can never be a rule that silently never fires.
"""

from __future__ import annotations

from enum import StrEnum


class Effect(StrEnum):
    """One thing an operation does or may do, in one word; `doc` says exactly what counts."""

    doc: str

    def __new__(cls, name: str, doc: str) -> Effect:
        member = str.__new__(cls, name)
        member._value_ = name
        member.doc = doc
        return member

    READ = "read", "Returns rows or values of relations."
    INSERT = "insert", "Adds rows (INSERT, also ON CONFLICT)."
    SCOPED_UPDATE = "scoped-update", "UPDATE whose predicate depends on the rows of the target."
    SCOPED_DELETE = "scoped-delete", "DELETE whose predicate depends on the rows of the target."
    UNBOUNDED_UPDATE = "unbounded-update", "UPDATE without a predicate, or with one that does not look at the target."
    UNBOUNDED_DELETE = "unbounded-delete", "DELETE without a predicate, or with one that does not look at the target."
    TAUTOLOGICAL_UPDATE = (
        "tautological-update",
        "UPDATE whose predicate is true for every row (1=1, id=id, p OR NOT p).",
    )
    TAUTOLOGICAL_DELETE = (
        "tautological-delete",
        "DELETE whose predicate is true for every row (1=1, id=id, p OR NOT p).",
    )
    SUSPICIOUS_PREDICATE = (
        "suspicious-predicate",
        "A write whose predicate likely covers everything, but only by its meaning (id > 0, LIKE '%').",
    )
    MERGE = "merge", "MERGE; its branches also emit insert, scoped-… or unbounded-… effects."
    TRUNCATE = "truncate", "TRUNCATE, or another statement that empties a whole relation."
    DROP = "drop", "DROP of anything but an index or a view, or ALTER that loses a column, partition or trigger."
    DROP_INDEX_OR_VIEW = "drop-index-or-view", "DROP of an index or a view: nothing is lost that cannot be rebuilt."
    ALTER = "alter", "A schema change of something that exists and that loses no data (ADD COLUMN, RENAME, COMMENT)."
    CREATE = "create", "A new object: table, index, view, type, schema, extension, function."
    CREATE_TABLE = "create-table", "A new table, also one filled from a query."
    CREATE_COLUMN = "create-column", "A new column of a table."
    CREATE_CONSTRAINT = "create-constraint", "A new constraint: a key, a check."
    CREATE_INDEX = "create-index", "A new index, or extended statistics."
    CREATE_VIEW = "create-view", "A new view, or a materialized one."
    CREATE_SCHEMA = "create-schema", "A new schema."
    CREATE_DATABASE = "create-database", "A new database."
    CREATE_FUNCTION = "create-function", "New stored code: a function, procedure, aggregate, operator, cast."
    CREATE_TRIGGER = "create-trigger", "A new trigger, rule or scheduled event."
    CREATE_TYPE = "create-type", "A new type or domain."
    ALTER_TABLE = (
        "alter-table",
        "Something about a table is changed; what it is may be told by the effects on its columns and constraints.",
    )
    ALTER_COLUMN = "alter-column", "A column gets another type, default, name or storage, or must or need not be set."
    ALTER_CONSTRAINT = "alter-constraint", "A constraint is changed, renamed or validated."
    ALTER_INDEX = "alter-index", "An index is changed or renamed."
    ALTER_VIEW = "alter-view", "A view is changed or renamed."
    ALTER_SCHEMA = "alter-schema", "A schema is renamed."
    ALTER_DATABASE = "alter-database", "A database is changed or renamed."
    ALTER_FUNCTION = "alter-function", "Stored code is changed or renamed."
    ALTER_TRIGGER = "alter-trigger", "A trigger, rule or scheduled event is changed or renamed."
    ALTER_TYPE = "alter-type", "A type or domain is changed or renamed."
    DROP_TABLE = "drop-table", "A table is dropped."
    DROP_COLUMN = "drop-column", "A column is dropped."
    DROP_CONSTRAINT = "drop-constraint", "A constraint is dropped: no data is lost, a promise about it is."
    DROP_INDEX = "drop-index", "An index is dropped, or extended statistics."
    DROP_VIEW = "drop-view", "A view is dropped."
    DROP_SCHEMA = "drop-schema", "A schema is dropped."
    DROP_DATABASE = "drop-database", "A database is dropped."
    DROP_FUNCTION = "drop-function", "Stored code is dropped."
    DROP_TRIGGER = "drop-trigger", "A trigger, rule or scheduled event is dropped or switched off."
    DROP_TYPE = "drop-type", "A type or domain is dropped."
    CREATE_AS = "create-as", "A new table filled from a query (CREATE TABLE AS, SELECT INTO, materialized view)."
    COPY_IN = "copy-in", "COPY … FROM STDIN: bulk load through the connection."
    COPY_OUT = "copy-out", "COPY … TO STDOUT: bulk read through the connection."
    SERVER_FILE = (
        "server-file",
        "Reads or writes a file on the database host (COPY … '/path', pg_read_file, lo_export).",
    )
    SERVER_PROGRAM = "server-program", "Starts a program or native code on the database host (COPY … PROGRAM, LOAD)."
    FOREIGN_SERVER = "foreign-server", "Reaches or defines another host (dblink, foreign data wrapper, subscription)."
    ROLE_CHANGE = "role-change", "CREATE, ALTER or DROP of a role or user; role membership; SET ROLE and its kin."
    GRANT = "grant", "GRANT or REVOKE of rights, default privileges included."
    OWNERSHIP = "ownership", "OWNER TO, REASSIGN OWNED, DROP OWNED."
    ROW_SECURITY = "row-security", "Row-level security switched or its policies changed."
    SETTING_CHANGE = "setting-change", "SET, RESET, set_config, ALTER SYSTEM, ALTER DATABASE … SET."
    SESSION_STATE = (
        "session-state",
        "State that outlives the statement: PREPARE, DECLARE CURSOR, LISTEN, TEMP tables, DISCARD.",
    )
    TRANSACTION_CONTROL = (
        "transaction-control",
        "BEGIN, COMMIT, ROLLBACK, SAVEPOINT, SET TRANSACTION, PREPARE TRANSACTION.",
    )
    LOCK = "lock", "LOCK TABLE, SELECT … FOR UPDATE, advisory locks."
    DYNAMIC_CODE = (
        "dynamic-code",
        "Code built or run as text: DO blocks, EXECUTE, query_to_xml and other SQL inside strings.",
    )
    UNKNOWN_FUNCTION = "unknown-function", "Calls a function of unknown effect (user code, not known to be harmless)."
    UNKNOWN_FUNCTION_IMMUTABLE = (
        "unknown-function-immutable",
        "The target's catalog promises of such a function that it only computes. Comes with unknown-function.",
    )
    UNKNOWN_FUNCTION_STABLE = (
        "unknown-function-stable",
        "The target's catalog promises of such a function that it only reads. Comes with unknown-function.",
    )
    UNKNOWN_FUNCTION_VOLATILE = (
        "unknown-function-volatile",
        "The target's catalog says of such a function that it may write. Comes with unknown-function.",
    )
    SLEEP = "sleep", "Waits on purpose (pg_sleep, SLEEP, BENCHMARK, WAITFOR)."
    RESOURCE_EXHAUSTION = (
        "resource-exhaustion",
        "Takes time or memory without a bound worth the name: more than 10 million generated rows, a recursion that "
        "nothing ends, a text of more than 10 MB made by repetition, a wait that is longer than 10 seconds or unknown.",
    )
    KILL_SESSION = "kill-session", "Ends another session or its statement (KILL, pg_terminate_backend)."
    SHUTDOWN = "shutdown", "Stops or restarts the server."
    CATALOG_SECRETS = (
        "catalog-secrets",
        "Reads credentials or sampled data from catalogs (pg_authid, pg_statistic, pg_user_mapping).",
    )
    CATALOG_WRITE = "catalog-write", "Writes to system catalogs directly (UPDATE pg_class …)."
    PLAN_ONLY = "plan-only", "EXPLAIN without ANALYZE: plans, runs nothing."
    ANALYZE = "analyze", "EXPLAIN ANALYZE: runs the statement it explains, whose own effects are listed as well."
    MAINTENANCE = "maintenance", "VACUUM, ANALYZE, REINDEX, CLUSTER, CHECKPOINT, REFRESH MATERIALIZED VIEW."
    LARGE_OBJECT = "large-object", "Creates, writes or removes large objects (lo_*)."
    NOTIFY = "notify", "Sends a notification to other sessions (NOTIFY, pg_notify)."
    CATALOG_READ = "catalog-read", "Reads system catalogs or information_schema."
    UNPARSED = "unparsed", "The text, or a part of it, was not understood."
    MULTIPLE_STATEMENTS = "multiple-statements", "More than one statement in one text."

    # A host, through its shell.
    FILE_READ = "file-read", "Reads a file of a host."
    FILE_WRITE = "file-write", "Makes, changes or overwrites a file of a host."
    FILE_DELETE = "file-delete", "Removes a file of a host, or moves it away."
    RECURSIVE_DELETE = "recursive-delete", "Removes a folder with all below it, or work that is saved nowhere else."
    BULK_DELETE = (
        "bulk-delete",
        "Removes everything at a place, or what is not known beforehand: rm -rf *, rm -rf $X, FLUSHALL, prune.",
    )
    SHRED = "shred", "Overwrites what it removes, so that nothing can be restored."
    PROTECTED_PATH = (
        "protected-path",
        "Changes, moves or removes a path that the host depends on, or hands it out: system folders, whole homes, "
        "start-up files of a shell, keys, and what the resource names.",
    )
    PERMISSION_CHANGE = "permission-change", "Owner, mode, attributes or access list of a file."
    WORLD_WRITABLE = "world-writable", "Lets every account of a host write a file."
    CREDENTIAL_READ = "credential-read", "Reads passwords, keys or tokens from where a host or a cloud keeps them."
    DISK_WRITE = "disk-write", "Writes to a device, a partition or a file system as such."
    PRIVILEGE = "privilege", "Runs as another account or with more rights: sudo, su, set-user-id."
    KILL_PROCESS = "kill-process", "Sends signals to processes."
    SERVICE_CHANGE = "service-change", "Starts, restarts, reloads or scales a service."
    SERVICE_STOP = "service-stop", "Stops or disables a service, a container or a mount."
    PACKAGE_CHANGE = "package-change", "Installs or upgrades packages."
    PACKAGE_REMOVAL = "package-removal", "Removes packages."
    HOST_SETTING = "host-setting", "Kernel parameters and modules, mounts, clock, host name."
    FIREWALL = "firewall", "Packet filters, routes, addresses and interfaces."
    PERSISTENCE = "persistence", "Leaves something behind that runs later or goes on: time tables, units."
    TRACE_REMOVAL = "trace-removal", "Switches auditing off, or removes logs and histories."
    REMOTE_CODE = "remote-code", "Runs what another host sends, or gives a shell to another host."
    REMOTE_HOST = "remote-host", "Works on another host, a container or a database, out of sight of this record."
    NETWORK_FETCH = "network-fetch", "Fetches from another host."
    NETWORK_SEND = "network-send", "Sends data to another host."
    TUNNEL = "tunnel", "Opens a way for connections that nobody reads: port forwarding, proxies, listeners."
    INTERACTIVE = "interactive", "A program that waits for somebody to type: a shell, an editor, a prompt."
    UNKNOWN_PROGRAM = "unknown-program", "A program or script whose effect is not known."

    # A tool of another MCP server.
    TOOL_READ = "tool-read", "Calls a tool that reads."
    TOOL_WRITE = "tool-write", "Calls a tool that makes or changes something."
    TOOL_DELETE = "tool-delete", "Calls a tool that removes something. Comes with tool-write."
    TOOL_ADMINISTER = "tool-administer", "Calls a tool that changes rights, settings or services."
    TOOL_RUN = "tool-run", "Calls a tool that runs code or commands."
    UNKNOWN_TOOL = "unknown-tool", "Calls a tool of which nothing tells what it does."
    INTERNAL_ADDRESS = (
        "internal-address",
        "Hands a tool an address inside the network or of another scheme than http: loopback, private, link-local, "
        "metadata of a cloud, file:.",
    )

    MASKED_PREDICATE = (
        "masked-predicate",
        "A column that the caller may not see decides which rows or values come: WHERE, ON, HAVING, CASE, FILTER, "
        "USING.",
    )
    MASKED_EQUALITY = (
        "masked-equality",
        "A column that the caller may not see, and whose value names one thing of very many (an e-mail address, a "
        "card number), is only compared in WHERE for equality with at most 20 constants.",
    )
    MASKED_ORDER = "masked-order", "Rows are sorted by a column that the caller may not see."
    MASKED_GROUP = (
        "masked-group",
        "Rows are grouped, or compared for doubles, by a column that the caller may not see: GROUP BY, DISTINCT, "
        "UNION, PARTITION BY.",
    )
    MASKED_AGGREGATE = "masked-aggregate", "A column that the caller may not see goes into an aggregate or a window."
    MASKED_TRANSFORM = (
        "masked-transform",
        "A column that the caller may not see goes into a function, operator, cast or scalar sub-select, or is "
        "written elsewhere.",
    )
    MASKED_WRITE = (
        "masked-write",
        "A mask is written into a table with labelled columns: a tag, the stars of a partial mask, a pseudonym.",
    )
    MASKED_WHOLE_ROW = (
        "masked-whole-row",
        "A column that the caller may not see is read as a part of a whole row: SELECT t, row_to_json(t).",
    )


def of_kind(verb: str, kind: str) -> tuple[Effect, ...]:
    """The effect that says which kind of thing is made, changed or lost, beside `create`, `alter`, `drop`; () = none.

    `verb` is one of these three words; `kind` is a word such as "table".
    """
    found = _BY_NAME.get(f"{verb}-{kind}")
    return () if found is None else (found,)


CREATED = frozenset(effect for effect in Effect if effect.startswith("create-")) - {Effect.CREATE_AS}
"""What kinds of things are made."""
_BY_NAME = {effect.value: effect for effect in Effect}
EFFECTS: tuple[tuple[str, str], ...] = tuple((effect.value, effect.doc) for effect in Effect)
"""(name, meaning) of every effect, in the order of the documentation."""
