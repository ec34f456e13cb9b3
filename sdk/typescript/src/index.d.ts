export * from "./categories.js";
export * from "./types.js";
