// Events on disk that the server has not acknowledged yet.
//
// A folder of the spool holds one folder for each start of a producer, named by its epoch. In it are segments named by the
// number of their first event, each a run of events, one a line, exactly as they are sent; `sent`, the number of the first event
// that is not known to be acknowledged; and a file `owner-...` of the process that writes or empties the folder. What ended
// without sending everything leaves its folder, and whoever finds its owners gone empties it.
//
// An event counts as recorded when its line is synced. A line that a crash cut short has no line break and was never recorded.
// `sent` is not synced: after a power cut some events are sent again, under the same ids.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, open, readFile, readdir, rename, rm, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { NotRecorded, SpoolFull } from "./errors.js";

/** @typedef {import("node:fs/promises").FileHandle} FileHandle */
/**
 * Events in the order of their numbers, the first of which is `first`.
 * @typedef {object} Batch
 * @property {Epoch} source
 * @property {number} first
 * @property {Buffer[]} lines
 * @property {boolean} isDamaged the one line is no event: something other than this module wrote there
 */

const SEGMENT_BYTES = 4 << 20;
const GROUP_BYTES = 1 << 20;
const SENT = "sent";
const REFUSED = "refused.jsonl";
const SEGMENT = /^[0-9]+\.jsonl$/;
const OWNER = /^owner-([0-9]+)-([^-]*)-/;

/** The folder of one start of a producer, owned by this process. */
class Epoch {
  /** The segment that `next` is in; undefined until it is looked for. */
  /** @type {number | undefined} */ segment = undefined;
  /** Where in the segment `next` begins. */
  offset = 0;
  isOwn = false;

  /**
   * @param {string} folder
   * @param {number} number
   * @param {number} next number of the first event that is not acknowledged
   */
  constructor(folder, number, next) {
    this.folder = folder;
    this.number = number;
    this.next = next;
  }

  path(/** @type {number} */ segment) {
    return join(this.folder, `${String(segment).padStart(16, "0")}.jsonl`);
  }

  async segments() {
    const names = await readdir(this.folder);
    return names.filter((name) => SEGMENT.test(name)).map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
  }

  async size() {
    const sizes = (await this.segments()).map(async (segment) => (await stat(this.path(segment))).size);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }
}

/** The folder, for one auditor. */
export class Spool {
  #folder;
  #bytesMax;
  #marker = `owner-${process.pid}-${startOf(process.pid)}-${randomBytes(8).toString("hex")}`;
  // Appending.
  /** @type {{ line: Buffer, resolve: () => void, reject: (error: Error) => void }[]} */ #pending = [];
  /** @type {Promise<void> | undefined} */ #writing = undefined;
  /** @type {Epoch | undefined} */ #own = undefined;
  /** @type {FileHandle | undefined} */ #file = undefined;
  /** The segment being written, how much of it is synced, and the number of the next event. */
  #segment = 0;
  #length = 0;
  #next = 0;
  /** @type {string | undefined} */ #dead = undefined;
  // Sending.
  /** @type {Epoch[]} */ #adopted = [];
  #waiting = 0;
  #refusedBytes;

  /**
   * @param {string} folder
   * @param {number} bytesMax
   */
  constructor(folder, bytesMax) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#refusedBytes = existsSync(join(folder, REFUSED)) ? statSync(join(folder, REFUSED)).size : 0;
  }

  /** Bytes of the events that wait for the server, as far as this process knows. */
  get waitingBytes() {
    return this.#waiting;
  }

  /**
   * Records an event; it survives power loss when this resolves. Rejects with `NotRecorded`.
   * @param {Buffer} line
   * @returns {Promise<void>}
   */
  append(line) {
    if (this.#dead) return Promise.reject(new NotRecorded(this.#dead));
    if (this.#waiting + this.#refusedBytes + line.length + 1 > this.#bytesMax)
      return Promise.reject(new SpoolFull(`${this.#folder} holds ${this.#bytesMax} bytes that the server has not taken`));
    this.#waiting += line.length + 1;
    return new Promise((resolve, reject) => {
      this.#pending.push({ line: Buffer.concat([line, LINE_BREAK]), resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Writes and syncs what waits, in groups, until nothing does. */
  async #write() {
    while (this.#pending.length > 0) {
      const group = this.#pending.splice(0, groupLength(this.#pending));
      try {
        await this.#writeGroup(Buffer.concat(group.map(({ line }) => line)), group.length);
        group.forEach(({ resolve }) => resolve());
      } catch (error) {
        this.#waiting -= group.reduce((sum, { line }) => sum + line.length, 0);
        const failed = error instanceof NotRecorded ? error : new NotRecorded(`cannot write to ${this.#folder}: ${messageOf(error)}`, { cause: error });
        group.forEach(({ reject }) => reject(failed));
      }
    }
    this.#writing = undefined;
  }

  async #writeGroup(/** @type {Buffer} */ bytes, /** @type {number} */ events) {
    if (this.#dead) throw new NotRecorded(this.#dead);
    const file = (this.#file ??= await this.#openSegment());
    try {
      await file.appendFile(bytes);
    } catch (error) {
      // Takes half a line away, or gives up: an event after it would be lost with it.
      await file.truncate(this.#length).catch((error) => this.#die(error));
      throw error;
    }
    try {
      await file.datasync();
    } catch (error) {
      // What the system holds of the file is unknown from here on; trying again would hide that.
      this.#die(error);
      throw error;
    }
    this.#length += bytes.length;
    this.#next += events;
    if (this.#length >= SEGMENT_BYTES) {
      this.#file = undefined;
      await file.close();
    }
  }

  #die(/** @type {unknown} */ error) {
    this.#dead = `the spool in ${this.#folder} failed (${messageOf(error)}); restart when the disk is mended`;
  }

  async #openSegment() {
    this.#own ??= await this.#makeOwn();
    const path = this.#own.path(this.#next);
    // It may be left from an attempt that failed, when nothing was recorded in it.
    await rm(path, { force: true });
    const file = await open(path, "ax", 0o600);
    try {
      // Before it counts as open: what is in a file that the folder may not name is not recorded.
      await syncFolder(this.#own.folder);
    } catch (error) {
      await file.close();
      throw error;
    }
    [this.#segment, this.#length] = [this.#next, 0];
    return file;
  }

  /** Makes this start's folder, which nobody finds without owner: it gets its name when it has one. */
  async #makeOwn() {
    const others = await epochs(this.#folder);
    let number = Math.max(Date.now() * 1000 + Math.floor(Math.random() * 1000), ...others.map((other) => other + 1));
    const temporary = join(this.#folder, `.${this.#marker}`);
    // It may be left from an attempt that failed.
    await mkdir(temporary, { mode: 0o700, recursive: true });
    await writeFile(join(temporary, this.#marker), "");
    for (;;) {
      try {
        await rename(temporary, join(this.#folder, String(number)));
        break;
      } catch (error) {
        if (!existsSync(join(this.#folder, String(number)))) throw error;
        number += 1;
      }
    }
    const own = new Epoch(join(this.#folder, String(number)), number, 0);
    try {
      await syncFolder(this.#folder);
    } catch (error) {
      // Without an owner and empty, it is taken for a left one and removed.
      await rm(join(own.folder, this.#marker), { force: true });
      throw error;
    }
    own.isOwn = true;
    return own;
  }

  /** Takes over what processes that have ended left behind. */
  async adopt() {
    for (const number of await epochs(this.#folder)) {
      if (this.#own?.number === number || this.#adopted.some((epoch) => epoch.number === number)) continue;
      const folder = join(this.#folder, String(number));
      if (!(await this.#claim(folder))) continue;
      const epoch = new Epoch(folder, number, await readSent(folder));
      this.#waiting += await epoch.size();
      this.#adopted.push(epoch);
    }
    this.#adopted.sort((a, b) => a.number - b.number);
    for (const name of await readdir(this.#folder)) {
      if (name.startsWith(".owner-") && !isAlive(name.slice(1))) await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  /**
   * Becomes the folder's owner, unless a process that lives is. Each says that it wants the folder before it looks who else
   * does: of two that come at once at most one gets it, perhaps none.
   */
  async #claim(/** @type {string} */ folder) {
    const mine = join(folder, this.#marker);
    try {
      if ((await owners(folder)).some(isAlive)) return false;
      await writeFile(mine, "");
      const others = (await owners(folder)).filter((name) => name !== this.#marker);
      if (others.some(isAlive)) {
        await unlink(mine);
        return false;
      }
      for (const name of others) await rm(join(folder, name), { force: true });
      return true;
    } catch (error) {
      // Another has emptied it in the meantime.
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  }

  /**
   * The next events to be sent, at least one; undefined if there are none.
   * @param {number} linesMax
   * @param {number} bytesMax
   * @returns {Promise<Batch | undefined>}
   */
  async batch(linesMax, bytesMax) {
    for (let epoch = this.#adopted[0]; epoch; epoch = this.#adopted[0]) {
      const batch = await this.#read(epoch, linesMax, bytesMax);
      if (batch) return batch;
      // A line without its end was never recorded; it is not waited for.
      this.#waiting -= (await epoch.size()) - epoch.offset;
      this.#adopted.shift();
      await this.#remove(epoch);
    }
    return this.#own && this.#read(this.#own, linesMax, bytesMax);
  }

  /** Notes that the server has answered for every event of the batch. */
  async advance(/** @type {Batch} */ { source, lines }) {
    const size = lines.reduce((sum, line) => sum + line.length + 1, 0);
    source.next += lines.length;
    source.offset += size;
    this.#waiting -= size;
    const temporary = join(source.folder, `${SENT}.new`);
    await writeFile(temporary, String(source.next));
    await rename(temporary, join(source.folder, SENT));
  }

  /**
   * Keeps refused events, given by their place in the batch, with the reasons.
   * @param {Batch} batch
   * @param {{ index: number, error: object }[]} errors
   */
  async putAside(batch, errors) {
    if (errors.length === 0) return;
    const lines = errors.map(({ index, error }) => {
      const text = String(batch.lines[index]);
      const event = batch.isDamaged ? text : JSON.parse(text);
      return `${JSON.stringify({ error, epoch: batch.source.number, seq: batch.first + index, event })}\n`;
    });
    await this.keep(REFUSED, lines.join(""));
    this.#refusedBytes = (await stat(join(this.#folder, REFUSED))).size;
  }

  /**
   * Appends to a file of the folder, durably.
   * @param {string} name
   * @param {string} content
   */
  async keep(name, content) {
    const file = await open(join(this.#folder, name), "a", 0o600);
    try {
      // Before anything is in it: a failure is tried again, and must find it as it was.
      if ((await file.stat()).size === 0) await syncFolder(this.#folder);
      await file.appendFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** Removes this start's folder if everything is sent; else leaves it for the next start. */
  async close() {
    await this.#writing;
    this.#dead ??= "the auditor is closed";
    await this.#file?.close();
    for (const epoch of this.#adopted) await rm(join(epoch.folder, this.#marker), { force: true });
    const own = this.#own;
    if (own && own.next === this.#next) await this.#remove(own);
    else if (own) await rm(join(own.folder, this.#marker), { force: true });
  }

  /** The marker goes last: until then nobody else takes the folder. */
  async #remove(/** @type {Epoch} */ { folder }) {
    for (const name of await readdir(folder)) if (name !== this.#marker) await unlink(join(folder, name));
    await unlink(join(folder, this.#marker));
    await rmdir(folder);
  }

  /**
   * @param {Epoch} epoch
   * @param {number} linesMax
   * @param {number} bytesMax
   * @returns {Promise<Batch | undefined>}
   */
  async #read(epoch, linesMax, bytesMax) {
    for (;;) {
      if (epoch.segment === undefined && !(await this.#seek(epoch))) return undefined;
      const segment = epoch.segment ?? 0;
      const end = epoch.isOwn && segment === this.#segment ? this.#length : (await stat(epoch.path(segment))).size;
      const lines = await readLines(epoch.path(segment), epoch.offset, end, linesMax, bytesMax);
      if (lines.length > 0) return checked({ source: epoch, first: epoch.next, lines, isDamaged: false });
      const later = (await epoch.segments()).find((other) => other > segment);
      if (later === undefined || (epoch.isOwn && later > epoch.next)) return undefined;
      // Half a line that could not be taken away.
      if (!epoch.isOwn) this.#waiting -= end - epoch.offset;
      await unlink(epoch.path(segment));
      [epoch.segment, epoch.offset] = [later, 0];
    }
  }

  /** Finds the segment and the place in it where `next` is. */
  async #seek(/** @type {Epoch} */ epoch) {
    const segments = await epoch.segments();
    const before = segments.filter((segment) => segment <= epoch.next);
    const segment = before.at(-1) ?? segments[0];
    if (segment === undefined) return false;
    for (const old of before.slice(0, -1)) {
      this.#waiting -= (await stat(epoch.path(old))).size;
      await unlink(epoch.path(old));
    }
    epoch.next = Math.max(epoch.next, segment);
    const { size } = await stat(epoch.path(segment));
    const passed = await readLines(epoch.path(segment), 0, size, epoch.next - segment, Infinity);
    [epoch.segment, epoch.offset] = [segment, passed.reduce((sum, line) => sum + line.length + 1, 0)];
    if (!epoch.isOwn) this.#waiting -= epoch.offset;
    return true;
  }
}

const LINE_BREAK = Buffer.from("\n");

/** How many of the events are written together: what fits into the limit, at least one. */
function groupLength(/** @type {{ line: Buffer }[]} */ pending) {
  let bytes = 0;
  const over = pending.findIndex(({ line }) => (bytes += line.length) > GROUP_BYTES);
  return over < 0 ? pending.length : Math.max(over, 1);
}

/**
 * The batch up to a line that is no event, or that line alone.
 * @param {Batch} batch
 * @returns {Batch}
 */
function checked(batch) {
  if (batch.source.isOwn) return batch;
  const index = batch.lines.findIndex((line) => !isObject(line));
  if (index < 0) return batch;
  return { ...batch, lines: batch.lines.slice(0, Math.max(index, 1)), isDamaged: index === 0 };
}

function isObject(/** @type {Buffer} */ line) {
  try {
    const value = JSON.parse(String(line));
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/**
 * Whole lines from `offset` on, without their ends; at least one if there is one and `linesMax` is not 0.
 * @param {string} path
 * @param {number} offset
 * @param {number} end
 * @param {number} linesMax
 * @param {number} bytesMax
 */
async function readLines(path, offset, end, linesMax, bytesMax) {
  /** @type {Buffer[]} */
  const lines = [];
  if (offset >= end || linesMax === 0) return lines;
  // A segment is at most its limit and one group of events long.
  const bytes = Buffer.alloc(end - offset);
  const file = await open(path, "r");
  let length = 0;
  try {
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, offset + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
  } finally {
    await file.close();
  }
  let begin = 0;
  while (lines.length < linesMax) {
    const at = bytes.subarray(0, length).indexOf(10, begin);
    if (at < 0 || (lines.length > 0 && at + 1 > bytesMax)) break;
    lines.push(bytes.subarray(begin, at));
    begin = at + 1;
  }
  return lines;
}

async function epochs(/** @type {string} */ folder) {
  return (await readdir(folder)).filter((name) => /^[0-9]+$/.test(name)).map(Number).sort((a, b) => a - b);
}

async function owners(/** @type {string} */ folder) {
  return (await readdir(folder)).filter((name) => OWNER.test(name));
}

async function readSent(/** @type {string} */ folder) {
  const text = await readFile(join(folder, SENT), "utf8").catch(() => "");
  return /^[0-9]+$/.test(text) ? Number(text) : 0;
}

/** Whether the process that the marker names lives: the number alone would be another's after a restart of the machine. */
function isAlive(/** @type {string} */ marker) {
  const [, pid = "", start = ""] = OWNER.exec(marker) ?? [];
  if (start !== startOf(Number(pid))) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** When a process began, as text; empty where the system does not say, and for one that has ended. */
function startOf(/** @type {number} */ pid) {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
    // The name before it is in parentheses and may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
    // A process that has ended and was not waited for.
    return fields[0] === "Z" ? "" : `${boot}.${fields[19]}`;
  } catch {
    return "";
  }
}

async function syncFolder(/** @type {string} */ folder) {
  const file = await open(folder, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function codeOf(/** @type {unknown} */ error) {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function messageOf(/** @type {unknown} */ error) {
  return error instanceof Error ? error.message : String(error);
}
