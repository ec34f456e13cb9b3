// Who acts, and from where: what every event of a request has in common.

import { AsyncLocalStorage } from "node:async_hooks";

/** @typedef {import("./types.js").Context} Context */

const TEXT_BYTES_MAX = 256;
const USER_AGENT_BYTES_MAX = 1024;
export const ORIGINS_MAX = 64;
const NAMES = "uid sid tokenId orgId traceId userAgent origin origins sourceOrigin organizations failsOpen failed".split(" ");

/** @type {AsyncLocalStorage<Context>} */
const storage = new AsyncLocalStorage();

/** @returns {Context | undefined} */
export function current() {
  return storage.getStore();
}

/** @param {Context} fields */
export function identify(fields) {
  const found = current();
  if (!found) throw new Error("no audit context; use the middleware, or context({...}, action) around the work");
  Object.assign(found, known(fields));
}

/**
 * @template T
 * @param {Context} fields
 * @param {() => T} action
 * @returns {T}
 */
export function context(fields, action) {
  return storage.run({ ...current(), failed: false, ...known(fields) }, action);
}

/**
 * Makes `made` itself the context of the action, so that who made it sees what becomes of it.
 * @param {Context} made
 * @param {() => void} action
 */
export function entered(made, action) {
  storage.run(made, action);
}

/** @param {Context} fields */
function known(fields) {
  const unknown = Object.keys(fields).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new TypeError(`an audit context has no ${unknown}`);
  return fields;
}

/**
 * What of the context goes into an event, fit to be there.
 *
 * Strangers choose user agents and forwarded addresses. What is too long is cut, and what is not printable replaced: an event
 * must not be refused because of them.
 * @param {Context} of
 */
export function contextFields(of) {
  const { origins = [], organizations = [] } = of;
  return {
    uid: clean(of.uid),
    sid: clean(of.sid),
    tokenId: clean(of.tokenId),
    orgId: clean(of.orgId),
    traceId: clean(of.traceId),
    userAgent: clean(of.userAgent, USER_AGENT_BYTES_MAX),
    origin: clean(of.origin),
    sourceOrigin: clean(of.sourceOrigin),
    // Each proxy appends; the last ones are the most to be trusted.
    origins: origins.map((origin) => clean(origin)).filter(Boolean).slice(-ORIGINS_MAX),
    organizations: organizations.map(({ id, reason }) => ({ id, reason })),
  };
}

/**
 * `text` without control characters, cut to what the server takes; undefined if nothing is there.
 * @param {string | undefined | null} text
 */
export function clean(text, bytesMax = TEXT_BYTES_MAX) {
  if (!text) return undefined;
  // A UTF-16 unit has at least one byte; so this bounds the work that a stranger causes.
  let bytes = Buffer.from(String(text).slice(0, bytesMax).replace(/\p{C}|\p{Zl}|\p{Zp}/gu, "\ufffd"));
  if (bytes.length > bytesMax) {
    let end = bytesMax;
    while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    bytes = bytes.subarray(0, end);
  }
  return bytes.toString();
}
