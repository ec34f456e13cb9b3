// Emits events.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { clean, contextFields, current } from "./context.js";
import { AuditError, NotRecorded, Refused, ResultsMissing } from "./errors.js";
import { Sender } from "./sender.js";
import { Server, Unreachable, blamesTheBytes, whyNot } from "./server.js";
import { Spool } from "./spool.js";

/** @typedef {import("./types.js").Category} Category */
/** @typedef {import("./types.js").Result} Result */
/** @typedef {import("./types.js").Outcome} Outcome */
/** @typedef {import("./types.js").Emitted} Emitted */
/** @typedef {import("./types.js").Event} AuditEvent */

const EVENT_BYTES_MAX = 1 << 20;
const SPOOL_BYTES_MAX = 256 << 20;
const NAME = /^[A-Za-z0-9_.:-]{1,128}$/;

/**
 * @template {readonly [Category, ...Category[]]} C
 * @param {string} name
 * @param {C} categories
 * @returns {import("./types.js").Event<C>}
 */
export function event(name, ...categories) {
  if (!NAME.test(name)) throw new TypeError("an event's name has 1 to 128 of A-Z a-z 0-9 _ . : -");
  if (categories.length === 0) throw new TypeError(`${name} has no category; take internal() if nothing else fits`);
  const names = categories.map(({ category }) => category);
  if (names.some((category) => typeof category !== "string")) throw new TypeError(`${name}: what is no category is among them`);
  if (new Set(names).size < names.length) throw new TypeError(`${name} has a category twice`);
  return Object.freeze({ name, categories, eventId: randomUUID() });
}

/** What an action ended with. */
class Ended {
  constructor(/** @type {any} */ value, /** @type {Outcome} */ outcome) {
    this.value = value;
    this.outcome = outcome;
  }
}

/** An event while its action runs. */
class Running {
  #event;
  /** @type {Map<string, Result>} */ results = new Map();

  constructor(/** @type {AuditEvent} */ event) {
    this.#event = event;
  }

  get eventId() {
    return this.#event.eventId;
  }

  /** @returns {void} */
  know(/** @type {Result[]} */ ...results) {
    checkResults(this.#event, results);
    results.forEach((result) => this.results.set(result.resultOf, result));
  }

  succeed(/** @type {any} */ value, /** @type {any[]} */ ...results) {
    this.know(...results);
    const missing = missingResult(this.#event, [...this.results.values()]);
    if (missing) throw new ResultsMissing(demand(missing));
    return new Ended(value, "SUCCESS");
  }

  unauthorized(/** @type {any} */ value, /** @type {Result[]} */ ...results) {
    return this.#end(value, "UNAUTHORIZED", results);
  }

  fail(/** @type {any} */ value, /** @type {Result[]} */ ...results) {
    return this.#end(value, "ERROR", results);
  }

  partial(/** @type {any} */ value, /** @type {Result[]} */ ...results) {
    return this.#end(value, "PARTIAL", results);
  }

  /**
   * @param {any} value
   * @param {Outcome} outcome
   * @param {Result[]} results
   */
  #end(value, outcome, results) {
    this.know(...results);
    return new Ended(value, outcome);
  }
}

export class Auditor {
  #common;
  #server;
  #timeoutMs;
  #signed;
  #isUnauthorized;
  #log;
  /** @type {Spool | undefined} */ #spool = undefined;
  /** @type {Sender | undefined} */ #sender = undefined;
  #epoch = Date.now() * 1000 + Math.floor(Math.random() * 1000);
  #next = 0;
  #lost = 0;
  #isClosed = false;

  constructor(/** @type {import("./types.js").AuditorOptions} */ options) {
    const url = options.url ?? process.env["INDELIBLE_URL"];
    const token = options.token ?? process.env["INDELIBLE_TOKEN"];
    if (!url || !token) throw new TypeError("say url and token, or set INDELIBLE_URL and INDELIBLE_TOKEN");
    if (!options.product || !options.productVersion) throw new TypeError("product and productVersion must not be empty");
    this.#common = {
      product: clean(options.product),
      productVersion: clean(options.productVersion),
      producerType: options.producerType ?? "SERVER",
      service: clean(options.service),
      host: clean(options.host ?? hostname()),
      stack: clean(options.stack),
      environment: clean(options.environment),
    };
    this.#server = new Server(url, token);
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#signed = options.signedReceipts ?? false;
    this.#isUnauthorized = options.isUnauthorized ?? hasStatusOfUnauthorized;
    this.#log = options.log ?? ((message) => console.error(message));
    if (options.spool !== undefined) {
      this.#spool = new Spool(options.spool, options.spoolBytesMax ?? SPOOL_BYTES_MAX);
      this.#sender = new Sender(this.#spool, this.#server, this.#signed, this.#log);
    }
  }

  /**
   * @param {import("./types.js").Event<any>} event
   * @param {(running: any) => any} action
   * @returns {Promise<any>}
   */
  async run(event, action) {
    const running = new Running(event);
    let ended;
    try {
      ended = await action(running);
    } catch (error) {
      const outcome = this.#isUnauthorized(error) ? "UNAUTHORIZED" : "ERROR";
      await this.#emit(event, outcome, [...running.results.values()]);
      throw error;
    }
    const results = [...running.results.values()];
    if (ended instanceof Ended) {
      await this.#emit(event, ended.outcome, results);
      return ended.value;
    }
    const missing = missingResult(event, results);
    await this.#emit(event, missing ? "ERROR" : "SUCCESS", results);
    if (missing) throw new ResultsMissing(`the action ended without running.succeed(...): ${demand(missing)}`);
    return ended;
  }

  /**
   * @param {import("./types.js").Event<any>} event
   * @param {any[]} results
   */
  async emit(event, ...results) {
    checkResults(event, results);
    const missing = missingResult(event, results);
    if (missing) throw new ResultsMissing(demand(missing));
    return this.#emit(event, "SUCCESS", results);
  }

  /**
   * @param {import("./types.js").Event<any>} event
   * @param {Outcome} outcome
   * @param {any[]} results
   */
  async emitFailure(event, outcome, ...results) {
    checkResults(event, results);
    return this.#emit(event, outcome, results);
  }

  async flush(timeoutMs = 60_000) {
    return this.#sender ? this.#sender.flush(timeoutMs) : true;
  }

  async close(timeoutMs = 5_000) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#sender?.flush(timeoutMs);
    await this.#sender?.close();
    await this.#spool?.close();
  }

  get waitingBytes() {
    return this.#spool?.waitingBytes ?? 0;
  }

  get refused() {
    return this.#sender?.refused ?? 0;
  }

  get lost() {
    return this.#lost;
  }

  get lastFailure() {
    return this.#sender?.lastFailure;
  }

  get hasSpool() {
    return this.#spool !== undefined;
  }

  /**
   * @param {AuditEvent} event
   * @param {Outcome} outcome
   * @param {Result[]} results
   * @returns {Promise<Emitted | undefined>}
   */
  async #emit(event, outcome, results) {
    const context = current();
    try {
      return await this.#send(this.#record(event, outcome, results));
    } catch (error) {
      if (!(error instanceof AuditError) || !context?.failsOpen) {
        if (context) context.failed = true;
        throw error;
      }
      this.#lost += 1;
      this.#log(`an audit event is lost, and the request goes on: ${error.message}`);
      return undefined;
    }
  }

  /**
   * @param {AuditEvent} event
   * @param {Outcome} outcome
   * @param {Result[]} results
   */
  #record(event, outcome, results) {
    return {
      type: "audit.3",
      time: new Date().toISOString(),
      name: event.name,
      result: outcome,
      eventId: event.eventId,
      logEntryId: randomUUID(),
      ...this.#common,
      ...contextFields(current() ?? {}),
      categories: event.categories.map(({ category }) => category).sort(),
      requestFields: Object.assign({}, ...event.categories.map(({ fields }) => fields)),
      resultFields: Object.assign({}, ...results.map(({ fields }) => fields)),
    };
  }

  /** @returns {Promise<Emitted>} */
  async #send(/** @type {{ logEntryId: string }} */ record) {
    const line = Buffer.from(JSON.stringify(record));
    if (line.length > EVENT_BYTES_MAX)
      throw new Refused({ code: "eventTooLarge", message: `the event has ${line.length} bytes; ${EVENT_BYTES_MAX} are allowed` });
    if (!this.#spool || !this.#sender) return this.#acknowledged(line, record.logEntryId);
    await this.#spool.append(line);
    this.#sender.wake();
    return { logEntryId: record.logEntryId, receipts: [], signedReceipts: "" };
  }

  /**
   * @param {Buffer} line
   * @param {string} logEntryId
   * @returns {Promise<Emitted>}
   */
  async #acknowledged(line, logEntryId) {
    const first = this.#next++;
    const deadline = performance.now() + this.#timeoutMs;
    let why = "no time was given";
    for (let attempt = 0; ; attempt += 1) {
      const left = deadline - performance.now();
      if (left <= 0) throw new NotRecorded(`the server did not take the event within ${this.#timeoutMs} ms: ${why}`);
      let pause = (0.5 + Math.random() / 2) * Math.min(2_000, 50 * 2 ** attempt);
      try {
        const answer = await this.#server.post([line], { epoch: this.#epoch, first, signed: this.#signed, timeoutMs: left });
        const [outcome] = answer.outcomes;
        if (outcome?.error) throw new Refused(outcome.error);
        if (outcome) return { logEntryId, receipts: outcome.receipts, signedReceipts: answer.signedReceipts };
        if (blamesTheBytes(answer)) throw new Refused(answer);
        why = whyNot(answer);
        if (answer.status < 500 && answer.status !== 408 && answer.status !== 429) throw new NotRecorded(why);
        pause = Math.max(pause, answer.retryAfterMs);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        why = error.message;
      }
      await sleep(Math.max(0, Math.min(pause, deadline - performance.now())));
    }
  }
}

function hasStatusOfUnauthorized(/** @type {any} */ error) {
  return [error?.status, error?.statusCode].some((status) => status === 401 || status === 403);
}

/**
 * @param {AuditEvent} event
 * @param {Result[]} results
 */
function checkResults(event, results) {
  for (const { resultOf } of results)
    if (!event.categories.some(({ category }) => category === resultOf))
      throw new TypeError(`${resultOf}Result belongs to a category that ${event.name} has not`);
}

/**
 * The first category that demands results and has none.
 * @param {AuditEvent} event
 * @param {Result[]} results
 */
function missingResult(event, results) {
  return event.categories.find(({ category, demands }) => demands && !results.some(({ resultOf }) => resultOf === category))?.category;
}

function demand(/** @type {string} */ category) {
  return `a success of ${category} has results: pass ${category}Result({...})`;
}
