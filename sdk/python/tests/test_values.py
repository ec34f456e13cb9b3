from __future__ import annotations

import datetime
import unittest
import uuid
from typing import Any, Callable, Dict, Type

import indelible as i
from indelible._values import encode, fields_of, wire

RESOURCE = i.DataResource(id=i.Identifier.rid("ri.reports..report.1"))


class Values(unittest.TestCase):
    def check(self, value: i.Category, expected: Dict[str, Any]) -> None:
        self.assertEqual(fields_of(value), expected)

    def test_values_have_the_names_of_the_catalogue_and_nothing_absent(self) -> None:
        rid = {"id": {"type": "rid", "rid": "ri.reports..report.1"}}
        self.check(i.DataExport(downloaded_resources=[RESOURCE]), {"downloadedResources": [rid]})
        self.check(i.DataExport(downloaded_resources=()), {"downloadedResources": []})
        self.check(i.UserLogin(), {})
        self.check(i.DataImport(imported_filename=None, imported_file_type="BINARY"), {"importedFileType": "BINARY"})
        other = i.Identifier.other(i.OtherIdentifier(value="a", description=None))
        self.check(i.SecretDeprecate(deprecated_secret_identifier=other), {"deprecatedSecretIdentifier": {"type": "other", "other": {"value": "a"}}})
        # Where any JSON goes, null is a value.
        self.check(
            i.AuditDataRedact(
                requested_audit_event_ids=["1"], organization_rid="r", start_date=None, end_date={"a": None}, redaction_reason="x"
            ),
            {"requestedAuditEventIds": ["1"], "organizationRid": "r", "startDate": None, "endDate": {"a": None}, "redactionReason": "x"},
        )

    def test_what_the_catalogue_does_not_allow_is_no_value(self) -> None:
        def check(error: Type[Exception], text: str, make: Callable[..., Any], **fields: Any) -> None:
            with self.assertRaisesRegex(error, text):
                make(**fields)

        check(TypeError, "downloaded_resources", i.DataExport)
        check(TypeError, "unexpected", i.DataExport, downloaded_resources=[], loaded_resources=[])
        check(TypeError, "must be list, not str", i.DataExport, downloaded_resources="ri.a.b.c.d")
        check(TypeError, r"\[1\] must be DataResource, not str", i.DataExport, downloaded_resources=[RESOURCE, "x"])
        check(TypeError, "must be int, not bool", i.DataExportResult, downloaded_size=True)
        check(ValueError, "send it as a string", i.DataExportResult, downloaded_size=2**53)
        check(TypeError, "'DATASET' or", i.DataImport, imported_filename="x", imported_file_type="TEXT")
        check(TypeError, "must be str, not int", i.Identifier.rid, value=1)
        check(TypeError, "must be UUID or str", i.AuditDataRedactResult, redaction_request_id=1, redacted_audit_event_ids=1,
              redacted_service_user_attributed_audit_event_ids=1, missing_audit_event_ids=1, redacted_line_count=1, modified_files={})
        check(TypeError, "set is no JSON", i.Token, type={1})

    def test_values_become_json_that_every_reader_reads_alike(self) -> None:
        def check(value: Any, expected: bytes) -> None:
            self.assertEqual(encode(wire(value)), expected)

        check({"a": [1, 0.5, True, None, "é"]}, '{"a":[1,0.5,true,null,"é"]}'.encode())
        check("\ud800x\udc00", "\"\ufffdx\ufffd\"".encode())
        check("\U0001f600\n", b'"\xf0\x9f\x98\x80\\n"')
        check(datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=1))), b'"2026-01-02T02:04:05Z"')
        check(uuid.UUID(int=1), b'"00000000-0000-0000-0000-000000000001"')
        nested: Any = []
        for _ in range(60):
            nested = [nested]
        for bad in (float("nan"), float("inf"), 1e300, -(2**53), nested, datetime.datetime(2026, 1, 2)):
            with self.assertRaises(ValueError):
                wire(bad)
        for unknown in ({1: 2}, b"x", object()):
            with self.assertRaises(TypeError):
                wire(unknown)


if __name__ == "__main__":
    unittest.main()
