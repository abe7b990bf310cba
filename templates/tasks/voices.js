/** How much less than the threshold speech may score before it ends, and what that is at least. */
const [BELOW, LEAST] = [0.15, 0.01];

/** When somebody speaks, [{ start, end }] in seconds, of how probable that is at each step: as silero-vad decides it. */
function answered([scores], _, { threshold, speech, silence, margin }, { windows, size, count, rate }) {
  const step = Math.floor((size * windows.length) / scores.length);
  const parts = [];
  let [start, end] = [-1, -1];
  for (const [i, score] of scores.entries()) {
    const place = i * step;
    if (score >= threshold) {
      if (start < 0) start = place;
      end = -1;
    } else if (start >= 0 && score < Math.max(threshold - BELOW, LEAST)) {
      if (end < 0) end = place;
      if (place - end >= silence * rate) {
        parts.push([start, end]);
        start = end = -1;
      }
    }
  }
  if (start >= 0) parts.push([start, count]);
  const kept = parts.filter(([from, to]) => to - from > speech * rate);
  const around = Math.floor(margin * rate);
  const gap = (i) => (kept[i - 1] && kept[i] ? Math.min(around, Math.floor((kept[i][0] - kept[i - 1][1]) / 2)) : around);
  return kept.map(([from, to], i) => ({
    start: Math.max(0, from - gap(i)) / rate,
    end: Math.min(count, to + gap(i + 1)) / rate,
  }));
}

export { answered };
