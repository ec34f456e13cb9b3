// Emits audit events to Indelible. For Node; browsers have no disk to be durable on.

export * from "./categories.js";
export { Auditor, event } from "./auditor.js";
export { context, current, identify } from "./context.js";
export { AuditError, NotRecorded, Refused, ResultsMissing, SpoolFull } from "./errors.js";
export { audited } from "./middleware.js";
