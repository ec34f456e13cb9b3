// What users of the SDK see, beside the categories.

import type { IncomingMessage, ServerResponse } from "node:http";

/** A category of an event, with its request fields. `Demands` says whether a success has results. */
export interface Category<Name extends string = string, Demands extends boolean = boolean> {
  readonly category: Name;
  readonly demands: Demands;
  readonly fields: { readonly [name: string]: unknown };
}

/** What came of an event, for one of its categories. */
export interface Result<Name extends string = string> {
  readonly resultOf: Name;
  readonly fields: { readonly [name: string]: unknown };
}

export type Categories = readonly Category[];

/** The results that a success of these categories cannot do without, in their order. */
export type Demanded<C extends Categories> = C extends readonly [infer First, ...infer Others extends Categories]
  ? First extends Category<infer Name, true>
    ? [Result<Name>, ...Demanded<Others>]
    : Demanded<Others>
  : [];

/** Results of any of these categories. */
export type ResultOf<C extends Categories> = Result<C[number]["category"]>;

/** What a success is called with: what is demanded, then what else is known. */
export type Results<C extends Categories> = [...Demanded<C>, ...ResultOf<C>[]];

export type Outcome = "SUCCESS" | "ERROR" | "UNAUTHORIZED" | "PARTIAL";

/** An organization whose log an event belongs to. For producers of the operator; others have one organization. */
export interface Attribution {
  readonly id: string;
  readonly reason?: string;
}

/** What is to be audited. */
export interface Event<C extends Categories = Categories> {
  readonly name: string;
  readonly categories: C;
  readonly eventId: string;
}

/** What an action ends with: its value, and that it said how it went. */
export interface Ended<T> {
  readonly value: T;
  readonly outcome: Outcome;
}

/** An event while its action runs. Of several results for one category the last counts. */
export interface Running<C extends Categories> {
  readonly eventId: string;
  /** Adds results that belong into the event even if the rest of the action fails. */
  know(...results: ResultOf<C>[]): void;
  /** The action did what it was to do: `return running.succeed(value, ...results)`. */
  succeed<T>(value: T, ...results: Results<C>): Ended<T>;
  /** Whoever asked may not do this. */
  unauthorized<T>(value: T, ...results: ResultOf<C>[]): Ended<T>;
  /** It failed, in a way that throws nothing. */
  fail<T>(value: T, ...results: ResultOf<C>[]): Ended<T>;
  /** A later event with the same `eventId` completes this one. */
  partial<T>(value: T, ...results: ResultOf<C>[]): Ended<T>;
}

/** Where an event is: the server's promise. */
export interface Receipt {
  readonly organization: string;
  readonly seq: number;
  /** In base64. */
  readonly leafHash: string;
}

/** A recorded event. */
export interface Emitted {
  readonly logEntryId: string;
  /** Where it is; empty while it is in the spool. */
  readonly receipts: readonly Receipt[];
  /** What the server promises, signed, if that was asked for: keep it. */
  readonly signedReceipts: string;
}

export interface AuditorOptions {
  readonly product: string;
  readonly productVersion: string;
  /** The server; else `INDELIBLE_URL`. */
  readonly url?: string;
  /** A token with the operation `audit:emit`, or what gives one before each request; else `INDELIBLE_TOKEN`. */
  readonly token?: string | (() => string | Promise<string>);
  /** Folder on a local disk where events wait for the server. Without it an event is recorded when the server has answered. */
  readonly spool?: string;
  /** How many bytes may wait in the spool, for each process; beyond it, `SpoolFull` is thrown. Default 256 MiB. */
  readonly spoolBytesMax?: number;
  /** Asks for signed receipts, which come with what `emit` returns, or go to the file `receipts` in the spool. */
  readonly signedReceipts?: boolean;
  /** Milliseconds until an event without spool is given up. Default 10,000. */
  readonly timeoutMs?: number;
  readonly producerType?: "SERVER" | "CLIENT";
  readonly service?: string;
  /** Default: the name of this machine. */
  readonly host?: string;
  readonly stack?: string;
  readonly environment?: string;
  /** Which errors end an event as `UNAUTHORIZED` instead of `ERROR`. Default: those whose `status` or `statusCode` is 401 or 403. */
  readonly isUnauthorized?: (error: unknown) => boolean;
  /** Told what an operator should know; default: `console.error`. Gets no content of events. */
  readonly log?: (message: string) => void;
}

/**
 * Emits the events of one product. Make one for each process and keep it.
 *
 * Without `spool` an event is recorded when the server has answered. With it, an event is recorded when it is synced in that
 * folder, and is sent on, in order, however long the server is away. Several processes of one machine may share the folder.
 */
export declare class Auditor {
  constructor(options: AuditorOptions);
  /**
   * Runs an action and emits its event. An action that throws emits `ERROR`, or `UNAUTHORIZED`, with the results known by then.
   * One whose categories demand no results may return a plain value, which is a success. Throws `AuditError` if the event could
   * not be recorded: do not let the user see the value then.
   */
  run<const C extends Categories, T>(event: Event<C>, action: (running: Running<C>) => Ended<T> | Promise<Ended<T>>): Promise<T>;
  run<const C extends readonly Category<string, false>[], T>(event: Event<C>, action: (running: Running<C>) => T | Promise<T>): Promise<T>;
  /** Emits a success. In a context that fails open, what goes wrong is logged and counted, and the answer is `undefined`. */
  emit<const C extends Categories>(event: Event<C>, ...results: Results<C>): Promise<Emitted | undefined>;
  /** Emits what did not succeed. */
  emitFailure<const C extends Categories>(
    event: Event<C>,
    outcome: Exclude<Outcome, "SUCCESS">,
    ...results: ResultOf<C>[]
  ): Promise<Emitted | undefined>;
  /** Waits until the server has answered for all that is in the spool; false if that takes longer. */
  flush(timeoutMs?: number): Promise<boolean>;
  /** Gives the spool this time to be sent, default 5,000; what remains stays in it, for the next start. */
  close(timeoutMs?: number): Promise<void>;
  /** How much waits in the spool: grows while the server is away. */
  get waitingBytes(): number;
  /** Events that the server refused since the start; they are in the spool's file `refused.jsonl`, with reasons. */
  get refused(): number;
  /** Events that could not be recorded while their context let that pass. */
  get lost(): number;
  /** Why nothing can be sent at the moment; undefined if it can. */
  get lastFailure(): string | undefined;
  get hasSpool(): boolean;
}

/** What events of one request have in common. */
export interface Context {
  /** Who acts. */
  uid?: string | undefined;
  /** Their sign-in: the same for all requests of one. */
  sid?: string | undefined;
  /** The token's id, never the token. */
  tokenId?: string | undefined;
  /** Organization of `uid`. */
  orgId?: string | undefined;
  traceId?: string | undefined;
  userAgent?: string | undefined;
  /** The machine that the request came from, as far as one can tell; it may be forged. */
  origin?: string | undefined;
  /** Addresses from headers of the request; they may be forged. */
  origins?: readonly string[] | undefined;
  /** The peer's address as the connection has it. */
  sourceOrigin?: string | undefined;
  organizations?: readonly Attribution[] | undefined;
  /** Whether what cannot be recorded is logged and counted instead of thrown. */
  failsOpen?: boolean | undefined;
  /** Whether an event could not be recorded; set by the auditor. */
  failed?: boolean | undefined;
}

/** What is to be audited: `name` says what was done, of `A-Z a-z 0-9 _ . : -`. */
export declare function event<const C extends readonly [Category, ...Category[]]>(name: string, ...categories: C): Event<C>;

/** The context of what runs now. The middleware makes one for each request. */
export declare function current(): Context | undefined;

/**
 * Says who acts, once that is known: `identify({ uid: user.id, sid: session.id })`. All events of the request that follow
 * have it. Throws if there is no context.
 */
export declare function identify(fields: Context): void;

/** Runs `action` in the context around it, with these fields replaced. */
export declare function context<T>(fields: Context, action: () => T): T;

/**
 * A function in front of a service's handlers: context for the events of each request, and no answer without them.
 *
 * With `closed` (the default) a request during which an event could not be recorded is answered with 500, whatever the handlers
 * made of it; one whose answer has begun is broken off. With `open`, which takes an auditor with a spool, the request goes on
 * and the loss is logged and counted. `trust` names the networks of the proxies in front, such as `10.0.0.0/8`, whose word on
 * where a request came from is taken.
 *
 * Express: `app.use(audited(auditor))`. Fastify: `fastify.addHook("onRequest", (request, reply, done) => guard(request.raw,
 * reply.raw, done))`. Plain: `createServer((request, response) => guard(request, response, () => handle(request, response)))`.
 */
export declare function audited(
  auditor: Auditor,
  options?: { readonly fail?: "closed" | "open"; readonly trust?: readonly string[] },
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** An event was not recorded as it should have been. */
export declare class AuditError extends Error {
  constructor(message: string, options?: ErrorOptions);
}

/**
 * It is not known that the event is durable: no answer in time, a disk that fails, a spool that is full. It may be recorded
 * all the same, once.
 */
export declare class NotRecorded extends AuditError {}

/** The server has been away for so long that no more may wait on the disk. Nothing was recorded. */
export declare class SpoolFull extends NotRecorded {}

/** The server, or the SDK before it, refuses the event; sending it again does not help. */
export declare class Refused extends AuditError {
  constructor(refusal: { code: string; message: string; field?: string; category?: string });
  /** As in the table of refusals of docs/formats/event.md. */
  readonly code: string;
  readonly field: string | undefined;
  readonly category: string | undefined;
}

/** An action ended without an error and without the results that a category demands. The event was recorded as `ERROR`. */
export declare class ResultsMissing extends AuditError {}
