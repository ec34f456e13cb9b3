import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import {
  AuditError, Auditor, Identifier, NotRecorded, Refused, ResultsMissing, SpoolFull, audited, context, current, dataExport, dataExportResult, event, identify, internal,
  userLogin, userLoginResult, userLogoutResult,
} from "@indelible/sdk";
import { networks, originOf } from "../src/middleware.js";
import { Peer, failed, refused, stored } from "./peer.js";

const exported = dataExport({ downloadedResources: [{ id: Identifier.rid("ri.reports..report.1") }] });
const size = dataExportResult({ downloadedSize: 7 });
const user = userLoginResult({ loginUserId: "ann" });
const silent = () => {};
/** What may answer a request as a whole, and whether it blames the bytes; the same for all SDKs. */
const answers = JSON.parse(await readFile(new URL("../../answers.json", import.meta.url), "utf8"));
/** Without a code it is not the server that answers. */
const answered = ({ status, code }) => (code ? failed(status, code) : () => ({ status, answer: "<html>" }));

/** Gives `use` an auditor and the peer it sends to, and a folder for its spool. */
async function scene(replies, options, use) {
  const peer = await Peer.start(...replies);
  const folder = await mkdtemp(join(tmpdir(), "spool-"));
  const given = typeof options === "function" ? options(folder) : options;
  const auditor = new Auditor({ url: peer.url, token: "secret", product: "reports", productVersion: "1", host: "here", log: silent, timeoutMs: 5000, ...given });
  try {
    await use({ auditor, peer, folder });
  } finally {
    await auditor.close(0);
    await peer.stop();
    await rm(folder, { recursive: true });
  }
}

test("an action emits what became of it", async () => {
  const check = (action, result, fields, raises) =>
    scene([], {}, async ({ auditor, peer }) => {
      const running = auditor.run(event("EXPORT", exported, userLogin()), action);
      if (raises) await assert.rejects(running, raises);
      else assert.equal(await running, "value");
      const [record] = peer.events;
      assert.deepEqual([record.result, record.resultFields], [result, fields]);
      assert.deepEqual(record.categories, ["dataExport", "userLogin"]);
      assert.equal(peer.events.length, 1);
    });
  const fail = (error, ...known) => async (running) => {
    running.know(...known);
    throw error;
  };
  const denied = Object.assign(new Error(), { status: 403 });
  await check((running) => running.succeed("value", size), "SUCCESS", { downloadedSize: 7 });
  await check(async (running) => running.succeed("value", user, size), "SUCCESS", { downloadedSize: 7, loginUserId: "ann" });
  await check((r) => (r.know(dataExportResult({ downloadedSize: 1 })), r.succeed("value", size)), "SUCCESS", { downloadedSize: 7 });
  await check((running) => running.unauthorized("value"), "UNAUTHORIZED", {});
  await check((running) => running.fail("value", user), "ERROR", { loginUserId: "ann" });
  await check((running) => running.partial("value", size), "PARTIAL", { downloadedSize: 7 });
  await check(fail(new RangeError()), "ERROR", {}, RangeError);
  await check(fail(new RangeError(), size), "ERROR", { downloadedSize: 7 }, RangeError);
  await check(fail(denied), "UNAUTHORIZED", {}, denied);
  await check(() => "value", "ERROR", {}, ResultsMissing);
  await check((running) => running.succeed("value"), "ERROR", {}, ResultsMissing);
  await check((running) => running.succeed("value", size, userLogoutResult()), "ERROR", {}, TypeError);
});

test("an event has all it must have, and the context", () =>
  scene([], { service: "reports-1", signedReceipts: true }, async ({ auditor, peer }) => {
    const login = event("LOGIN", userLogin());
    const fields = { uid: "ann", userAgent: `a\0${"é".repeat(600)}`, origins: Array.from({ length: 70 }, (_, n) => String(n)), sid: "" };
    const emitted = await context(fields, async () => {
      await Promise.resolve();
      identify({ sid: "s1", tokenId: "t1" });
      return auditor.emit(login);
    });
    assert.equal(current(), undefined);
    assert.throws(() => identify({ uid: "ann" }));
    const [{ headers, lines: [{ userAgent, time, origins, ...record }] }] = peer.requests;
    assert.equal(emitted.receipts[0].seq, 1);
    assert.equal(headers.authorization, "Bearer secret");
    assert.deepEqual([headers["indelible-receipts"], headers["indelible-producer-seq"]], ["signed", "0"]);
    assert.ok(Number.isSafeInteger(Number(headers["indelible-producer-epoch"])));
    assert.ok(userAgent.startsWith("a\ufffdéé") && Buffer.byteLength(userAgent) <= 1024 && !userAgent.endsWith("\ufffd"), userAgent);
    assert.ok(time.endsWith("Z"));
    assert.deepEqual([origins.length, origins[0]], [64, "6"]);
    assert.deepEqual(record, {
      type: "audit.3", name: "LOGIN", result: "SUCCESS", categories: ["userLogin"], producerType: "SERVER", product: "reports", productVersion: "1",
      service: "reports-1", host: "here", uid: "ann", sid: "s1", tokenId: "t1", eventId: login.eventId, logEntryId: emitted.logEntryId,
      organizations: [], requestFields: {}, resultFields: {},
    });
    await assert.rejects(auditor.emit(event("A", exported)), ResultsMissing);
  }));

test("an event is sent until the server has answered for it", async () => {
  const check = (replies, raises, requests, milliseconds = 0) =>
    scene(replies, { timeoutMs: 1500 }, async ({ auditor, peer }) => {
      const begun = performance.now();
      const emitting = auditor.emit(event("REFUSE", internal()));
      if (raises) await assert.rejects(emitting, (error) => error.constructor === raises);
      else await emitting;
      assert.ok(performance.now() - begun >= milliseconds);
      if (requests) assert.equal(peer.requests.length, requests);
      // The same event under the same number, however often.
      assert.equal(new Set(peer.requests.map(({ lines }) => JSON.stringify(lines))).size, 1);
      assert.ok(peer.requests.every(({ headers }) => headers["indelible-producer-seq"] === "0"));
    });
  await check([stored], undefined, 1);
  await check([failed(503, "intakeStopped"), failed(503, "diskFull"), stored], undefined, 3);
  await check([failed(429, "busy", { "retry-after": "1" }), stored], undefined, 2, 1000);
  await check([refused("invalidValue")], Refused, 1);
  await check([failed(401, "unauthenticated")], NotRecorded, 1);
  await check([failed(503, "clockStopped")], NotRecorded, 0, 1400);
  await check([() => ({ status: 200, answer: "<html>" })], NotRecorded, 0);
  await check([() => ({ status: 200, answer: { outcomes: [] } })], NotRecorded, 0);
});

const spooled = (folder) => ({ spool: folder });

test("events wait until the server takes them, and what it refuses is kept aside", async () => {
  const check = (replies, names, refusals) =>
    scene([failed(503, "diskFull"), ...replies], spooled, async ({ auditor, peer, folder }) => {
      await Promise.all(names.map((name) => auditor.emit(event(name, internal()))));
      assert.ok(await auditor.flush(20_000), auditor.lastFailure);
      assert.deepEqual([auditor.waitingBytes, auditor.refused, auditor.lastFailure], [0, refusals.length, undefined]);
      const aside = join(folder, "refused.jsonl");
      const kept = existsSync(aside) ? (await readFile(aside, "utf8")).trim().split("\n").map((line) => JSON.parse(line)) : [];
      assert.deepEqual(kept.map(({ error, event }) => [error.code, event.name]), refusals.map((code) => [code, "REFUSE"]));
      const last = [];
      for (const { headers, lines } of peer.requests)
        lines.forEach(({ name }, index) => (last[Number(headers["indelible-producer-seq"]) + index] = name));
      assert.deepEqual(last, names);
      await auditor.close();
      assert.deepEqual((await readdir(folder)).filter((name) => name !== "refused.jsonl"), []);
    });
  await check([failed(401, "unauthenticated"), stored], ["A", "B", "C"], []);
  await check([refused("unknownCategory")], ["A", "REFUSE", "B", "REFUSE"], ["unknownCategory", "unknownCategory"]);
  for (const answer of answers.filter(({ blames }) => blames)) {
    const spoilt = (lines) => (lines.some(({ name }) => name === "REFUSE") ? answered(answer) : stored)(lines);
    await check([spoilt], ["A", "B", "C", "REFUSE", "D", "E"], [answer.code || "bodyTooLarge"]);
  }
});

test("an answer that does not blame the bytes refuses nothing", async () => {
  const check = (answer) =>
    scene([answered(answer)], spooled, async ({ auditor, peer, folder }) => {
      await auditor.emit(event("A", internal()));
      while (peer.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      assert.deepEqual([auditor.refused, existsSync(join(folder, "refused.jsonl"))], [0, false]);
      assert.ok(auditor.waitingBytes > 0 && auditor.lastFailure.startsWith(String(answer.status)), auditor.lastFailure);
      peer.replies = [stored];
      assert.ok(await auditor.flush(20_000));
      assert.deepEqual([auditor.refused, auditor.waitingBytes, auditor.lastFailure], [0, 0, undefined]);
    });
  await Promise.all(answers.filter(({ blames }) => !blames).map(check));
  for (const answer of answers)
    await scene([answered(answer)], { timeoutMs: 100 }, ({ auditor }) =>
      assert.rejects(auditor.emit(event("A", internal())), answer.blames ? Refused : NotRecorded));
});

test("what is left is sent by the next start under its old numbers", () =>
  scene([failed(503, "diskFull")], spooled, async ({ auditor, peer, folder }) => {
    for (const name of ["A", "B"]) await auditor.emit(event(name, internal()));
    while (peer.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await auditor.close(0);
    await scene([], { spool: folder }, async ({ auditor: next, peer: there }) => {
      await next.emit(event("C", internal()));
      assert.ok(await next.flush(20_000));
      assert.deepEqual(there.events.map(({ name }) => name), ["A", "B", "C"]);
      const epochs = there.requests.map(({ headers }) => Number(headers["indelible-producer-epoch"]));
      assert.equal(epochs[0], Number(peer.requests[0].headers["indelible-producer-epoch"]));
      assert.ok(epochs.at(-1) > epochs[0]);
    });
  }));

test("a full spool closes or lets pass, as the context says", () =>
  scene([failed(503, "diskFull")], (folder) => ({ spool: folder, spoolBytesMax: 700 }), async ({ auditor }) => {
    const emit = () => auditor.emit(event("A", internal()));
    await context({}, async () => {
      await assert.rejects(async () => { for (let n = 0; n < 3; n += 1) await emit(); }, SpoolFull);
      assert.equal(current().failed, true);
    });
    await context({ failsOpen: true }, async () => {
      assert.equal(await emit(), undefined);
      assert.deepEqual([auditor.lost, current().failed], [1, false]);
    });
  }));

test("no answer without its audit event", async () => {
  const headers = { "user-agent": "curl/8", "x-forwarded-for": "203.0.113.9, 10.0.0.1", traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
  const seen = { uid: "ann", userAgent: "curl/8", origin: "203.0.113.9", origins: ["203.0.113.9", "10.0.0.1"], sourceOrigin: "127.0.0.1", traceId: "4bf92f3577b34da6a3ce929d0e0e4736" };
  /** What a client gets if the event is emitted at that time, by a handler that hides errors. */
  const check = (when, fail, works, expected) =>
    scene(works ? [] : [failed(503, "diskFull")], (folder) => ({ spool: folder, spoolBytesMax: works ? 1 << 20 : 10 }), async ({ auditor, peer }) => {
      const guard = audited(auditor, { fail, trust: ["127.0.0.0/8", "10.0.0.0/8"] });
      const emit = async () => {
        identify({ uid: "ann" });
        await auditor.emit(event("A", internal())).catch((error) => assert.ok(error instanceof AuditError));
      };
      const handle = async (response) => {
        if (when === "before") await emit();
        response.writeHead(200, { "content-type": "text/plain", "x-secret": "1" });
        response.write("one ");
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (when === "after") await emit();
        response.end("two");
      };
      const server = createServer((request, response) => guard(request, response, () => handle(response)));
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        const response = await fetch(`http://127.0.0.1:${server.address().port}`, { headers });
        const text = await response.text().catch(() => "broken off");
        assert.deepEqual([response.status, text], expected);
        if (response.status === 500) assert.equal(response.headers.get("x-secret"), null);
      } finally {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      assert.equal(auditor.lost, fail === "open" && !works ? 1 : 0);
      if (!works) return;
      assert.ok(await auditor.flush(20_000));
      const [record] = peer.events;
      assert.deepEqual(Object.fromEntries(Object.keys(seen).map((name) => [name, record[name]])), seen);
    });
  const failure = '{"error":{"code":"auditFailed","message":"the request could not be audited"}}';
  await check("before", "closed", true, [200, "one two"]);
  await check("after", "closed", true, [200, "one two"]);
  await check("never", "closed", false, [200, "one two"]);
  await check("before", "closed", false, [500, failure]);
  await check("after", "closed", false, [200, "broken off"]);
  await check("before", "open", false, [200, "one two"]);
  await check("after", "open", false, [200, "one two"]);
});

test("the origin is the nearest address that is no proxy of ours", () => {
  const trusted = networks(["192.0.2.7", "10.0.0.0/8", "2001:db8::/32"]);
  const check = (peer, forwarded, origin) => assert.equal(originOf(forwarded, peer, trusted), origin);
  check("203.0.113.1", ["198.51.100.1"], "203.0.113.1");
  check("10.0.0.1", [], "10.0.0.1");
  check("10.0.0.1", ["198.51.100.1"], "198.51.100.1");
  check("::ffff:10.0.0.1", ["1.1.1.1", "198.51.100.1", "2001:db8::1"], "198.51.100.1");
  check("10.0.0.1", ["10.0.0.3", "10.0.0.2"], "10.0.0.3");
  check("10.0.0.1", ["198.51.100.1", "unknown"], "unknown");
  check(undefined, ["198.51.100.1"], undefined);
  assert.throws(() => networks(["x/8"]), TypeError);
});

test("failing open takes a spool", () =>
  scene([], {}, async ({ auditor }) => {
    assert.throws(() => audited(auditor, { fail: "open" }), TypeError);
    assert.throws(() => audited(auditor, { fail: "ajar" }), TypeError);
  }));
