"""Sends what is in the spool, in order, until the server has answered for it."""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import Optional

from ._server import Answer, Server, Unreachable
from ._spool import Batch, Spool

LINES_MAX = 1000
BYTES_MAX = 4 << 20
TIMEOUT_SECONDS = 60.0
BACK_OFF_SECONDS = (0.5, 60.0)
ADOPT_SECONDS = 10.0
RECEIPTS = "receipts"

log = logging.getLogger("indelible")


class Sender:
    """The thread that empties a spool. It holds one batch in memory."""

    def __init__(self, spool: Spool, server: Server, signed_receipts: bool) -> None:
        self._spool, self._server, self._signed = spool, server, signed_receipts
        self._changed = threading.Condition()
        self._news = True
        self._is_closing = False
        self._idle = False
        self._adopted_at = 0.0
        self._lines_max = LINES_MAX
        self.failures = 0
        """Attempts that failed since the last that did not."""
        self.last_failure: Optional[str] = None
        self.refused = 0
        """Events that the server refused."""
        self._thread = threading.Thread(target=self._run, name="indelible-sender", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Says that there is something to send."""
        with self._changed:
            self._news = True
            self._idle = False
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Waits until the server has answered for everything that is in the spool; `False` if that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._idle, timeout)

    def close(self) -> None:
        """Ends the thread; what is not sent stays in the spool."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_closing:
            try:
                if not self._step():
                    self._rest()
            except Exception as error:  # The thread must outlive whatever it meets: without it nothing is sent.
                self._fail(f"{type(error).__name__}: {error}", 0.0)

    def _step(self) -> bool:
        """Sends a batch; `False` if there is none."""
        with self._changed:
            self._news = False
        if time.monotonic() - self._adopted_at > ADOPT_SECONDS or not self._adopted_at:
            self._spool.adopt()
            self._adopted_at = time.monotonic()
        batch = self._spool.batch(self._lines_max, BYTES_MAX)
        if batch is None:
            return False
        if batch.is_damaged:
            self._put_aside(batch, "damagedSpool", "the line is no event; something else wrote to the spool")
            return True
        try:
            answer = self._server.post(batch.lines, batch.source.number, batch.first, self._signed, TIMEOUT_SECONDS)
        except Unreachable as error:
            self._fail(str(error), 0.0)
            return True
        self._take(batch, answer)
        return True

    def _take(self, batch: Batch, answer: Answer) -> None:
        if answer.status == 200:
            refused = [(i, outcome.error) for i, outcome in enumerate(answer.outcomes) if outcome.error]
            self._spool.put_aside(batch, refused)
            if answer.signed_receipts:
                self._spool.keep(RECEIPTS, answer.signed_receipts.encode())
            self._spool.advance(batch)
            self.refused += len(refused)
            for _, error in refused[:1]:
                log.error("%d audit events were refused and are kept in the spool, the first for %s", len(refused), error["code"])
            self._lines_max = min(LINES_MAX, self._lines_max * 2)
            self.failures, self.last_failure = 0, None
        elif answer.blames_the_bytes:
            # Finds the event to blame by halving.
            if len(batch.lines) == 1:
                self._put_aside(batch, answer.code, answer.message)
            self._lines_max = max(1, len(batch.lines) // 2)
        else:
            self._fail(answer.why, answer.retry_after)

    def _put_aside(self, batch: Batch, code: str, message: str) -> None:
        self._spool.put_aside(batch, [(0, {"code": code, "message": message})])
        self._spool.advance(batch)
        self.refused += 1
        log.error("an audit event could not be sent and is kept in the spool: %s", code)

    def _fail(self, why: str, retry_after: float) -> None:
        """Waits before the next attempt: longer each time, at random, and no shorter than the server asks for."""
        self.failures += 1
        self.last_failure = why
        if self.failures & (self.failures - 1) == 0:
            log.warning("audit events wait in the spool, attempt %d failed: %s", self.failures, why)
        first, last = BACK_OFF_SECONDS
        seconds = random.uniform(0.5, 1.0) * min(last, first * 2.0 ** min(self.failures - 1, 16))
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing, max(seconds, retry_after))

    def _rest(self) -> None:
        with self._changed:
            if not self._news:
                self._idle = True
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._news or self._is_closing, ADOPT_SECONDS)
            self._idle = False if self._news else self._idle
