"""Who acts, and from where: what every event of a request has in common."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence

TEXT_BYTES_MAX = 256
USER_AGENT_BYTES_MAX = 1024
ORIGINS_MAX = 64


@dataclass(frozen=True)
class Attribution:
    """An organization whose log an event belongs to. For producers of the operator; others have one organization."""

    id: str
    reason: Optional[str] = None


@dataclass
class Context:
    """What events of one request have in common; those emitted while it is current take it over."""

    uid: Optional[str] = None
    """Who acts."""
    sid: Optional[str] = None
    """Their sign-in: the same for all requests of one."""
    token_id: Optional[str] = None
    """The token's id, never the token."""
    org_id: Optional[str] = None
    """Organization of `uid`."""
    trace_id: Optional[str] = None
    user_agent: Optional[str] = None
    origin: Optional[str] = None
    """The machine that the request came from, as far as one can tell; it may be forged."""
    origins: Sequence[str] = ()
    """Addresses from headers of the request; they may be forged."""
    source_origin: Optional[str] = None
    """The peer's address as the connection has it."""
    organizations: Sequence[Attribution] = ()
    fails_open: bool = False
    """Whether what cannot be recorded is logged and counted instead of raised."""
    failed: bool = False
    """Whether an event could not be recorded; set by the auditor."""

    def fields(self) -> Dict[str, Any]:
        """What of the context goes into an event, fit to be there.

        Strangers choose user agents and forwarded addresses. What is too long is cut, and what is not printable
        replaced: an event must not be refused because of them.
        """
        out: Dict[str, Any] = {
            "uid": clean(self.uid),
            "sid": clean(self.sid),
            "tokenId": clean(self.token_id),
            "orgId": clean(self.org_id),
            "traceId": clean(self.trace_id),
            "userAgent": clean(self.user_agent, USER_AGENT_BYTES_MAX),
            "origin": clean(self.origin),
            "sourceOrigin": clean(self.source_origin),
            # Each proxy appends; the last ones are the most to be trusted.
            "origins": [clean(origin) for origin in self.origins if clean(origin)][-ORIGINS_MAX:],
            "organizations": [_present(dataclasses.asdict(one)) for one in self.organizations],
        }
        return _present(out)


def _present(members: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def clean(text: Optional[str], bytes_max: int = TEXT_BYTES_MAX) -> Optional[str]:
    """`text` without control characters, cut to what the server takes."""
    if not text:
        return None
    # A character has at least one byte; so this bounds the work that a stranger causes.
    text = "".join(c if c.isprintable() or c == " " else "\ufffd" for c in str(text)[:bytes_max])
    return text.encode("utf-8", "replace")[:bytes_max].decode("utf-8", "ignore")


_current: ContextVar[Optional[Context]] = ContextVar("indelible_context", default=None)


def current() -> Optional[Context]:
    """The context of what runs now. The middleware makes one for each request."""
    return _current.get()


def identify(**fields: Any) -> None:
    """Says who acts, once that is known: `identify(uid=user.id, sid=session.id)`.

    All events of the request that follow have it, whatever thread or task they come from. Raises `LookupError` if
    there is no context: the middleware or `context()` makes one.
    """
    found = _current.get()
    if found is None:
        raise LookupError("no audit context; use the middleware, or `with context(...)` around the work")
    for name, value in fields.items():
        if name not in Context.__dataclass_fields__:
            raise TypeError(f"an audit context has no {name}")
        setattr(found, name, value)


@contextmanager
def context(**fields: Any) -> Iterator[Context]:
    """A context for the block: that around it, with these fields replaced."""
    made = dataclasses.replace(_current.get() or Context(), failed=False, **fields)
    with entered(made):
        yield made


@contextmanager
def entered(made: Context) -> Iterator[None]:
    """Makes `made` the context of the block."""
    token = _current.set(made)
    try:
        yield
    finally:
        _current.reset(token)
