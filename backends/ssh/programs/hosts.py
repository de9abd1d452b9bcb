"""Clients of other systems: containers, clusters, clouds. What reads is known; the rest waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from backends.ssh.command import Case, Command, Judge
from backends.ssh.files import reads
from backends.ssh.scope import Stream
from policy.effects import Effect
from policy.model import Action

_DOCKER_READS = frozenset({
    "ps", "images", "logs", "inspect", "version", "info", "stats", "top", "port", "diff", "history", "search",
    "events", "ls", "list",
    "df", "config", "wait", "context",
})  # fmt: skip
_DOCKER_LOSES = frozenset({"rm", "rmi", "prune", "kill", "stop", "down", "remove"})
_DOCKER_GROUPS = frozenset(
    {
        "container",
        "image",
        "volume",
        "network",
        "system",
        "compose",
        "stack",
        "service",
        "node",
        "swarm",
        "builder",
        "buildx",
    }
)


def docker(case: Case) -> Stream:
    words = [
        w.text
        for w in case.command.operands(
            ("-H", "--host", "-c", "--context", "-f", "--file", "-p", "--filter", "--format", "-n", "--tail", "--since")
        )
    ]
    verb = next((word for word in words if word not in _DOCKER_GROUPS), "ps")
    if case.command.has("--privileged", "--pid", "--cap-add") or any(
        "/var/run/docker.sock" in text or text.startswith(("-v/:", "/:")) or "source=/," in text
        for text in case.command.texts
    ):
        case.facts.add(Action.RUN, Effect.PRIVILEGE, Effect.PROTECTED_PATH)
    elif verb in _DOCKER_READS:
        case.facts.add(Action.READ)
    elif verb in _DOCKER_LOSES:
        losing = verb == "prune" or case.command.has("-v", "--volumes") or "volume" in words[:1]
        case.facts.add(Action.ADMINISTER, Effect.BULK_DELETE if losing else Effect.SERVICE_STOP)
        if case.command.words and any(not word.known for word in case.command.arguments):
            case.facts.add(Action.ADMINISTER, Effect.BULK_DELETE)
    elif verb in ("exec", "run"):
        _inside(case, words, verb)
    else:
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    return Stream(None, fetched=False)


def _inside(case: Case, words: list[str], verb: str) -> None:
    """What runs in a container is judged as if it ran here; its files are its own, but its rights are not known."""
    case.facts.add(Action.RUN, Effect.REMOTE_HOST)
    rest = list(case.command.arguments)
    while rest and rest[0].text != verb:
        rest.pop(0)
    rest = rest[1:]
    taking = (
        "-e",
        "-u",
        "-w",
        "--env",
        "--user",
        "--workdir",
        "--name",
        "-v",
        "-p",
        "--network",
        "--entrypoint",
        "--mount",
        "-c",
        "-n",
    )
    while rest and rest[0].flag:
        if rest.pop(0).text in taking and rest:
            rest.pop(0)
    inner = [word for word in rest[1:] if word.text != "--"]
    if inner:
        case.run(Command(tuple(inner), case.command.stdin))


_KUBECTL_READS = frozenset({
    "get", "describe", "logs", "top", "version", "cluster-info", "api-resources", "api-versions", "explain",
    "diff", "events", "wait",
    "completion", "options", "auth", "config",
})  # fmt: skip


def kubectl(case: Case) -> Stream:
    words = [
        w.text
        for w in case.command.operands(
            (
                "-n",
                "--namespace",
                "-l",
                "--selector",
                "-o",
                "--context",
                "--cluster",
                "--as",
                "--kubeconfig",
                "-c",
                "-f",
            )
        )
    ]
    verb = words[0] if words else "version"
    if case.command.has("--as", "--as-group", "--token"):
        case.facts.add(Action.ADMINISTER, Effect.ROLE_CHANGE)
    if verb in _KUBECTL_READS and not (
        verb == "config"
        and set(words) & {"set", "set-context", "set-credentials", "use-context", "delete-context", "unset"}
    ):
        secrets = any(word.partition("/")[0].rstrip("s") == "secret" for word in words[1:] for word in word.split(","))
        case.facts.add(Action.READ, *((Effect.CREDENTIAL_READ,) if secrets else ()))
    elif verb == "delete":
        wide = case.command.has("--all", "-A", "--all-namespaces") or bool(
            {part.partition("/")[0].rstrip("s") for part in words[1:2]}
            & {"namespace", "n", "pv", "pvc", "node", "crd", "persistentvolume", "persistentvolumeclaim"}
        )
        case.facts.add(Action.WRITE, Effect.BULK_DELETE if wide else Effect.RECURSIVE_DELETE)
        case.facts.add(Action.ADMINISTER)
    elif verb in ("port-forward", "proxy"):
        case.facts.add(Action.TUNNEL, Effect.TUNNEL)
    elif verb == "exec":
        _inside(case, words, verb)
    elif verb == "drain":
        case.facts.add(Action.ADMINISTER, Effect.SERVICE_STOP)
    else:
        case.facts.add(Action.ADMINISTER, Effect.SERVICE_CHANGE)
    if file := case.command.option("-f", "--filename"):
        reads(file, case.facts, case.ground)
    return Stream(None)


def verbs(reading: Collection[str], losing: Collection[str] = (), *, secrets: Collection[str] = ()) -> Judge:
    """A client whose sub-commands are words: some read, some lose things, the others change something."""

    def judge(case: Case) -> None:
        words = [word.text for word in case.command.operands()]
        if any(word in secrets for word in words):
            case.facts.add(Action.READ, Effect.CREDENTIAL_READ)
        if any(word in losing or word.startswith(("delete", "terminate", "destroy", "remove")) for word in words):
            case.facts.add(Action.ADMINISTER, Effect.BULK_DELETE)
        elif any(word in reading or word.startswith(("describe", "list", "get-")) for word in words[:4]) or not words:
            case.facts.add(Action.READ)
        else:
            case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)

    return judge


_CLOUD_SECRETS = (
    "get-secret-value",
    "get-session-token",
    "assume-role",
    "print-access-token",
    "get-login-password",
    "list-secrets",
    "create-access-key",
)

CLIENTS: Mapping[str, Judge] = {
    "helm": verbs(
        ("list", "ls", "status", "history", "get", "show", "search", "template", "lint", "version"),
        ("uninstall", "delete"),
    ),
    "aws": verbs(("ls", "help", "configure"), ("rm", "rb"), secrets=_CLOUD_SECRETS),
    "gcloud": verbs(("list", "describe", "info", "version"), ("rm",), secrets=_CLOUD_SECRETS),
    "az": verbs(("list", "show", "version"), ("purge",), secrets=(*_CLOUD_SECRETS, "keys")),
    "gsutil": verbs(("ls", "du", "stat"), ("rm", "rb")),
    "vault": verbs(("status", "version"), ("delete", "destroy", "seal"), secrets=("read", "kv", "token")),
    "terraform": verbs(("show", "plan", "validate", "version", "output", "fmt", "state"), ("destroy", "taint")),
}

PROGRAMS: dict[str, Judge] = {
    **dict.fromkeys(("docker", "podman", "nerdctl", "docker-compose", "crictl", "ctr"), docker),
    **dict.fromkeys(("kubectl", "oc", "k3s", "microk8s"), kubectl),
    **CLIENTS,
}
