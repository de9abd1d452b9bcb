"""What a server answered to one flight: everything between our Sync and its ReadyForQuery."""

from __future__ import annotations

from backends.postgres.failures import ends_connection
from backends.postgres.wire import (
    CommandComplete,
    CopyResponse,
    ErrorResponse,
    Message,
    NoticeResponse,
    ParameterDescription,
    ParameterStatus,
    ReadyForQuery,
    Row,
    RowDescription,
    Signal,
)

MAX_NOTICES = 20


class Reply:
    """Filled message by message. `described` = a Describe was answered: what fails after that fails while executing.

    `before` are rows that came earlier than that.
    """

    __slots__ = (
        "answered",
        "before",
        "copying",
        "described",
        "discard",
        "dropped",
        "error",
        "fields",
        "notices",
        "oids",
        "overflow",
        "parameters",
        "ready",
        "row_bytes",
        "rows",
        "suspended",
        "tags",
    )

    def __init__(self) -> None:
        self.answered = False
        self.before: list[Row] = []
        self.copying = False
        self.described = False
        self.discard = False
        self.dropped = 0
        self.error: ErrorResponse | None = None
        self.fields: RowDescription | None = None
        self.notices: list[NoticeResponse] = []
        self.oids: tuple[int, ...] = ()
        self.overflow = False
        self.parameters: list[ParameterStatus] = []
        self.ready = False
        self.row_bytes = 0
        self.rows: list[Row] = []
        self.suspended = False
        self.tags: list[str] = []

    @property
    def begun(self) -> bool:
        """Whether the server answered, other than by a farewell in place of an answer."""
        farewell = self.error is not None and ends_connection(self.error)
        return self.answered and not (farewell and not self.tags and not self.described)

    @property
    def tag(self) -> str:
        """Command tag of the statement whose portal was described; "" if it has not ended."""
        return self.tags[0] if self.tags and not self.suspended else ""

    def _begin(self) -> None:
        """The tags and rows so far were those of what prepares the way: BEGIN, settings, a count."""
        self.described = True
        self.before, self.rows = self.rows, []
        self.tags.clear()

    def take(self, messages: list[Message]) -> str:
        """Note the messages; the transaction status if ReadyForQuery was among them, else ""."""
        self.answered = True
        status = ""
        for message in messages:
            if type(message) is list:
                if self.discard:
                    self.dropped += 1
                else:
                    self.rows.append(message)
            elif type(message) is CommandComplete:
                self.tags.append(message.tag)
            elif type(message) is ReadyForQuery:
                self.ready, status = True, message.status
            elif message is not Signal.BIND_COMPLETE:
                self._note(message)
        return status

    def _note(self, message: Message) -> None:
        match message:
            case RowDescription():
                self.fields = message
                self._begin()
            case Signal.NO_DATA:
                self._begin()
            case Signal.PORTAL_SUSPENDED:
                self.suspended = True
            case Signal.EMPTY_QUERY:
                self.tags.append("")
            case ParameterDescription():
                self.oids = message.oids
            case ErrorResponse():
                self.error = self.error or message
            case ParameterStatus():
                self.parameters.append(message)
            case NoticeResponse() if len(self.notices) < MAX_NOTICES:
                self.notices.append(message)
            case CopyResponse():
                self.copying = True
            case _:
                pass  # acknowledgements, and notices beyond the bound
