// What can go wrong when an event is emitted. Described in types.d.ts.

export class AuditError extends Error {
  constructor(/** @type {string} */ message, /** @type {ErrorOptions | undefined} */ options = undefined) {
    super(message, options);
    this.name = new.target.name;
  }
}

export class NotRecorded extends AuditError {}

export class SpoolFull extends NotRecorded {}

export class ResultsMissing extends AuditError {}

export class Refused extends AuditError {
  constructor(/** @type {{ code: string, message: string, field?: string, category?: string }} */ refusal) {
    super(`${refusal.code}: ${refusal.message}${refusal.field ? ` (at ${refusal.field})` : ""}`);
    this.code = refusal.code;
    this.field = refusal.field;
    this.category = refusal.category;
  }
}
