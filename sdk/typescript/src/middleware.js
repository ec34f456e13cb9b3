// Context for the events of each request, and no answer without them.

import { ORIGINS_MAX, entered } from "./context.js";

/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("node:http").ServerResponse} ServerResponse */
/** @typedef {import("./types.js").Context} Context */

const FAILURE = '{"error":{"code":"auditFailed","message":"the request could not be audited"}}';
const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-/;

/**
 * @param {import("./types.js").Auditor} auditor
 * @param {{ readonly fail?: "closed" | "open" }} options
 * @returns {(request: IncomingMessage, response: ServerResponse, next: () => void) => void}
 */
export function audited(auditor, { fail = "closed" } = {}) {
  if (fail !== "closed" && fail !== "open") throw new TypeError("fail must be closed or open");
  if (fail === "open" && !auditor.hasSpool)
    throw new TypeError("failing open needs an auditor with a spool; without one, a server that is away loses every event");
  return (request, response, next) => {
    /** @type {Context} */
    const made = { ...contextOf(request), failsOpen: fail === "open", failed: false };
    guard(response, made);
    entered(made, next);
  };
}

/**
 * The context of a request, as its headers and its connection have it.
 * @param {IncomingMessage} request
 * @returns {Context}
 */
function contextOf({ headers, socket }) {
  const text = (/** @type {string} */ name) => [headers[name] ?? []].flat().join(",") || undefined;
  const origins = (text("x-forwarded-for") ?? "").split(",").map((origin) => origin.trim()).filter(Boolean);
  return {
    traceId: TRACE_PARENT.exec(text("traceparent") ?? "")?.[1] ?? text("x-b3-traceid"),
    userAgent: text("user-agent"),
    origin: origins[0] ?? socket.remoteAddress,
    origins: origins.slice(-ORIGINS_MAX),
    sourceOrigin: socket.remoteAddress,
  };
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
