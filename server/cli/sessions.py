"""warded sessions: who did what. Read from the store and the record files of this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.command import CHECK_FAILED, CommandFailed, ConfigOption, JsonOption, command, group, load, with_store
from server.cli.terminal import note, print_json, print_table, visible, when

if TYPE_CHECKING:
    from server.config import Config
    from server.recording.audit import Audited
    from server.recording.reading import Record
    from server.store.engine import Store

app = group("sessions", "Records of who did what.")

Session = Annotated[str, typer.Argument(help="Id of the session.")]


@app.command("list")
@command
def list_(
    user: Annotated[str, typer.Option("--user", "-u", help="Only this person's.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Sessions, newest first.

    \b
    Example:
      warded sessions list --user ada
    """
    from server.recording.reading import list_sessions

    found = with_store(load(config), lambda store: list_sessions(store, user=user, limit=limit))
    if json:
        print_json([asdict(each) for each in found])
        return
    rows = [(s.session, s.user, s.agent, when(s.opened_at), when(s.updated_at), s.events) for s in found]
    print_table(("Session", "User", "Agent", "Opened", "Last event", "Events"), rows)


@app.command()
@command
def show(session: Session, config: ConfigOption = None, json: JsonOption = False) -> None:
    """The events of a session, in order.

    \b
    Example:
      warded sessions show 0f3e7c2b9d
    """
    records = _records(load(config), session)
    if json:
        print_json(
            [{"at": r.at, "seq": r.seq, "type": r.type, "event": dict(r.event), "hash": r.hash} for r in records]
        )
        return
    for record in records:
        print(f"{when(record.at)}  {record.type:<20}  {visible(_line(record))}")


@app.command()
@command
def kill(
    session: Session,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the records.")] = "ended by an operator",
    config: ConfigOption = None,
) -> None:
    """End a session: its tokens, its running calls and its connections, within five seconds everywhere.

    \b
    Example:
      warded sessions kill 0f3e7c2b9d --reason "agent runs wild"
    """
    from server.identity.logins import revoke_login

    if not with_store(load(config), lambda store: revoke_login(store, session, reason)):
        raise CommandFailed(f"there is no live session {session}", "`warded sessions list` shows all.")
    note("Ended.")


@app.command()
@command
def verify(
    session: Annotated[str, typer.Argument(help="Id of a session. Default: every record there is.")] = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Check the chain of hashes and that nothing is missing. Exits 1 when something is wrong.

    \b
    Example:
      warded sessions verify
    """
    found = _audit(load(config), session)
    if session and not found:
        raise _unknown(session)
    bad = [each for each in found if not each.verdict.ok]
    if json:
        print_json({"ok": not bad, "segments": [asdict(each) for each in found]})
    else:
        for each in bad:
            print(f"BAD  {visible(each.segment)}  {visible(each.session)}  {visible(each.verdict.problem)}")
        events = sum(each.verdict.events for each in found)
        print(f"{len(found)} segments, {events} events: {f'{len(bad)} bad' if bad else 'all hold'}")
    if bad:
        note("Keep a copy of the records before anything else is done with them.")
        raise typer.Exit(CHECK_FAILED)


def _records(settings: Config, session: str) -> list[Record]:
    from server.recording.chain import BadRecord
    from server.recording.reading import read_session, segments_of

    segments = with_store(settings, lambda store: segments_of(store, session))
    if not segments:
        raise _unknown(session)
    try:
        return list(read_session(settings.records_dir, segments))
    except BadRecord as error:
        raise CommandFailed(f"the records are damaged: {error}", f"warded sessions verify {session}") from None
    except OSError as error:
        raise CommandFailed(
            f"the records cannot be read: {error.strerror}", "Run it as the user of the gateway."
        ) from None


def _audit(settings: Config, session: str) -> list[Audited]:
    from server.recording.audit import audit

    async def work(store: Store) -> list[Audited]:
        return [each async for each in audit(store, settings.records_dir, session=session)]

    return with_store(settings, work)


def _unknown(session: str) -> CommandFailed:
    return CommandFailed(f"there is no session {session}", "`warded sessions list` shows all.")


def _line(record: Record) -> str:
    """The part of an event that says most, on one line."""
    event: dict[str, Any] = dict(record.event)
    match record.type.partition("/")[0]:
        case "session.opened":
            return f"{event['user']} by {event['client_name'] or event['client_id'] or 'nobody else'}"
        case "operation.opened":
            reasons = "; ".join(reason.get("text", "") for reason in event["reasons"])
            return f"{event['decision']}  {event['resource']} as {event['login']}: {event['text']}  {reasons}".rstrip()
        case "operation.closed":
            masked = ", ".join(f"{mask['column']} ({mask['label']})" for mask in event["masked"])
            return f"{event['outcome']}, {event['rows']} rows, {event['duration_ms']} ms, masked: {masked or 'nothing'}"
        case "request.decided":
            return f"{event['request_id']}: {event['decision']} {event['user']} {event['group']} {event['comment']}"
        case _:
            return ", ".join(f"{name}={value}" for name, value in event.items())
