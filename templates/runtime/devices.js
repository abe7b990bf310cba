import { ModelError, badInput } from "./errors.js";
import { OPTIONS } from "./facts.js";
import { checkSupport } from "./support.js";

/** Whether load() with these options finds a context that takes the graph, as far as contexts say; nothing is fetched or built. */
export async function isSupported(options = {}) {
  try {
    await onDevice(options, async (context, { ownsContext }) => {
      if (ownsContext) context.destroy();
    });
    return true;
  } catch (error) {
    if (error.code === "unsupported") return false;
    throw error;
  }
}

/** What `make(context, { ownsContext, device })` gives on the caller's own context, or on the first of the devices that takes it. */
async function onDevice(options, make) {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw badInput(`there is no option ${unknown}; there are ${OPTIONS.join(", ")}`);
  if (options.context) return attempt(make, options.context, { ownsContext: false }, options.signal);
  let refusal = badInput("devices is empty");
  for (const device of options.devices ?? [undefined]) {
    try {
      return await attempt(make, await createContext(options.contextOptions, device), { ownsContext: true, device }, options.signal);
    } catch (error) {
      if (error.code !== "unsupported" && error.code !== "lost") throw error;
      refusal = error;
    }
  }
  throw refusal;
}

async function createContext(options, device) {
  const refuse = (message, cause) => {
    throw new ModelError("unsupported", message, cause);
  };
  if (!globalThis.navigator?.ml) {
    refuse(
      "navigator.ml is missing: WebNN has to be switched on (chrome://flags/#web-machine-learning-neural-network), " +
        "and the page to come from https or localhost",
    );
  }
  const accelerated = device !== "cpu";
  const wanted = device && { deviceType: device, accelerated };
  const context = await navigator.ml.createContext({ ...options, ...wanted }).catch((error) => refuse(error.message, error));
  if (wanted && accelerated && context.accelerated === false) {
    context.destroy();
    refuse(`there is no ${device}`);
  }
  return context;
}

async function attempt(make, context, how, signal) {
  let made;
  let lost;
  context.lost?.then(({ message }) => {
    lost = new ModelError("lost", `the context is lost: ${message}`);
  });
  try {
    signal?.throwIfAborted();
    await checkSupport(context);
    made = await make(context, how);
    signal?.throwIfAborted();
    return made;
  } catch (error) {
    made?.destroy();
    if (how.ownsContext) context.destroy();
    if (signal?.aborted) throw new ModelError("aborted", `aborted: ${signal.reason?.message ?? signal.reason}`, signal.reason);
    if (lost) throw lost;
    // What has no code of ours is WebNN's own.
    throw error instanceof ModelError ? error : new ModelError("unsupported", error.message, error);
  }
}

export { onDevice };
