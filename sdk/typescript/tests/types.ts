// Compiled, never run: what has to be refused by the compiler, and that the code is what types.d.ts says.

import { Auditor, context, dataExport, dataExportResult, dataLoad, event, Identifier, userLogin, userLoginResult } from "@indelible/sdk";
import type * as declared from "@indelible/sdk";
import * as auditor from "../src/auditor.js";
import * as contexts from "../src/context.js";
import * as errors from "../src/errors.js";
import * as middleware from "../src/middleware.js";

type Written = Pick<
  typeof declared,
  "Auditor" | "event" | "context" | "current" | "identify" | "audited" | "AuditError" | "NotRecorded" | "Refused" | "ResultsMissing" | "SpoolFull"
>;
({ ...auditor, ...contexts, ...errors, ...middleware }) satisfies Written;

const report = { id: Identifier.rid("ri.reports..report.1") };
const exported = dataExport({ downloadedResources: [report] });
const here = new Auditor({ product: "reports", productVersion: "1" });

// @ts-expect-error a required field is missing
dataExport({});
// @ts-expect-error a field of another category
dataExport({ downloadedResources: [report], loadedResources: [report] });
// @ts-expect-error not a resource
dataExport({ downloadedResources: ["ri.reports..report.1"] });
// @ts-expect-error no such variant
dataLoad({ loadedResources: [{ id: { type: "id", id: "1" } }] });
// @ts-expect-error null has to be said
dataExportResult({});
// @ts-expect-error no category
event("EXPORT");
// @ts-expect-error no such member of a context
context({ user: "ann" }, () => {});
// @ts-expect-error no product
new Auditor({ productVersion: "1" });

export async function results(): Promise<number> {
  const length: number = await here.run(event("EXPORT", exported), async (running) => running.succeed(3, dataExportResult({ downloadedSize: 3 })));
  const plain: string = await here.run(event("LOAD", dataLoad({ loadedResources: [report] })), async () => "x");
  // @ts-expect-error a success without the results that it demands
  await here.run(event("EXPORT", exported), async (running) => running.succeed(3));
  // @ts-expect-error an end that says nothing of the results
  await here.run(event("EXPORT", exported), async () => 3);
  // @ts-expect-error results of a category that the event has not
  await here.run(event("LOGIN", userLogin()), async (running) => running.succeed(3, dataExportResult({ downloadedSize: 3 })));
  await here.run(event("LOGIN", userLogin(), exported), async (running) =>
    running.succeed(3, dataExportResult({ downloadedSize: null }), userLoginResult({ loginUserId: "ann" })),
  );
  await here.run(event("LOGIN", userLogin(), exported), async (running) => running.unauthorized(plain));
  // @ts-expect-error a success without the results that it demands
  await here.emit(event("EXPORT", exported));
  await here.emit(event("EXPORT", exported), dataExportResult({ downloadedSize: 1 }));
  // @ts-expect-error a success is no failure
  await here.emitFailure(event("EXPORT", exported), "SUCCESS");
  await here.emitFailure(event("EXPORT", exported), "ERROR");
  return length;
}
