"""Emits events."""

from __future__ import annotations

import asyncio
import atexit
import datetime
import logging
import os
import random
import re
import socket
import threading
import time
import uuid
import weakref
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Dict, Iterable, Literal, Optional, Sequence, Tuple, Type, Union

from . import __version__
from ._sender import Sender
from ._server import Receipt, Server, Unreachable
from ._spool import Spool
from ._values import Category, Result, encode, fields_of
from ._context import Attribution, Context, clean, current
from .errors import AuditError, NotRecorded, Refused, ResultsMissing

Outcome = Literal["SUCCESS", "ERROR", "UNAUTHORIZED", "PARTIAL"]

EVENT_BYTES_MAX = 1 << 20
SPOOL_BYTES_MAX = 256 << 20
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
log = logging.getLogger("indelible")


@dataclass(frozen=True)
class Emitted:
    """A recorded event."""

    log_entry_id: str
    receipts: Tuple[Receipt, ...]
    """Where it is; empty while it is in the spool."""
    signed_receipts: str = ""
    """What the server promises, signed, if that was asked for: keep it."""


class Auditor:
    """Emits the events of one product. Make one for each process and keep it; its methods may be called from any thread.

    Without `spool` an event is recorded when the server has answered. With it, an event is recorded when it is synced
    in that folder; a thread sends it on, in order, however long the server is away. Several processes may share the
    folder.
    """

    def __init__(
        self,
        *,
        product: str,
        product_version: str,
        url: Optional[str] = None,
        token: Union[str, Callable[[], str], None] = None,
        spool: Union[str, "os.PathLike[str]", None] = None,
        spool_bytes_max: int = SPOOL_BYTES_MAX,
        signed_receipts: bool = False,
        timeout: float = 10.0,
        ca: Optional[str] = None,
        producer_type: Literal["SERVER", "CLIENT"] = "SERVER",
        service: Optional[str] = None,
        host: Optional[str] = None,
        stack: Optional[str] = None,
        environment: Optional[str] = None,
        unauthorized: Tuple[Type[BaseException], ...] = (PermissionError,),
    ) -> None:
        """
        url, token: the server and a token with the operation `audit:emit`; from `INDELIBLE_URL` and `INDELIBLE_TOKEN`
            where they are left out. A callable is asked for the token before each request.
        spool_bytes_max: how many bytes may wait in the spool, for each process; beyond it, `SpoolFull` is raised.
        signed_receipts: asks for signed receipts, which come with what `emit` returns, or go to the file `receipts`
            in the spool.
        timeout: seconds until an event without spool is given up.
        ca: file with the certificates that the server's is checked against, instead of the system's.
        unauthorized: exceptions that end an event as `UNAUTHORIZED` instead of `ERROR`.
        """
        url = url or os.environ.get("INDELIBLE_URL")
        token = token or os.environ.get("INDELIBLE_TOKEN")
        if not url or not token:
            raise ValueError("say url and token, or set INDELIBLE_URL and INDELIBLE_TOKEN")
        common = {"product": product, "productVersion": product_version, "producerType": producer_type}
        common.update(service=service or "", host=host or socket.gethostname(), stack=stack or "", environment=environment or "")
        for name in ("product", "productVersion"):
            if not common[name]:
                raise ValueError(f"{name} must not be empty")
        self._common = {name: text for name, text in ((n, clean(t)) for n, t in common.items()) if text}
        self._server = Server(url, token, ca, __version__)
        self._timeout, self._signed, self._unauthorized = timeout, signed_receipts, unauthorized
        self._folder = None if spool is None else Path(spool)
        self._spool_bytes_max = spool_bytes_max
        self._epoch = time.time_ns() // 1000
        self._is_closed = False
        self.lost = 0
        """Events that could not be recorded while their context let that pass."""
        self._start()
        _auditors.add(self)

    # For services.

    def event(
        self, name: str, *categories: Category, organizations: Sequence[Attribution] = (), event_id: Optional[str] = None
    ) -> Event:
        """An event that is emitted at the end of a `with` block, or an `async with` block:

            with auditor.event("EXPORT_REPORT", DataExport(downloaded_resources=[report])) as event:
                content = export(report)
                event.succeed(DataExportResult(downloaded_size=len(content)))

        `name` says what was done, of `A-Z a-z 0-9 _ . : -`. A block that is left by an exception emits `ERROR`, or
        `UNAUTHORIZED`, with the results known by then. One that ends emits what it called for; without a call,
        `SUCCESS`, unless a category demands results: then it emits `ERROR` and raises `ResultsMissing`.
        """
        return Event(self, name, categories, organizations, event_id)

    def emit(
        self,
        name: str,
        *categories: Category,
        results: Sequence[Result] = (),
        result: Outcome = "SUCCESS",
        organizations: Sequence[Attribution] = (),
        event_id: Optional[str] = None,
    ) -> Optional[Emitted]:
        """Emits an event at once. Raises `AuditError`; in a context that fails open it logs and returns `None`."""
        _check(name, categories)
        _check_results(categories, results)
        if result == "SUCCESS":
            missing = _missing(categories, results)
            if missing:
                raise ResultsMissing(_demand(missing))
        record = self._record(name, categories, results, result, organizations, event_id)
        context = current()
        try:
            return self._send(record)
        except AuditError as error:
            if context is None or not context.fails_open:
                if context is not None:
                    context.failed = True
                raise
            self.lost += 1
            log.critical("an audit event is lost, and the request goes on: %s", error)
            return None

    def flush(self, timeout: float = 60.0) -> bool:
        """Waits until the server has answered for all that is in the spool; `False` if that takes longer."""
        return self._sender is None or self._sender.flush(timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Gives the spool this time to be sent; what remains stays in it, for the next start. Called at exit."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._sender is not None and self._spool is not None:
            self._sender.flush(timeout)
            self._sender.close()
            self._spool.close()
        self._server.close()

    @property
    def waiting_bytes(self) -> int:
        """How much waits in the spool: grows while the server is away."""
        return self._spool.waiting_bytes() if self._spool else 0

    @property
    def refused(self) -> int:
        """Events that the server refused since the start; they are in the spool's file `refused.jsonl`, with reasons."""
        return self._sender.refused if self._sender else 0

    @property
    def last_failure(self) -> Optional[str]:
        """Why nothing can be sent at the moment; `None` if it can."""
        return self._sender.last_failure if self._sender else None

    @property
    def has_spool(self) -> bool:
        return self._folder is not None

    def __enter__(self) -> Auditor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Inside.

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._next = 0
        self._spool: Optional[Spool] = None
        self._sender: Optional[Sender] = None
        if self._folder is not None:
            self._spool = Spool(self._folder, self._spool_bytes_max)
            self._sender = Sender(self._spool, self._server, self._signed)

    def _after_fork(self) -> None:
        """The child numbers its events anew and has a thread of its own."""
        if self._spool is not None:
            self._spool.forget()
        self._server = self._server.fresh()
        self._epoch = time.time_ns() // 1000 + os.getpid()
        if not self._is_closed:
            self._start()

    def _record(
        self,
        name: str,
        categories: Sequence[Category],
        results: Sequence[Result],
        result: Outcome,
        organizations: Sequence[Attribution],
        event_id: Optional[str],
    ) -> Dict[str, Any]:
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        record: Dict[str, Any] = {"type": "audit.3", "time": now, "name": name, "result": result}
        record["eventId"] = event_id or str(uuid.uuid4())
        record["logEntryId"] = str(uuid.uuid4())
        record.update(self._common)
        record.update((current() or Context()).fields())
        if organizations:
            record.update(Context(organizations=organizations).fields())
        record["categories"] = sorted(category.NAME for category in categories)
        for target, parts in (("requestFields", categories), ("resultFields", results)):
            fields: Dict[str, Any] = {}
            for part in parts:
                fields.update(fields_of(part))
            if fields:
                record[target] = fields
        return record

    def _send(self, record: Dict[str, Any]) -> Emitted:
        line = encode(record)
        if len(line) > EVENT_BYTES_MAX:
            raise Refused("eventTooLarge", f"the event has {len(line)} bytes; {EVENT_BYTES_MAX} are allowed")
        if self._spool is not None and self._sender is not None:
            self._spool.append(line)
            self._sender.wake()
            return Emitted(record["logEntryId"], ())
        return self._acknowledged(line, record["logEntryId"])

    def _acknowledged(self, line: bytes, log_entry_id: str) -> Emitted:
        with self._lock:
            number, self._next = self._next, self._next + 1
        deadline = time.monotonic() + self._timeout
        attempt, why = 0, "no time was given"
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise NotRecorded(f"the server did not take the event within {self._timeout:g} s: {why}")
            pause = random.uniform(0.5, 1.0) * min(2.0, 0.05 * 2.0**attempt)
            attempt += 1
            try:
                answer = self._server.post([line], self._epoch, number, self._signed, left)
            except Unreachable as error:
                why = str(error)
            else:
                if answer.status == 200:
                    refusal = answer.outcomes[0].error
                    if refusal:
                        raise Refused(refusal["code"], refusal["message"], refusal.get("field"), refusal.get("category"))
                    return Emitted(log_entry_id, answer.outcomes[0].receipts, answer.signed_receipts)
                if answer.blames_the_bytes:
                    raise Refused(answer.code, answer.message)
                why = answer.why
                if answer.status < 500 and answer.status not in (408, 429):
                    raise NotRecorded(why)
                pause = max(pause, answer.retry_after)
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())))


class Event:
    """What a block does; made by `Auditor.event`."""

    def __init__(
        self,
        auditor: Auditor,
        name: str,
        categories: Sequence[Category],
        organizations: Sequence[Attribution],
        event_id: Optional[str],
    ) -> None:
        _check(name, categories)
        self._auditor, self._name, self._categories = auditor, name, categories
        self._organizations = organizations
        self.event_id = event_id or str(uuid.uuid4())
        self._results: Dict[str, Result] = {}
        self._outcome: Optional[Outcome] = None
        self.emitted: Optional[Emitted] = None
        """Where the event is, after the block."""

    def know(self, *results: Result) -> None:
        """Adds results that belong into the event even if the rest of the block fails.

        Of several for one category the last counts.
        """
        _check_results(self._categories, results)
        self._results.update((result.CATEGORY, result) for result in results)

    def succeed(self, *results: Result) -> None:
        """The block did what it was to do. Raises `ResultsMissing` without what its categories demand."""
        self.know(*results)
        missing = _missing(self._categories, self._results.values())
        if missing:
            raise ResultsMissing(_demand(missing))
        self._outcome = "SUCCESS"

    def unauthorized(self, *results: Result) -> None:
        """Whoever asked may not do this."""
        self.know(*results)
        self._outcome = "UNAUTHORIZED"

    def fail(self, *results: Result) -> None:
        """It failed, in a way that raises nothing."""
        self.know(*results)
        self._outcome = "ERROR"

    def partial(self, *results: Result) -> None:
        """A later event with the same `event_id` completes this one."""
        self.know(*results)
        self._outcome = "PARTIAL"

    def __enter__(self) -> Event:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._end(kind)

    async def __aenter__(self) -> Event:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        # Syncing and sending would hold up all other tasks.
        await asyncio.to_thread(self._end, kind)

    def _end(self, kind: Optional[Type[BaseException]]) -> None:
        missing = None
        outcome = self._outcome
        if kind is not None and outcome != "UNAUTHORIZED":
            outcome = "UNAUTHORIZED" if issubclass(kind, self._auditor._unauthorized) else "ERROR"
        elif outcome is None:
            missing = _missing(self._categories, self._results.values())
            outcome = "ERROR" if missing else "SUCCESS"
        self.emitted = self._auditor.emit(
            self._name,
            *self._categories,
            results=list(self._results.values()),
            result=outcome,
            organizations=self._organizations,
            event_id=self.event_id,
        )
        if missing:
            raise ResultsMissing(f"the block ended without event.succeed(...): {_demand(missing)}")


def _check(name: str, categories: Sequence[Category]) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"an event's name has 1 to 128 of A-Z a-z 0-9 _ . : -, not {name[:128]!r}")
    if not categories:
        raise ValueError(f"{name} has no category; take Internal() if nothing else fits")
    for category in categories:
        if not isinstance(category, Category):
            raise TypeError(f"{name}: {type(category).__name__} is no category")
    if len({category.NAME for category in categories}) < len(categories):
        raise ValueError(f"{name} has a category twice")


def _check_results(categories: Sequence[Category], results: Sequence[Result]) -> None:
    names = {category.NAME for category in categories}
    for result in results:
        if not isinstance(result, Result):
            raise TypeError(f"{type(result).__name__} is no result")
        if result.CATEGORY not in names:
            raise ValueError(f"{type(result).__name__} comes twice, or without a category {result.CATEGORY}")
        names.remove(result.CATEGORY)


def _missing(categories: Sequence[Category], results: Iterable[Result]) -> Optional[str]:
    """The first category that demands results and has none."""
    there = {result.CATEGORY for result in results}
    return next((c.NAME for c in categories if c.demands_results() and c.NAME not in there), None)


def _demand(category: str) -> str:
    return f"a success of {category} has results: pass {category[0].upper()}{category[1:]}Result(...)"


_auditors: weakref.WeakSet[Auditor] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for auditor in list(_auditors):
        auditor.close()


def _after_fork() -> None:
    for auditor in list(_auditors):
        auditor._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
