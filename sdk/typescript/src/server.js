// `POST /api/v1/events`.

import { readFileSync } from "node:fs";

/** @typedef {import("./types.js").Receipt} Receipt */
/** @typedef {{ code: string, message: string, field?: string, category?: string }} Refusal */
/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {{ receipts: Receipt[], error: Refusal | undefined }[]} outcomes one for each event, in order, if the status is 200
 * @property {string} signedReceipts
 * @property {number} retryAfterMs how long to wait before the next attempt; 0 if the server does not say
 * @property {string} code of the error, if the status is not 200
 * @property {string} message
 */

const ANSWER_BYTES_MAX = 64 << 20;
const RETRY_AFTER_MS_MAX = 3_600_000;
const VERSION = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
const AGENT = `indelible-sdk-typescript/${VERSION} node/${process.versions.node}`;

/** No answer, or one that is none of the server's. What was sent may be stored. */
export class Unreachable extends Error {}

/** A server of Indelible. */
export class Server {
  #url;
  #token;

  /**
   * @param {string} url
   * @param {string | (() => string | Promise<string>)} token
   */
  constructor(url, token) {
    const parsed = new URL(url);
    if (!["http:", "https:"].includes(parsed.protocol) || parsed.search || parsed.hash)
      throw new TypeError("the server's address must be like https://audit.example.com");
    this.#url = `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}/api/v1/events`;
    this.#token = token;
  }

  /**
   * Sends events, one a line, numbered from `first`. Throws `Unreachable`.
   * @param {Buffer[]} lines
   * @param {{ epoch: number, first: number, signed: boolean, timeoutMs: number }} options
   * @returns {Promise<Answer>}
   */
  async post(lines, { epoch, first, signed, timeoutMs }) {
    const token = typeof this.#token === "string" ? this.#token : await this.#token();
    /** @type {Record<string, string>} */
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/x-ndjson",
      "user-agent": AGENT,
      "indelible-producer-epoch": String(epoch),
      "indelible-producer-seq": String(first),
    };
    if (signed) headers["indelible-receipts"] = "signed";
    const body = Buffer.concat(lines.flatMap((line) => [line, LINE_BREAK]));
    let response, text;
    try {
      const signal = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
      response = await fetch(this.#url, { method: "POST", headers, body, signal, redirect: "manual" });
      text = await readText(response);
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Unreachable(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause), { cause: error });
    }
    return read(response, text, lines.length);
  }
}

const LINE_BREAK = Buffer.from("\n");

/**
 * Whether the bytes of the request are to blame. Only then, and only if the request held one event alone, is that event refused;
 * anything else that is not 200 says nothing of the events, and they are sent again.
 */
export function blamesTheBytes(/** @type {Answer} */ { status, code }) {
  return status === 413 || (status === 400 && code === "unreadableBody");
}

/** What went wrong, if the status is not 200. */
export function whyNot(/** @type {Answer} */ { status, code, message }) {
  return `${status} ${code} ${message}`.trim();
}

async function readText(/** @type {Response} */ response) {
  const chunks = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * @param {Response} response
 * @param {string} text
 * @param {number} events
 * @returns {Answer}
 */
function read(response, text, events) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  if (response.status !== 200) {
    const seconds = response.headers.get("retry-after") ?? "";
    return {
      status: response.status,
      outcomes: [],
      signedReceipts: "",
      retryAfterMs: /^[0-9]+$/.test(seconds) ? Math.min(Number(seconds) * 1000, RETRY_AFTER_MS_MAX) : 0,
      code: String(answer?.error?.code || (response.status === 413 ? "bodyTooLarge" : "")),
      message: String(answer?.error?.message ?? ""),
    };
  }
  const outcomes = answer?.outcomes;
  if (!Array.isArray(outcomes) || outcomes.length !== events || !outcomes.every(isOutcome))
    throw new Unreachable("the answer is not one of Indelible's for these events");
  return {
    status: 200,
    outcomes: outcomes.map(({ status, receipts, error }) => ({ receipts: receipts ?? [], error: status === "refused" ? refusal(error) : undefined })),
    signedReceipts: String(answer.receipts ?? ""),
    retryAfterMs: 0,
    code: "",
    message: "",
  };
}

/** @returns {boolean} */
function isOutcome(/** @type {any} */ outcome, /** @type {number} */ index) {
  return outcome?.line === index + 1 && ["new", "duplicate", "refused"].includes(outcome.status) && Array.isArray(outcome.receipts ?? []);
}

/** @returns {Refusal} */
function refusal(/** @type {any} */ error) {
  return { code: "refused", message: "", ...error };
}
