// Sends what is in the spool, in order, until the server has answered for it.

import { Unreachable, blamesTheBytes, whyNot } from "./server.js";

/** @typedef {import("./server.js").Answer} Answer */
/** @typedef {import("./spool.js").Batch} Batch */

const LINES_MAX = 1000;
const BYTES_MAX = 4 << 20;
const TIMEOUT_MS = 60_000;
const BACK_OFF_MS = { first: 500, last: 60_000 };
const ADOPT_MS = 10_000;
const RECEIPTS = "receipts";

/** Empties a spool. It holds one batch in memory, and does not keep the process alive while it waits. */
export class Sender {
  /** Attempts that failed since the last that did not. */
  #failures = 0;
  /** Why nothing can be sent at the moment. */
  /** @type {string | undefined} */ lastFailure = undefined;
  /** Events that the server refused. */
  refused = 0;
  #linesMax = LINES_MAX;
  #adoptedAt = -Infinity;
  #hasNews = true;
  #isClosing = false;
  #isIdle = false;
  /** Ends the pause that is going on. */
  #endPause = () => {};
  /** @type {(() => void)[]} */ #waitingForIdle = [];

  /**
   * @param {import("./spool.js").Spool} spool
   * @param {import("./server.js").Server} server
   * @param {boolean} signed
   * @param {(message: string) => void} log
   */
  constructor(spool, server, signed, log) {
    this.spool = spool;
    this.server = server;
    this.signed = signed;
    this.log = log;
    this.running = this.#run();
  }

  /** Says that there is something to send. */
  wake() {
    this.#hasNews = true;
    if (this.#isIdle) this.#endPause();
    this.#isIdle = false;
  }

  /** Waits until the server has answered for everything that is in the spool; false if that takes longer. */
  async flush(/** @type {number} */ timeoutMs) {
    if (this.#isIdle) return true;
    return new Promise((/** @type {(isIdle: boolean) => void} */ resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#waitingForIdle.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** Ends; what is not sent stays in the spool. */
  async close() {
    this.#isClosing = true;
    this.#endPause();
    await this.running;
  }

  async #run() {
    while (!this.#isClosing) {
      try {
        if (!(await this.#step())) await this.#rest();
      } catch (error) {
        // Whatever it is: if this ended, nothing would be sent any more.
        await this.#fail(error instanceof Error ? `${error.name}: ${error.message}` : String(error), 0);
      }
    }
  }

  /** Sends a batch; false if there is none. */
  async #step() {
    this.#hasNews = false;
    if (performance.now() - this.#adoptedAt > ADOPT_MS) {
      await this.spool.adopt();
      this.#adoptedAt = performance.now();
    }
    const batch = await this.spool.batch(this.#linesMax, BYTES_MAX);
    if (!batch) return false;
    if (batch.isDamaged) {
      await this.#putAside(batch, "damagedSpool", "the line is no event; something else wrote to the spool");
      return true;
    }
    let answer;
    try {
      const { source, first, lines } = batch;
      answer = await this.server.post(lines, { epoch: source.number, first, signed: this.signed, timeoutMs: TIMEOUT_MS });
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      await this.#fail(error.message, 0);
      return true;
    }
    await this.#take(batch, answer);
    return true;
  }

  /**
   * @param {Batch} batch
   * @param {Answer} answer
   */
  async #take(batch, answer) {
    if (answer.status === 200) {
      const refused = answer.outcomes.flatMap(({ error }, index) => (error ? [{ index, error }] : []));
      await this.spool.putAside(batch, refused);
      if (answer.signedReceipts) await this.spool.keep(RECEIPTS, answer.signedReceipts);
      await this.spool.advance(batch);
      this.refused += refused.length;
      if (refused[0]) this.log(`${refused.length} audit events were refused and are kept in the spool, the first for ${refused[0].error.code}`);
      this.#linesMax = Math.min(LINES_MAX, this.#linesMax * 2);
      this.#failures = 0;
      this.lastFailure = undefined;
    } else if (blamesTheBytes(answer)) {
      // Finds the event to blame by halving.
      if (batch.lines.length === 1) await this.#putAside(batch, answer.code, answer.message);
      this.#linesMax = Math.max(1, Math.floor(batch.lines.length / 2));
    } else {
      await this.#fail(whyNot(answer), answer.retryAfterMs);
    }
  }

  /**
   * @param {Batch} batch
   * @param {string} code
   * @param {string} message
   */
  async #putAside(batch, code, message) {
    await this.spool.putAside(batch, [{ index: 0, error: { code, message } }]);
    await this.spool.advance(batch);
    this.refused += 1;
    this.log(`an audit event could not be sent and is kept in the spool: ${code}`);
  }

  /**
   * Waits before the next attempt: longer each time, at random, and no shorter than the server asks for.
   * @param {string} why
   * @param {number} retryAfterMs
   */
  async #fail(why, retryAfterMs) {
    this.#failures += 1;
    this.lastFailure = why;
    if (Number.isInteger(Math.log2(this.#failures))) this.log(`audit events wait in the spool, attempt ${this.#failures} failed: ${why}`);
    const { first, last } = BACK_OFF_MS;
    const pause = (0.5 + Math.random() / 2) * Math.min(last, first * 2 ** (this.#failures - 1));
    await this.#pause(Math.max(pause, retryAfterMs));
  }

  async #rest() {
    if (this.#hasNews) return;
    this.#isIdle = true;
    this.#waitingForIdle.splice(0).forEach((resolve) => resolve());
    await this.#pause(ADOPT_MS);
  }

  /** @returns {Promise<void>} */
  #pause(/** @type {number} */ milliseconds) {
    if (this.#isClosing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      timer.unref();
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
