"""A server that answers as it is told: for what a real one does only when it is in trouble."""

from __future__ import annotations

import http.server
import json
import threading
from types import TracebackType
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

Reply = Tuple[int, Dict[str, str], Any]
Lines = List[Dict[str, Any]]


def stored(lines: Lines) -> Reply:
    """What a server answers that stores everything."""
    receipt = {"organization": "ri.indelible..organization.acme", "seq": 1, "leafHash": "x"}
    outcomes = [{"line": n, "status": "new", "receipts": [receipt]} for n, _ in enumerate(lines, 1)]
    return 200, {}, {"new": len(lines), "duplicate": 0, "refused": 0, "outcomes": outcomes}


def failed(status: int, code: str, **headers: str) -> Callable[[Lines], Reply]:
    return lambda _: (status, headers, {"error": {"code": code, "message": "as told", "requestId": "1"}})


def refused(code: str) -> Callable[[Lines], Reply]:
    """Refuses every event whose name is REFUSE."""

    def reply(lines: Lines) -> Reply:
        status, headers, answer = stored(lines)
        for line, outcome in zip(lines, answer["outcomes"]):
            if line["name"] == "REFUSE":
                outcome.update(status="refused", error={"code": code, "message": "as told", "field": "name"})
                del outcome["receipts"]
        return status, headers, answer

    return reply


class Peer:
    """Gives the replies in their order, the last one for ever, and keeps what it stored."""

    def __init__(self, *replies: Callable[[Lines], Reply]) -> None:
        self.replies = list(replies) or [stored]
        self.requests: List[Tuple[Dict[str, str], Lines]] = []
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                lines = [json.loads(line) for line in body.splitlines()]
                peer.requests.append(({name.lower(): value for name, value in self.headers.items()}, lines))
                reply = peer.replies.pop(0) if len(peer.replies) > 1 else peer.replies[0]
                status, headers, answer = reply(lines)
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(content))}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def events(self) -> Lines:
        """All that was sent, in order; what was sent again counts again."""
        return [line for _, lines in self.requests for line in lines]

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
