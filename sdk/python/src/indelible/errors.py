"""What can go wrong when an event is emitted."""

from __future__ import annotations

from typing import Optional


class AuditError(Exception):
    """An event was not recorded as it should have been."""


class NotRecorded(AuditError):
    """It is not known that the event is durable: no answer in time, a disk that fails, a spool that is full.

    The event may be recorded all the same, once. Do not let the user see the outcome of what could not be audited.
    """


class SpoolFull(NotRecorded):
    """The server has been away for so long that no more may wait on the disk. Nothing was recorded."""


class Refused(AuditError):
    """The server, or the SDK before it, refuses the event; sending it again does not help."""

    def __init__(self, code: str, message: str, field: Optional[str] = None, category: Optional[str] = None) -> None:
        super().__init__(f"{code}: {message}" + (f" (at {field})" if field else ""))
        self.code = code
        """As in the table of refusals of docs/formats/event.md."""
        self.field = field
        self.category = category


class ResultsMissing(AuditError):
    """A block ended without an error and without the results that a category demands of a success.

    The event was recorded as `ERROR`, with what was known.
    """
