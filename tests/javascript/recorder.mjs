// Runs programs that make graphs, and tells what each of them calls: operands are the numbers of the calls that made them.

import { readFileSync } from "node:fs";

const record = (program) => {
  const calls = [];
  const weights = {};
  const known = (value) => {
    if (value?.operand !== undefined) return `operand ${value.operand}`;
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    if (ArrayBuffer.isView(value)) return [...value].map(known);
    if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
    if (Array.isArray(value)) return value.map(known);
    if (value && typeof value === "object") return Object.entries(value).map(([key, member]) => [key, known(member)]);
    return value;
  };
  const call = (name) => (...args) => {
    if (name === "input") return { operand: args[0] };
    if (name === "constant") return { operand: JSON.stringify(known(args)) };
    const place = calls.push([name, ...args.map(known)]) - 1;
    const counts = { split: Array.isArray(args[1]) ? args[1].length : args[1], lstm: 3, gru: 2 };
    if (!counts[name]) return { operand: place };
    return Array.from({ length: counts[name] }, (_, i) => ({ operand: `${place}.${i}` }));
  };
  const weight = (name) => {
    weights[name] = (weights[name] ?? 0) + 1;
    return { operand: `weight ${name}` };
  };
  const results = new Function("builder", "weight", program)(new Proxy({}, { get: (_, name) => call(name) }), weight);
  return { calls, weights, results: results.map(known) };
};

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(record)));
