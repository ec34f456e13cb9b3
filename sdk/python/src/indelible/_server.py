"""`POST /api/v1/events`."""

from __future__ import annotations

import collections
import copy
import http.client
import json
import platform
import socket
import ssl
import urllib.parse
from dataclasses import dataclass
from typing import Any, Callable, Deque, Dict, List, Optional, Sequence, Tuple, Union, cast

ANSWER_BYTES_MAX = 64 << 20
RETRY_AFTER_SECONDS_MAX = 3600.0


class Unreachable(Exception):
    """No answer, or one that is none of the server's. What was sent may be stored."""


@dataclass(frozen=True)
class Receipt:
    """Where an event is: the server's promise."""

    organization: str
    seq: int
    leaf_hash: str
    """In base64."""


@dataclass(frozen=True)
class Outcome:
    """What became of one event."""

    receipts: Tuple[Receipt, ...]
    error: Optional[Dict[str, Any]]
    """Why it was refused: `code`, `message`, and perhaps `field` and `category`."""


@dataclass(frozen=True)
class Answer:
    status: int
    outcomes: List[Outcome]
    """One for each event, in order, if the status is 200; else empty."""
    signed_receipts: str
    retry_after: float
    """Seconds to wait before the next attempt; 0 if the server does not say."""
    code: str
    """Of the error, if the status is not 200."""
    message: str

    @property
    def blames_the_bytes(self) -> bool:
        """Whether the bytes of the request are to blame. Only then, and only if the request held one event alone, is that
        event refused; anything else that is not 200 says nothing of the events, and they are sent again."""
        return self.status == 413 or (self.status == 400 and self.code == "unreadableBody")

    @property
    def why(self) -> str:
        """What went wrong, if the status is not 200."""
        return f"{self.status} {self.code} {self.message}".strip()


class Server:
    """A server of Indelible; keeps the connections that were used at the same time."""

    def __init__(self, url: str, token: Union[str, Callable[[], str]], ca: Optional[str], version: str) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("the server's address must be like https://audit.example.com")
        self._host, self._port = parts.hostname, parts.port
        self._path = parts.path.rstrip("/") + "/api/v1/events"
        self._token = token
        self._tls = ssl.create_default_context(cafile=ca) if parts.scheme == "https" else None
        self._agent = f"indelible-sdk-python/{version} python/{platform.python_version()}"
        self._idle: Deque[http.client.HTTPConnection] = collections.deque()

    def post(self, lines: Sequence[bytes], epoch: int, first: int, signed: bool, timeout: float) -> Answer:
        """Sends events, one a line, numbered from `first`. Raises `Unreachable`."""
        token = self._token if isinstance(self._token, str) else self._token()
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/x-ndjson",
            "user-agent": self._agent,
            "indelible-producer-epoch": str(epoch),
            "indelible-producer-seq": str(first),
        }
        if signed:
            headers["indelible-receipts"] = "signed"
        status, retry_after, body = self._exchange(b"\n".join(lines), headers, timeout)
        return _read(status, retry_after, body, len(lines))

    def fresh(self) -> Server:
        """The same server without connections: those of a parent process are not to be shared."""
        other = copy.copy(self)
        other._idle = collections.deque()
        return other

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, body: bytes, headers: Dict[str, str], timeout: float) -> Tuple[int, Optional[str], bytes]:
        while True:
            try:
                connection, is_used = self._idle.pop(), True
            except IndexError:
                connection, is_used = self._connect(), False
            try:
                connection.timeout = timeout
                if connection.sock is not None:
                    connection.sock.settimeout(timeout)
                connection.request("POST", self._path, body, headers)
                response = connection.getresponse()
                content = response.read(ANSWER_BYTES_MAX + 1)
                if len(content) > ANSWER_BYTES_MAX:
                    raise http.client.HTTPException("the answer is too long")
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # The server may have closed a connection that was idle; the events have ids, so that a repeat is told.
                if not is_used or isinstance(error, socket.timeout):
                    raise Unreachable(f"{type(error).__name__}: {error}") from error
                continue
            if response.will_close:
                connection.close()
            else:
                self._idle.append(connection)
            return response.status, response.getheader("retry-after"), content

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls is not None:
            return http.client.HTTPSConnection(self._host, self._port, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port)


def _read(status: int, retry_after: Optional[str], body: bytes, events: int) -> Answer:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if status != 200:
        error = answer.get("error") if isinstance(answer, dict) else None
        error = error if isinstance(error, dict) else {}
        seconds = min(float(retry_after), RETRY_AFTER_SECONDS_MAX) if retry_after and retry_after.isdigit() else 0.0
        code = str(error.get("code") or ("bodyTooLarge" if status == 413 else ""))
        return Answer(status, [], "", seconds, code, str(error.get("message", "")))
    try:
        outcomes = [_outcome(one, line) for line, one in enumerate(answer["outcomes"], 1)]
        signed = cast(str, answer.get("receipts") or "")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreachable("the answer is not one of Indelible's") from error
    if len(outcomes) != events:
        raise Unreachable(f"the answer speaks of {len(outcomes)} events; {events} were sent")
    return Answer(200, outcomes, signed, 0.0, "", "")


def _outcome(one: Any, line: int) -> Outcome:
    if one["line"] != line or one["status"] not in ("new", "duplicate", "refused"):
        raise ValueError("an outcome for something else")
    receipts = tuple(Receipt(r["organization"], r["seq"], r["leafHash"]) for r in one.get("receipts", ()))
    if one["status"] == "refused":
        return Outcome(receipts, {"code": "refused", "message": "", **one["error"]})
    return Outcome(receipts, None)
