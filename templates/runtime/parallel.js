/** Bytes of tensors that may be in memory at a time, but for one that is larger by itself. */
const IN_FLIGHT = 2 ** 24;

/** Has several files read at a time: `read(file, enter)` waits for `enter(size)` before each tensor, and calls what that gives behind it. */
async function severalAtATime(files, read) {
  let inFlight = 0;
  let failed;
  const waiting = [];
  const wake = () => {
    for (const go of waiting.splice(0)) go();
  };
  const enter = async (size) => {
    while (!failed && inFlight && inFlight + size > IN_FLIGHT) await new Promise((resolve) => waiting.push(resolve));
    if (failed) throw failed;
    inFlight += size;
    return () => {
      inFlight -= size;
      wake();
    };
  };
  const queue = files.values();
  const work = async () => {
    for (const file of queue) if (!failed) await read(file, enter);
  };
  await Promise.all([work(), work(), work()]).catch((error) => {
    failed = error; // the others end, too
    wake();
    throw error;
  });
}

export { severalAtATime };
