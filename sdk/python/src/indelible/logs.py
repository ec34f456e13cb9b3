"""Events by way of `logging`."""

from __future__ import annotations

import logging
from typing import List, Union

from ._values import Category, Result
from .auditor import Auditor


class AuditHandler(logging.Handler):
    """Emits the log records that are marked as audit, and takes no notice of others:

        log.info("EXPORT_REPORT", extra={"audit": [DataExport(...), DataExportResult(...)]})

    The message is the event's name. Records of level ERROR and above, and those with an exception, become `ERROR`,
    others `SUCCESS`. Unlike other handlers it raises what goes wrong: an event is not a line that may be missing.
    """

    def __init__(self, auditor: Auditor, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._auditor = auditor

    def handle(self, record: logging.LogRecord) -> bool:
        """Takes no lock: events that wait for the disk would wait for each other."""
        is_taken = hasattr(record, "audit") and bool(self.filter(record))
        if is_taken:
            self.emit(record)
        return is_taken

    def emit(self, record: logging.LogRecord) -> None:
        marked: Union[Category, Result, List[Union[Category, Result]]] = getattr(record, "audit")
        parts = list(marked) if isinstance(marked, (list, tuple)) else [marked]
        has_failed = record.levelno >= logging.ERROR or record.exc_info is not None
        self._auditor.emit(
            record.getMessage(),
            *[part for part in parts if not isinstance(part, Result)],
            results=[part for part in parts if isinstance(part, Result)],
            result="ERROR" if has_failed else "SUCCESS",
        )
