"""Emits audit events to Indelible.

    auditor = Auditor(product="reports", product_version="1.4.0", spool="/var/lib/reports/audit")

    with auditor.event("EXPORT_REPORT", DataExport(downloaded_resources=[report])) as event:
        content = export(report)
        event.succeed(DataExportResult(downloaded_size=len(content)))
"""

__version__ = "0.1.0"

from ._server import Receipt
from ._values import Category, Result
from .auditor import Auditor, Emitted, Event
from .categories import *
from .categories import __all__ as _categories
from ._context import Attribution, Context, context, current, identify
from .errors import AuditError, NotRecorded, Refused, ResultsMissing, SpoolFull
from .logs import AuditHandler
from .middleware import AsgiMiddleware, WsgiMiddleware

__all__ = [
    *_categories,
    "AsgiMiddleware",
    "Attribution",
    "AuditError",
    "AuditHandler",
    "Auditor",
    "Category",
    "Context",
    "Emitted",
    "Event",
    "NotRecorded",
    "Receipt",
    "Refused",
    "Result",
    "ResultsMissing",
    "SpoolFull",
    "WsgiMiddleware",
    "context",
    "current",
    "identify",
]
