/** What part of a window of speech is heard before and behind what is taken of it. */
const SHARE = 6;

/** Where windows begin that cover a sound: as few as can be, which overlap evenly. */
function spread(count, size) {
  const windows = Math.max(1, Math.ceil(count / size));
  return Array.from({ length: windows }, (_, i) => (i ? Math.floor((i * (count - size)) / (windows - 1)) : 0));
}

/** Samples from step to step, where nobody says it: of frames that are centred there is one more than fits. */
function hopOf(size, steps) {
  const isCentred = steps > 1 && size % steps > 0 && size % (steps - 1) === 0;
  return Math.max(1, Math.floor(size / (isCentred ? steps - 1 : steps)));
}

/** The windows of a sound of speech, and which steps are taken of each: a sixth of it is heard before and behind them. */
function pieces(count, size, steps, hop) {
  const whole = Math.floor(size / hop) * hop;
  const margin = Math.round(size / SHARE / hop) * hop;
  let starts = [];
  if (count <= size || whole <= 2 * margin) starts = spread(count, size);
  else {
    for (let start = 0; start < count - whole; start += whole - 2 * margin) starts.push(start);
    starts.push(Math.ceil((count - whole) / hop) * hop);
  }
  let done = 0;
  return starts.map((start, i) => {
    const before = Math.floor(start / hop);
    const there = Math.min(steps, steps - Math.floor((start + size - count) / hop));
    const end = i === starts.length - 1 ? before + there : Math.floor((start + whole - margin) / hop);
    const piece = { start, first: Math.max(0, done - before), end: Math.max(1, end - before) };
    done = end;
    return piece;
  });
}

export { hopOf, pieces, spread };
