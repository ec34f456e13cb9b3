import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import promises, { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

import { NotRecorded, SpoolFull } from "@indelible/sdk";
import { Spool } from "../src/spool.js";

let folder;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "spool-"))));
afterEach(() => rm(folder, { recursive: true }));

const line = (n, size = 0) => Buffer.from(JSON.stringify({ n, x: "x".repeat(size) }));
const range = (from, to) => Array.from({ length: to - from }, (_, index) => from + index);

/** Takes everything as if a server did: [the number within the epoch, what was appended]. */
async function drain(spool, linesMax = 3) {
  const taken = [];
  for (;;) {
    const batch = await spool.batch(linesMax, 1000);
    if (!batch) return taken;
    if (!batch.isDamaged) batch.lines.forEach((text, index) => taken.push([batch.first + index, JSON.parse(text).n]));
    await spool.advance(batch);
  }
}

test("what is appended comes out once, in order", async () => {
  const spool = new Spool(folder, 1 << 20);
  assert.deepEqual(await drain(spool), []);
  await Promise.all(range(0, 5).map((n) => spool.append(line(n))));
  assert.deepEqual(await drain(spool), range(0, 5).map((n) => [n, n]));
  await spool.append(line(5));
  assert.deepEqual(await drain(spool), [[5, 5]]);
  assert.equal(spool.waitingBytes, 0);
  await spool.close();
  assert.deepEqual(await readdir(folder), []);
  await assert.rejects(spool.append(line(6)), NotRecorded);
});

test("segments go when they are sent, and what is left is found again", async () => {
  const spool = new Spool(folder, 64 << 20);
  const segments = async () => (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".jsonl")).length;
  for (const n of range(0, 30)) await spool.append(line(n, 700_000));
  assert.equal(await segments(), 5);
  const first = await spool.batch(7, 100 << 20);
  await spool.advance(first);
  await spool.close();
  const left = new Spool(folder, 64 << 20);
  await left.adopt();
  const next = first.lines.length;
  assert.deepEqual(await drain(left), range(next, 30).map((n) => [n, n]));
  assert.equal(left.waitingBytes, 0);
  assert.deepEqual(await readdir(folder), []);
});

test("what an ended auditor left comes first, and what a living one holds does not come", async () => {
  const [first, second, third] = range(0, 3).map(() => new Spool(folder, 1 << 20));
  for (const n of range(0, 4)) await first.append(line(n));
  await first.advance(await first.batch(1, 1000));
  await second.append(line(10));
  await third.append(line(20));
  await first.close();
  await third.adopt();
  assert.deepEqual(await drain(third), [[1, 1], [2, 2], [3, 3], [0, 20]]);
  await second.close();
  await third.adopt();
  assert.deepEqual(await drain(third), [[0, 10]]);
  await third.close();
  assert.deepEqual(await readdir(folder), []);
});

test("what a killed process left is found, whoever has its number now", async () => {
  const source = `
    import { Spool } from "${new URL("../src/spool.js", import.meta.url)}";
    const spool = new Spool(process.argv[1], 1 << 20);
    for (const n of [0, 1, 2]) await spool.append(Buffer.from(JSON.stringify({ n })));
    process.kill(process.pid, "SIGKILL");`;
  spawnSync(process.execPath, ["--input-type=module", "--eval", source, folder]);
  const spool = new Spool(folder, 1 << 20);
  await spool.adopt();
  assert.deepEqual(await drain(spool), [[0, 0], [1, 1], [2, 2]]);
  assert.deepEqual(await readdir(folder), []);
});

test("half a line was never recorded, and a damaged one is kept aside", async () => {
  let spool = new Spool(folder, 1 << 20);
  for (const n of range(0, 4)) await spool.append(line(n));
  await spool.close();
  const [epoch] = await readdir(folder);
  const segment = join(folder, epoch, "0000000000000000.jsonl");
  const lines = (await readFile(segment, "utf8")).split("\n");
  lines[1] = "\0".repeat(lines[1].length);
  await writeFile(segment, `${lines.join("\n")}{"n": 4`);
  spool = new Spool(folder, 1 << 20);
  await spool.adopt();
  assert.deepEqual(await drain(spool), [[0, 0], [2, 2], [3, 3]]);
  assert.deepEqual([spool.waitingBytes, await readdir(folder)], [0, []]);
});

test("a spool is bounded", async () => {
  const spool = new Spool(folder, 100);
  for (const n of range(0, Math.floor(100 / (line(0).length + 1)))) await spool.append(line(n));
  await assert.rejects(spool.append(line(9)), SpoolFull);
  await spool.advance(await spool.batch(1, 1000));
  await spool.append(line(9));
  await assert.rejects(spool.append(line(9)), SpoolFull);
  // What was refused takes its place too: nothing is thrown away for room.
  const batch = await spool.batch(9, 1000);
  await spool.putAside(batch, [{ index: 0, error: { code: "x", message: "" } }]);
  await spool.advance(batch);
  await assert.rejects(spool.append(line(9)), SpoolFull);
  await spool.close();
});

/** Fails one sync of a folder while `use` runs, and knows what the others made durable. */
async function withFailingSync(failing, use) {
  const original = promises.open;
  const durable = new Set();
  const idOf = async (path) => `${path} ${(await promises.stat(path)).ino}`;
  let count = 0;
  promises.open = async (path, flags, ...others) => {
    const file = await original(path, flags, ...others);
    if (flags !== "r" || !(await file.stat()).isDirectory()) return file;
    file.sync = async () => {
      count += 1;
      if (count - 1 === failing) throw Object.assign(new Error("as told"), { code: "EIO" });
      for (const name of await readdir(path)) durable.add(await idOf(join(path, name)));
    };
    return file;
  };
  syncBuiltinESMExports();
  try {
    await use(async (...paths) => {
      for (const path of paths) assert.ok(durable.has(await idOf(path)), path);
    });
  } finally {
    promises.open = original;
    syncBuiltinESMExports();
  }
  return count;
}

test("a folder that cannot be synced costs one event, and nothing is recorded where no folder names it", async () => {
  for (const failing of range(0, 4)) {
    const spool = new Spool(folder, 64 << 20);
    const recorded = [];
    const count = await withFailingSync(failing, async (check) => {
      for (const n of range(0, 20)) {
        const isRecorded = await spool.append(line(n, 700_000)).then(() => true, (error) => (assert.ok(error instanceof NotRecorded), false));
        if (!isRecorded) continue;
        recorded.push(n);
        for (const name of await readdir(folder, { recursive: true })) {
          const path = join(folder, name);
          const isUsed = name.endsWith(".jsonl") ? (await promises.stat(path)).size > 0 : (await readdir(path).catch(() => [])).some((n) => n.endsWith(".jsonl"));
          if (isUsed) await check(path);
        }
      }
    });
    assert.deepEqual([recorded.length, count > failing], [19, true]);
    await spool.adopt();
    assert.deepEqual(await drain(spool), recorded.map((n, index) => [index, n]));
    assert.equal(spool.waitingBytes, 0);
    await spool.close();
    assert.deepEqual(await readdir(folder), []);
  }
});

test("what is kept aside is there once, though its folder could not be synced", async () => {
  const spool = new Spool(folder, 1 << 20);
  await spool.append(line(0));
  const batch = await spool.batch(1, 1000);
  const aside = () => spool.putAside(batch, [{ index: 0, error: { code: "x" } }]);
  await withFailingSync(0, async (check) => {
    await assert.rejects(aside(), { code: "EIO" });
    await aside();
    await check(join(folder, "refused.jsonl"));
  });
  assert.equal((await readFile(join(folder, "refused.jsonl"), "utf8")).trim().split("\n").length, 1);
  await spool.close();
});

test("a write that fails half way leaves nothing and harms nothing", async () => {
  // Of files that may have one block, a write past it stops in the middle of a line.
  const source = `
    import { Spool } from "${new URL("../src/spool.js", import.meta.url)}";
    const spool = new Spool(process.argv[1], 1 << 20);
    const recorded = [];
    for (let n = 0; n < 20; n += 1) {
      const line = Buffer.from(JSON.stringify({ n, x: "x".repeat(n === 10 || n === 12 ? 2000 : 30) }));
      await spool.append(line).then(() => recorded.push(n), () => {});
    }
    console.log(JSON.stringify(recorded));
    await spool.close();`;
  const run = ["-c", 'trap "" XFSZ; ulimit -f 2; exec "$0" --input-type=module --eval "$1" "$2"', process.execPath, source, folder];
  const { stdout, stderr } = spawnSync("sh", run, { encoding: "utf8" });
  assert.notEqual(stdout, "", stderr);
  const recorded = JSON.parse(stdout);
  assert.deepEqual([recorded.includes(9), recorded.includes(10), recorded.includes(11)], [true, false, true]);
  const spool = new Spool(folder, 1 << 20);
  await spool.adopt();
  assert.deepEqual(await drain(spool), recorded.map((n, index) => [index, n]));
});
