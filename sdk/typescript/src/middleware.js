// Context for the events of each request, and no answer without them.

import { BlockList, isIP } from "node:net";

import { ORIGINS_MAX, entered } from "./context.js";

/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("node:http").ServerResponse} ServerResponse */
/** @typedef {import("./types.js").Context} Context */

const FAILURE = '{"error":{"code":"auditFailed","message":"the request could not be audited"}}';
const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-/;

/**
 * @param {import("./types.js").Auditor} auditor
 * @param {{ readonly fail?: "closed" | "open", readonly trust?: readonly string[] }} options
 * @returns {(request: IncomingMessage, response: ServerResponse, next: () => void) => void}
 */
export function audited(auditor, { fail = "closed", trust = [] } = {}) {
  if (fail !== "closed" && fail !== "open") throw new TypeError("fail must be closed or open");
  if (fail === "open" && !auditor.hasSpool)
    throw new TypeError("failing open needs an auditor with a spool; without one, a server that is away loses every event");
  const trusted = networks(trust);
  return (request, response, next) => {
    /** @type {Context} */
    const made = { ...contextOf(request, trusted), failsOpen: fail === "open", failed: false };
    guard(response, made);
    entered(made, next);
  };
}

/**
 * The context of a request, as its headers and its connection have it.
 * @param {IncomingMessage} request
 * @param {BlockList} trusted
 * @returns {Context}
 */
function contextOf({ headers, socket }, trusted) {
  const text = (/** @type {string} */ name) => [headers[name] ?? []].flat().join(",") || undefined;
  const origins = (text("x-forwarded-for") ?? "").split(",").map((origin) => origin.trim()).filter(Boolean);
  return {
    traceId: TRACE_PARENT.exec(text("traceparent") ?? "")?.[1] ?? text("x-b3-traceid"),
    userAgent: text("user-agent"),
    origin: originOf(origins, socket.remoteAddress, trusted),
    origins: origins.slice(-ORIGINS_MAX),
    sourceOrigin: socket.remoteAddress,
  };
}

/**
 * The nearest address that no proxy of ours has: what stands before it in the header anybody may have written.
 * @param {string[]} origins
 * @param {string | undefined} peer
 * @param {BlockList} trusted
 */
export function originOf(origins, peer, trusted) {
  let found = peer;
  for (const before of [...origins].reverse()) {
    const address = (found ?? "").replace(/^::ffff:(?=[0-9.]+$)/, "");
    const version = isIP(address);
    if (version === 0 || !trusted.check(address, version === 4 ? "ipv4" : "ipv6")) break;
    found = before;
  }
  return found;
}

/** Networks such as `10.0.0.0/8`. */
export function networks(/** @type {readonly string[]} */ texts) {
  const list = new BlockList();
  for (const text of texts) {
    const [address = "", length] = text.split("/");
    const version = isIP(address);
    if (version === 0) throw new TypeError(`${text} is no network`);
    list.addSubnet(address, Number(length ?? (version === 4 ? 32 : 128)), version === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

/**
 * Lets nothing of an answer out once an event could not be recorded.
 * @param {ServerResponse} response
 * @param {Context} context
 */
function guard(response, context) {
  const send = { writeHead: response.writeHead, write: response.write, end: response.end };
  let isReplaced = false;
  const isStopped = () => {
    if (context.failed && !isReplaced) {
      isReplaced = true;
      if (response.headersSent) response.destroy();
      else sendFailure();
    }
    return isReplaced;
  };
  const sendFailure = () => {
    Object.assign(response, send);
    response.getHeaderNames().forEach((name) => response.removeHeader(name));
    response.statusCode = 500;
    response.setHeader("content-type", "application/json");
    response.end(FAILURE);
    Object.assign(response, guarded);
  };
  /** @type {any} */
  const guarded = {
    writeHead: (/** @type {any[]} */ ...given) => (isStopped() ? response : call(send.writeHead, given)),
    // What is left out counts as taken, so that a stream that is piped here comes to its end.
    write: (/** @type {any[]} */ ...given) => (isStopped() ? done(given, true) : call(send.write, given)),
    end: (/** @type {any[]} */ ...given) => (isStopped() ? done(given, response) : call(send.end, given)),
  };
  const call = (/** @type {Function} */ method, /** @type {any[]} */ given) => method.apply(response, given);
  const done = (/** @type {any[]} */ given, /** @type {any} */ answer) => {
    const last = given.at(-1);
    if (typeof last === "function") process.nextTick(last);
    return answer;
  };
  Object.assign(response, guarded);
}
