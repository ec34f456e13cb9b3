// What the generated categories are made of, and how their values become JSON.

/** Values of an event may be nested this deep; the server's limit of 64 counts the event around them too. */
const DEPTH_MAX = 56;

/**
 * The constructor of a category.
 * @param {string} name
 * @param {string[]} required
 * @param {string[]} others
 * @param {boolean} demands whether a success has results
 */
export function category(name, required, others, demands) {
  return (/** @type {object} */ request = {}) =>
    Object.freeze({ category: name, demands, fields: checked(name, required, others, request) });
}

/**
 * The constructor of a category's results.
 * @param {string} name
 * @param {string[]} required
 * @param {string[]} others
 */
export function result(name, required, others) {
  return (/** @type {object} */ fields = {}) =>
    Object.freeze({ resultOf: name, fields: checked(`${name}Result`, required, others, fields) });
}

/**
 * Constructors of the variants of a union.
 * @param {...string} variants
 */
export function union(...variants) {
  const make = (/** @type {string} */ variant) => (/** @type {unknown} */ value) => ({ type: variant, [variant]: value });
  return Object.freeze(Object.fromEntries(variants.map((variant) => [variant, make(variant)])));
}

/**
 * The compiler checks types; this is for those who have none, and for values that are no JSON.
 * @param {string} name
 * @param {string[]} required
 * @param {string[]} others
 * @param {object} given
 */
function checked(name, required, others, given) {
  const fields = /** @type {{ [name: string]: unknown }} */ (wire(given, name));
  const missing = required.find((field) => fields[field] === undefined);
  if (missing !== undefined) throw new TypeError(`${name} requires ${missing}`);
  const unknown = Object.keys(fields).find((field) => !required.includes(field) && !others.includes(field));
  if (unknown !== undefined) throw new TypeError(`${name} has no field ${unknown}`);
  return Object.freeze(fields);
}

/**
 * A copy of `value` of which JSON holds all, with halves of surrogate pairs replaced. Throws for what the server would refuse.
 * @param {unknown} value
 * @param {string} at
 * @returns {unknown}
 */
export function wire(value, at, depth = 0) {
  if (depth > DEPTH_MAX) throw new RangeError(`${at}: values of an audit event may be nested ${DEPTH_MAX} deep`);
  switch (typeof value) {
    case "string":
      return wellFormed(value);
    case "number":
      // Also false for NaN.
      if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
      throw new RangeError(`${at} is beyond what JSON readers agree on; send it as a string`);
    case "boolean":
      return value;
    case "object":
      if (value === null) return null;
      if (value instanceof Date) return value.toISOString();
      if (Array.isArray(value)) return value.map((element, index) => wire(element, `${at}[${index}]`, depth + 1));
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, member]) => member !== undefined)
          .map(([name, member]) => [wellFormed(name), wire(member, `${at}.${name}`, depth + 1)]),
      );
    default:
      throw new TypeError(`${at}: a ${typeof value} is no JSON`);
  }
}

const HALVES = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function wellFormed(/** @type {string} */ text) {
  return text.replace(HALVES, "\ufffd");
}
