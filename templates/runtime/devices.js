import { ModelError, badInput, lostContext, named, unsupported } from "./errors.js";
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
  const known = OPTIONS.split(" ").map((name) => ({ name }));
  const { context: own, contextOptions, devices, signal, ml = globalThis.navigator?.ml } = named("option", known, options);
  let refusal = badInput("devices is empty");
  for (const device of (!own && devices) || [undefined]) {
    let context = own;
    let made;
    let lost;
    try {
      context ??= await createContext(ml, contextOptions, device);
      context.lost?.then((why) => {
        lost = lostContext(why);
      });
      signal?.throwIfAborted();
      await checkSupport(context);
      made = await make(context, { ownsContext: !own, device });
      signal?.throwIfAborted();
      return made;
    } catch (error) {
      made?.destroy();
      if (!own) context?.destroy();
      if (signal?.aborted) throw new ModelError("aborted", `aborted: ${signal.reason?.message ?? signal.reason}`, signal.reason);
      // What has no code of ours is WebNN's own.
      refusal = lost ?? (error instanceof ModelError ? error : unsupported(error.message, error));
      if (refusal.code !== "unsupported" && refusal.code !== "lost") throw refusal;
    }
  }
  throw refusal;
}

async function createContext(ml, options, device) {
  if (!ml) {
    throw unsupported(
      "navigator.ml is missing: switch WebNN on (chrome://flags/#web-machine-learning-neural-network), " +
        "in a page from https or localhost; elsewhere give load({ ml })",
    );
  }
  const accelerated = device && device !== "cpu";
  const context = await ml.createContext({ ...options, ...(device && { deviceType: device, accelerated }) });
  if (accelerated && context.accelerated === false) {
    context.destroy();
    throw unsupported(`there is no ${device}`);
  }
  return context;
}

export { onDevice };
