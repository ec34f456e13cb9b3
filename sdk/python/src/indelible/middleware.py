"""Context for the events of each request, and no answer without them: for WSGI (Flask, Django) and ASGI (FastAPI, Starlette)."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Dict, Iterable, Iterator, List, Literal, Mapping, MutableMapping, Optional, Sequence, Tuple

from .auditor import Auditor
from ._context import ORIGINS_MAX, TEXT_BYTES_MAX, Context, entered
from .errors import NotRecorded

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Fail = Literal["closed", "open"]
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

FAILURE = b'{"error":{"code":"auditFailed","message":"the request could not be audited"}}'
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-")
_HEADER_CHARS_MAX = (TEXT_BYTES_MAX + 2) * ORIGINS_MAX


class _Middleware:
    def __init__(self, auditor: Auditor, fail: Fail, trust: Sequence[str]) -> None:
        if fail not in ("closed", "open"):
            raise ValueError("fail must be 'closed' or 'open'")
        if fail == "open" and not auditor.has_spool:
            raise ValueError("failing open needs an auditor with a spool; without one, a server that is away loses every event")
        self._fails_open = fail == "open"
        self._trusted = [ipaddress.ip_network(network) for network in trust]

    def _context(self, headers: Callable[[str], Optional[str]], peer: Optional[str]) -> Context:
        """The context of a request, as its headers and its connection have it."""
        # From the end, which is what the proxies nearest to us wrote.
        forwarded = (headers("x-forwarded-for") or "")[-_HEADER_CHARS_MAX:]
        origins = [origin.strip() for origin in forwarded.split(",") if origin.strip()]
        parent = _TRACE_PARENT.match(headers("traceparent") or "")
        return Context(
            trace_id=parent.group(1) if parent else headers("x-b3-traceid"),
            user_agent=headers("user-agent"),
            origin=self._origin(origins, peer),
            origins=origins,
            source_origin=peer,
            fails_open=self._fails_open,
        )

    def _origin(self, origins: Sequence[str], peer: Optional[str]) -> Optional[str]:
        """The nearest address that no proxy of ours has: what stands before it in the header anybody may have written."""
        found = peer
        for before in reversed(origins):
            if not self._is_trusted(found):
                break
            found = before
        return found

    def _is_trusted(self, address: Optional[str]) -> bool:
        try:
            parsed = ipaddress.ip_address(address or "")
        except ValueError:
            return False
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(parsed in network for network in self._trusted)


class WsgiMiddleware(_Middleware):
    """Wraps a WSGI application: `app.wsgi_app = WsgiMiddleware(app.wsgi_app, auditor)`.

    fail: with `closed`, a request during which an event could not be recorded is answered with 500, whatever the
        application made of it; one whose answer has begun is broken off. With `open` the request goes on and the
        loss is logged and counted.
    trust: networks of the proxies in front, such as `10.0.0.0/8`, whose word on where a request came from is taken.
    """

    def __init__(self, app: WSGIApplication, auditor: Auditor, *, fail: Fail = "closed", trust: Sequence[str] = ()) -> None:
        super().__init__(auditor, fail, trust)
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def header(name: str) -> Optional[str]:
            value = environ.get("HTTP_" + name.upper().replace("-", "_"))
            return value if isinstance(value, str) else None

        return self._respond(environ, start_response, self._context(header, environ.get("REMOTE_ADDR")))

    def _respond(self, environ: WSGIEnvironment, start_response: StartResponse, context: Context) -> Iterator[bytes]:
        held: List[Tuple[Any, ...]] = []
        early: List[bytes] = []
        has_begun = False

        def hold(status: str, headers: List[Tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            arguments = (status, headers) if exc_info is None else (status, headers, exc_info)
            if has_begun:
                return start_response(*arguments)
            held[:] = [arguments]
            return early.append

        with entered(context):
            content = self._app(environ, hold)
        try:
            chunks = iter(content)
            while True:
                with entered(context):
                    chunk = next(chunks, None)
                if context.failed and has_begun:
                    raise NotRecorded("an audit event was not recorded after the answer had begun")
                if context.failed:
                    start_response("500 Internal Server Error", [("content-type", "application/json")])
                    yield FAILURE
                    return
                if not has_begun and (chunk or early or chunk is None):
                    has_begun = True
                    start_response(*held[0])
                    yield from early
                if chunk is None:
                    return
                if has_begun:
                    yield chunk
        finally:
            close = getattr(content, "close", None)
            if close is not None:
                with entered(context):
                    close()


class AsgiMiddleware(_Middleware):
    """Wraps an ASGI application: `app.add_middleware(AsgiMiddleware, auditor=auditor)`. The options are those for WSGI."""

    def __init__(self, app: AsgiApplication, auditor: Auditor, *, fail: Fail = "closed", trust: Sequence[str] = ()) -> None:
        super().__init__(auditor, fail, trust)
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        values = _headers(scope)
        client = scope.get("client")
        context = self._context(values.get, client[0] if client else None)
        has_begun = is_replaced = False

        async def guarded(message: Message) -> None:
            nonlocal has_begun, is_replaced
            if is_replaced:
                return
            if not context.failed or scope["type"] == "websocket":
                has_begun = True
                return await send(message)
            if has_begun:
                raise NotRecorded("an audit event was not recorded after the answer had begun")
            is_replaced = True
            await _send_failure(send)

        with entered(context):
            await self._app(scope, receive, guarded)


async def _send_failure(send: Send) -> None:
    await send({"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": FAILURE})


def _headers(scope: Mapping[str, Any]) -> Dict[str, str]:
    """Headers by name; those that come several times joined, as if a proxy had appended to the first."""
    values: Dict[str, str] = {}
    for raw_name, raw_value in scope.get("headers", ()):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        values[name] = f"{values[name]},{value}" if name in values else value
    return values
