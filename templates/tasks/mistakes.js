import { ModelError } from "./facts.js";

const isWrong = (message, cause) => new ModelError("bad-input", message, cause);

/** What a value is, also one of another window. */
const kindOf = (value) => value?.[Symbol.toStringTag] ?? (value === null ? "null" : typeof value);

/** Options with defaults: there are no others, and each is a number in its range, or, where it has none, true or false. */
function optionsOf(given, defaults, ranges) {
  if (given === null || typeof given !== "object") throw isWrong("options are given as an object");
  const known = [...Object.keys(defaults), "signal"];
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name)) throw isWrong(`there is no option ${name}; there are ${known.join(", ")}`);
    if (name === "signal" || value === undefined) continue;
    if (!ranges[name]) {
      if (typeof value === "boolean") continue;
      throw isWrong(`${name} is true or false, not ${String(value)}`);
    }
    const [least, most] = ranges[name];
    if (typeof value === "number" && value >= least && value <= most) continue;
    throw isWrong(`${name} is a number from ${least} to ${most}, not ${String(value)}`);
  }
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, given[name] ?? value]));
}

export { isWrong, kindOf, optionsOf };
