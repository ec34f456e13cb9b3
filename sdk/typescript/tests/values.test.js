import assert from "node:assert/strict";
import { test } from "node:test";

import { Identifier, auditDataRedact, dataExport, dataExportResult, dataImport, event, userLogin } from "@indelible/sdk";
import { wire } from "../src/values.js";

const report = { id: Identifier.rid("ri.reports..report.1") };

test("values have the names of the catalogue and nothing absent", () => {
  const check = ({ fields }, expected) => assert.deepEqual(fields, expected);
  check(dataExport({ downloadedResources: [report] }), { downloadedResources: [{ id: { type: "rid", rid: "ri.reports..report.1" } }] });
  check(userLogin(), {});
  check(dataImport({ importedFilename: "a", importedFileType: null, importParentResourceId: undefined }), { importedFilename: "a", importedFileType: null });
  const redact = { requestedAuditEventIds: ["1"], organizationRid: "r", startDate: null, endDate: { a: null }, redactionReason: "x" };
  check(auditDataRedact(redact), redact);
});

test("what the catalogue does not allow is no value", () => {
  const check = (make, text) => assert.throws(make, (error) => error instanceof TypeError && error.message.includes(text));
  check(() => dataExport({}), "requires downloadedResources");
  check(() => dataExport({ downloadedResources: undefined }), "requires downloadedResources");
  check(() => dataExport({ downloadedResources: [report], more: 1 }), "has no field more");
  check(() => dataExportResult({}), "requires downloadedSize");
  check(() => event("A"), "no category");
  check(() => event("A B", userLogin()), "name");
  check(() => event("A", userLogin(), userLogin()), "twice");
  check(() => event("A", dataExportResult({ downloadedSize: 1 })), "no category");
});

test("values become JSON that every reader reads alike", () => {
  const check = (value, expected) => assert.equal(JSON.stringify(wire(value, "x")), expected);
  check({ a: [1, 0.5, true, null, "é"], b: undefined }, '{"a":[1,0.5,true,null,"é"]}');
  check("\ud800x\udc00\u{1f600}", '"\ufffdx\ufffd\u{1f600}"');
  check({ "\udc00": 1 }, '{"\ufffd":1}');
  check(new Date(0), '"1970-01-01T00:00:00.000Z"');
  let nested = [];
  for (let depth = 0; depth < 60; depth += 1) nested = [nested];
  for (const bad of [NaN, Infinity, 1e300, -(2 ** 53), nested, new Date(NaN)]) assert.throws(() => wire(bad, "x"), RangeError);
  for (const unknown of [1n, () => 1, Symbol("x")]) assert.throws(() => wire(unknown, "x"), TypeError);
});
