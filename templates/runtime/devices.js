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

/**
 * What `make(context, { ownsContext, device })` gives on the caller's own context, or on the first of the devices that takes it.
 * What is thrown without a code is WebNN's refusal.
 */
async function onDevice(options, make) {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw badInput(`there is no option ${unknown}; there are ${OPTIONS.join(", ")}`);
  const { context, contextOptions, devices = [undefined], signal } = options;
  if (context) return attempt(make, context, { ownsContext: false }, signal);

  if (!globalThis.navigator?.ml) {
    throw new ModelError(
      "unsupported",
      "WebNN is not available: navigator.ml is missing. Use a browser that has WebNN, switch it on " +
        "(Chromium: chrome://flags/#web-machine-learning-neural-network), and serve the page from https or localhost.",
    );
  }
  const refusals = [];
  for (const device of devices) {
    try {
      return await attempt(make, await createContext(contextOptions, device), { ownsContext: true, device }, signal);
    } catch (error) {
      if (error.code !== "unsupported") throw error;
      refusals.push(device ? `${device}: ${error.message}` : error.message);
      if (refusals.length === devices.length) throw new ModelError("unsupported", refusals.join("; "), error);
    }
  }
  throw badInput("devices is empty");
}

/** A context of a device, as far as the browser says which one it is of. */
async function createContext(options, device) {
  const isHardware = device !== undefined && device !== "cpu";
  const wanted = device && { deviceType: device, accelerated: isHardware };
  const context = await navigator.ml.createContext({ ...options, ...wanted }).catch((error) => {
    throw new ModelError("unsupported", error.message, error);
  });
  if (!isHardware || context.accelerated !== false) return context;
  context.destroy();
  throw new ModelError("unsupported", "there is none");
}

async function attempt(make, context, how, signal) {
  let made;
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
    throw error instanceof ModelError ? error : new ModelError("unsupported", error.message, error);
  }
}

export { onDevice };
