// Emits to a real server as a service does; the tests of the program drive it (`crates/cli/tests/it/sdks.rs`).
//
// produce.mjs shapes SPOOL             one event by each road; prints the ids of those that have receipts
// produce.mjs stream SPOOL RUN COUNT   events numbered RUN-0, RUN-1, ...; prints each number once the event is recorded

import assert from "node:assert/strict";
import { writeSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import {
  Auditor, Identifier, Refused, audited, context, dataDelete, dataExport, dataExportResult, dataLoad, event, identify, internal, passThrough,
  passThroughResult, tokenAccess, userLogin, userLoginResult,
} from "@indelible/sdk";

const product = { product: "reports", productVersion: "1.4" };
const resource = (name) => ({ id: Identifier.rid(`ri.files..file.${name}`) });
const elsewhere = { organizations: [{ id: "ri.indelible..organization.other" }] };

async function shapes(spool) {
  const direct = new Auditor({ ...product, service: "reports-1", signedReceipts: true });
  const fields = { uid: "ann", sid: "s1", tokenId: "t1", orgId: "o1", traceId: "f00", userAgent: "curl/8\0", origins: ["203.0.113.9"] };
  await context(fields, async () => {
    const both = event("BLOCK_SUCCESS", dataExport({ downloadedResources: [resource("1")] }), userLogin());
    await direct.run(both, (running) => running.succeed(0, dataExportResult({ downloadedSize: 7 }), userLoginResult({ loginUserId: "ann" })));
    for (const [name, status] of [["BLOCK_ERROR", 500], ["BLOCK_UNAUTHORIZED", 403]]) {
      const error = Object.assign(new Error(name), { status });
      const failing = direct.run(event(name, dataLoad({ loadedResources: [resource("2")] })), () => Promise.reject(error));
      await assert.rejects(failing, error);
    }
  });
  const refused = context(elsewhere, () => direct.emit(event("REFUSED_AT_ONCE", internal())));
  await assert.rejects(refused, (error) => error instanceof Refused && error.code === "organizationNotAllowed");
  const receipts = (await direct.emit(event("RECEIPT", internal()))).signedReceipts;

  const spooled = new Auditor({ ...product, spool, signedReceipts: true });
  await spooled.emitFailure(event("LOGGED", tokenAccess()), "ERROR");
  await request(spooled);
  await spooled.run(event("ASYNC_SUCCESS", dataLoad({ loadedResources: [resource("3")] })), () => sleep(1));
  await context(elsewhere, () => spooled.emit(event("REFUSED_LATER", internal())));
  // What JSON and the server are particular about.
  const unusual = { text: "é\u2028\ud800\u{1f600}\x7f", numbers: [0.1, 1e-7, -0, Number.MAX_SAFE_INTEGER], nothing: null };
  const tagged = passThrough({ passThroughRequestParams: { a: { level: ["UserInput"], payload: unusual } } });
  await spooled.emit(event("UNUSUAL", tagged), passThroughResult({ passThroughResponseParams: {} }));
  assert.ok(await spooled.flush(60_000), spooled.lastFailure);
  assert.equal(spooled.refused, 1);
  await spooled.close();
  console.log(JSON.stringify({ receipts }));
}

/** A request to a service, whose client says where it comes from. */
async function request(auditor) {
  const guard = audited(auditor, { trust: ["127.0.0.0/8", "10.0.0.0/8"] });
  const handle = async (response) => {
    identify({ uid: "ben", sourceOrigin: "192.0.2.7" });
    await auditor.emit(event("REQUEST", internal()));
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => guard(request, response, () => handle(response)));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const headers = { "user-agent": "Mozilla/5.0", "x-forwarded-for": "203.0.113.9, 10.0.0.1" };
  const response = await fetch(`http://127.0.0.1:${server.address().port}`, { headers });
  assert.equal(response.status, 204);
  server.closeAllConnections();
  server.close();
}

async function stream(spool, run, count) {
  const auditor = new Auditor({ ...product, spool });
  for (let number = 0; number < count; number += 1) {
    await auditor.emit(event("STREAM", dataDelete({ deletedResources: [resource(`${run}-${number}`)] })));
    writeSync(1, `${number}\n`);
    await sleep(1);
  }
  assert.ok(await auditor.flush(120_000), auditor.lastFailure);
  await auditor.close();
}

const [, , what, spool, run, count] = process.argv;
await (what === "shapes" ? shapes(spool) : stream(spool, run, Number(count)));
