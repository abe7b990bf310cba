/** What goes wrong, by its `code`; `cause` is the error behind it, of a call that was aborted the reason that its signal gave. */
export class ModelError extends Error {
  constructor(code, message, cause) {
    super(message, { cause });
    this.name = "ModelError";
    this.code = code;
  }
}

const badInput = (message) => new ModelError("bad-input", message);
const unsupported = (message, cause) => new ModelError("unsupported", message, cause);
const lostContext = (why) => new ModelError("lost", `the context is lost: ${why.message}`);

/** What has the name. */
function known(kind, all, name) {
  const found = all.find((one) => one.name === name);
  const without = name === "ort" ? " without --fallback ort-web" : "";
  if (!found) throw badInput(`there is no ${kind} ${name}${without}; there are ${all.map((one) => one.name).join(", ") || "none"}`);
  return found;
}

/** The values by name, all of which are known. */
function named(kind, all, values) {
  if (values === null || typeof values !== "object") throw badInput(`the ${kind}s are given as an object, by name`);
  for (const name of Object.keys(values)) known(kind, all, name);
  return { __proto__: null, ...values };
}

export { badInput, known, lostContext, named, unsupported };
