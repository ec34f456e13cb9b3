from __future__ import annotations

import asyncio
import tempfile
import unittest
import wsgiref.util
import wsgiref.validate
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

import indelible as i
from indelible.middleware import FAILURE
from peer import Peer, failed

HEADERS = {
    "user-agent": "curl/8\x01",
    "x-forwarded-for": "203.0.113.9, 10.0.0.1",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
TRUST = ["192.0.2.7/32", "10.0.0.0/8", "2001:db8::/32"]
CONTEXT = {
    "uid": "ann", "userAgent": "curl/8\ufffd", "origin": "203.0.113.9", "origins": ["203.0.113.9", "10.0.0.1"],
    "sourceOrigin": "192.0.2.7", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
}  # fmt: skip


class Middleware(unittest.TestCase):
    def check(self, audit: str, fail: str, expected: Tuple[Optional[int], bytes], *, works: bool = False) -> None:
        """What a client gets if the event of the request is emitted at that time, by an application that hides errors."""
        for get in (self.wsgi, self.asgi):
            with Peer(*([] if works else [failed(503, "diskFull")])) as peer, tempfile.TemporaryDirectory() as folder:
                with i.Auditor(
                    product="a", product_version="1", url=peer.url, token="x", spool=folder, spool_bytes_max=1 << 20 if works else 10
                ) as auditor:

                    def emit() -> None:
                        i.identify(uid="ann")
                        try:
                            auditor.emit("A", i.Internal())
                        except i.AuditError:
                            pass

                    self.assertEqual(get(auditor, fail, audit, emit), expected, get.__name__)
                    if works:
                        self.assertTrue(auditor.flush(20))
                        (event,) = peer.events()
                        self.assertEqual({name: event.get(name) for name in CONTEXT}, CONTEXT)
                    self.assertEqual(auditor.lost, 1 if fail == "open" and not works else 0)
                    self.assertIsNone(i.current())

    def wsgi(self, auditor: i.Auditor, fail: Any, audit: str, emit: Callable[[], None]) -> Tuple[Optional[int], bytes]:
        def app(environ: Dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if audit == "before":
                emit()
            start_response("200 OK", [("content-type", "text/plain")])

            def content() -> Iterable[bytes]:
                yield b""
                yield b"one "
                if audit == "after":
                    emit()
                yield b"two"

            return content()

        environ: Dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7"}
        environ.update({"HTTP_" + name.upper().replace("-", "_"): value for name, value in HEADERS.items()})
        wsgiref.util.setup_testing_defaults(environ)
        environ["QUERY_STRING"] = ""
        status: List[int] = []
        content = b""

        def start_response(line: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
            status.append(int(line.split()[0]))
            return lambda data: None

        chunks = wsgiref.validate.validator(i.WsgiMiddleware(app, auditor, fail=fail, trust=TRUST))(environ, start_response)
        try:
            for chunk in chunks:
                content += chunk
        except i.NotRecorded:
            content += b"..."
        finally:
            chunks.close()  # type: ignore[attr-defined]
        self.assertEqual(len(status), 1)
        return status[0], content

    def asgi(self, auditor: i.Auditor, fail: Any, audit: str, emit: Callable[[], None]) -> Tuple[Optional[int], bytes]:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            if audit == "before":
                await asyncio.to_thread(emit)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"one ", "more_body": True})
            if audit == "after":
                await asyncio.to_thread(emit)
            await send({"type": "http.response.body", "body": b"two"})

        status: List[int] = []
        content = b""

        async def send(message: Any) -> None:
            nonlocal content
            if message["type"] == "http.response.start":
                status.append(message["status"])
            else:
                content += message["body"]

        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        headers = [(name.encode(), value.encode("latin-1")) for name, value in HEADERS.items()]
        scope = {"type": "http", "headers": headers, "client": ("192.0.2.7", 1)}
        try:
            asyncio.run(self.call(i.AsgiMiddleware(app, auditor, fail=fail, trust=TRUST), scope, receive, send))
        except i.NotRecorded:
            content += b"..."
        self.assertEqual(len(status), 1)
        return status[0], content

    async def call(self, app: Any, *arguments: Any) -> None:
        await app(*arguments)

    def test_no_answer_without_its_audit_event(self) -> None:
        whole = b"one two"
        self.check("before", "closed", (200, whole), works=True)
        self.check("after", "closed", (200, whole), works=True)
        self.check("never", "closed", (200, whole))
        self.check("before", "closed", (500, FAILURE))
        self.check("after", "closed", (200, b"one ..."))
        self.check("before", "open", (200, whole))
        self.check("after", "open", (200, whole))

    def test_the_origin_is_the_nearest_address_that_is_no_proxy_of_ours(self) -> None:
        auditor = i.Auditor(product="a", product_version="1", url="http://127.0.0.1:1", token="x")
        middleware = i.WsgiMiddleware(lambda environ, start: [], auditor, trust=TRUST)

        def check(peer: Optional[str], forwarded: str, origin: Optional[str]) -> None:
            context = middleware._context({"x-forwarded-for": forwarded}.get, peer)
            self.assertEqual((context.origin, context.source_origin), (origin, peer))

        check("203.0.113.1", "198.51.100.1", "203.0.113.1")
        check("10.0.0.1", "", "10.0.0.1")
        check("10.0.0.1", "198.51.100.1", "198.51.100.1")
        check("::ffff:10.0.0.1", "1.1.1.1, 198.51.100.1, 2001:db8::1", "198.51.100.1")
        check("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3")
        check("10.0.0.1", "198.51.100.1, unknown", "unknown")
        check(None, "198.51.100.1", None)

    def test_failing_open_takes_a_spool(self) -> None:
        auditor = i.Auditor(product="a", product_version="1", url="http://127.0.0.1:1", token="x")
        for fail in ("open", "ajar"):
            with self.assertRaises(ValueError):
                i.WsgiMiddleware(lambda environ, start: [], auditor, fail=fail)  # type: ignore[arg-type]


if __name__ == "__main__":
    unittest.main()
