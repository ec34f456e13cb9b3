"""Emits to a real server as a service does; the tests of the program drive it (`crates/cli/tests/it/sdks.rs`).

produce.py shapes SPOOL             one event by each road; prints the ids of those that have receipts
produce.py stream SPOOL RUN COUNT   events numbered RUN-0, RUN-1, ...; prints each number once the event is recorded
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
import wsgiref.util
from typing import Any, Iterable

import indelible as i


def resource(name: str) -> i.DataResource:
    return i.DataResource(id=i.Identifier.rid(f"ri.files..file.{name}"))


def shapes(spool: str) -> None:
    direct = i.Auditor(product="reports", product_version="1.4", service="reports-1", signed_receipts=True)
    with i.context(uid="ann", sid="s1", token_id="t1", org_id="o1", trace_id="f00", user_agent="curl/8\x00", origins=["203.0.113.9"]):
        with direct.event("BLOCK_SUCCESS", i.DataExport(downloaded_resources=[resource("1")]), i.UserLogin()) as event:
            event.succeed(i.DataExportResult(downloaded_size=7), i.UserLoginResult(login_user_id="ann"))
        assert event.emitted is not None and event.emitted.signed_receipts
        for name, error in [("BLOCK_ERROR", KeyError()), ("BLOCK_UNAUTHORIZED", PermissionError())]:
            try:
                with direct.event(name, i.DataLoad(loaded_resources=[resource("2")])):
                    raise error
            except type(error):
                pass
    try:
        direct.emit("REFUSED_AT_ONCE", i.Internal(), organizations=[i.Attribution("ri.indelible..organization.other")])
    except i.Refused as refusal:
        assert refusal.code == "organizationNotAllowed", refusal.code

    with i.Auditor(product="reports", product_version="1.4", spool=spool, signed_receipts=True) as spooled:
        log = logging.getLogger("audit")
        log.addHandler(i.AuditHandler(spooled))
        log.error("LOGGED", extra={"audit": i.TokenAccess()})
        request(spooled)
        asyncio.run(asynchronous(spooled))
        spooled.emit("REFUSED_LATER", i.Internal(), organizations=[i.Attribution("ri.indelible..organization.other")])
        # What JSON and the server are particular about.
        unusual = {"text": "é\u2028\ud800\U0001f600\x7f", "numbers": [0.1, 1e-7, -0.0, 2**53 - 1], "nothing": None}
        tagged = i.PassThroughSensitivityTaggedValue(level=["UserInput"], payload=unusual)
        spooled.emit(
            "UNUSUAL",
            i.PassThrough(pass_through_request_params={"a": tagged}),
            results=[i.PassThroughResult(pass_through_response_params={})],
        )
        assert spooled.flush(60), spooled.last_failure
        assert spooled.refused == 1
    print(json.dumps({"blockSuccess": event.emitted.log_entry_id, "receipts": event.emitted.signed_receipts}))


def request(auditor: i.Auditor) -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        i.identify(uid="ben")
        auditor.emit("REQUEST", i.Internal())
        start_response("204 No Content", [])
        return []

    environ = {"REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": "Mozilla/5.0", "HTTP_X_FORWARDED_FOR": "203.0.113.9, 10.0.0.1"}
    wsgiref.util.setup_testing_defaults(environ)
    list(i.WsgiMiddleware(app, auditor, trust=["192.0.2.0/24", "10.0.0.0/8"])(environ, lambda *_: lambda _: None))


async def asynchronous(auditor: i.Auditor) -> None:
    async with auditor.event("ASYNC_SUCCESS", i.DataLoad(loaded_resources=[resource("3")])):
        await asyncio.sleep(0)


def stream(spool: str, run: str, count: int) -> None:
    with i.Auditor(product="reports", product_version="1.4", spool=spool) as auditor:
        for number in range(count):
            auditor.emit("STREAM", i.DataDelete(deleted_resources=[resource(f"{run}-{number}")]))
            print(number, flush=True)
            time.sleep(0.001)
        assert auditor.flush(120), auditor.last_failure


if __name__ == "__main__":
    if sys.argv[1] == "shapes":
        shapes(sys.argv[2])
    else:
        stream(sys.argv[2], sys.argv[3], int(sys.argv[4]))
