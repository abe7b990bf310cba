import { logSum, penalized } from "./sampling.js";

/** Logarithmic probabilities of all tokens, as far as they may come after these. */
function scoresOf(logits, history, { penalty, renormalize, rules }) {
  const forced = rules.forced(history);
  if (forced !== undefined) return logits.map((_, token) => (token === forced ? 0 : -Infinity));
  const sum = logSum(logits);
  const scores = logits.map((logit) => logit - sum);
  if (penalty !== 1) for (const token of new Set(history)) scores[token] = penalized(scores[token], penalty);
  for (const token of rules.banned(history)) scores[token] = -Infinity;
  const kept = rules.timed(history, scores);
  const left = renormalize ? logSum(kept) : 0;
  return kept.map((score) => score - left);
}

/** So many of the best continuations of sequences: { score, beam, token }. */
function bestOf(running, most, how) {
  const best = [];
  running.forEach(({ history, score, logits }, beam) => {
    scoresOf(logits, history, how).forEach((own, token) => {
      const sum = own + score;
      if (!(sum > -Infinity) || (best.length === most && sum <= best[most - 1].score)) return;
      const at = best.findIndex((one) => one.score < sum);
      best.splice(at < 0 ? best.length : at, 0, { score: sum, beam, token });
      best.length = Math.min(best.length, most);
    });
  });
  return best;
}

/**
 * The tokens behind `history` that beam search finds, as transformers' generate does. `first` is what is known after it, { past, logits };
 * `advance(past, token)` gives what is known after one more, and leaves the states of `past` as they are, which sequences that part
 * share until `release(past)`.
 */
async function search({ history, first, advance, release, eos, end, width, lengthPenalty, earlyStopping, ...how }) {
  const begin = history.length;
  const most = Math.max(2, 1 + eos.size) * width;
  let running = [{ ...first, history, score: 0 }];
  /** What has come to an end, the best first. */
  let finished = [];
  let mayImprove = true;
  const isFull = () => finished.length === width;
  for (;;) {
    const best = bestOf(running, most, how).map((one) => ({ ...one, history: [...running[one.beam].history, one.token] }));
    const { length } = best[0].history;
    const isEnd = ({ token }) => length >= end || eos.has(token);
    const isOver = () => earlyStopping === true && isFull();
    if (!isOver()) {
      const ended = best.slice(0, width).filter(isEnd);
      finished.push(...ended.map((one) => ({ ...one, score: one.score / (length - begin) ** lengthPenalty })));
      finished = finished.sort((a, b) => b.score - a.score).slice(0, width);
    }
    const going = best.filter((one) => !isEnd(one)).slice(0, width);
    if (going.length && isFull()) {
      const longest = earlyStopping === "never" && lengthPenalty > 0 ? end : length;
      mayImprove = going[0].score / (longest - begin) ** lengthPenalty > finished.at(-1).score;
    }
    if (!going.length || !mayImprove || isOver()) {
      for (const { past } of running) release(past);
      return (finished[0] ?? best[0]).history.slice(begin);
    }
    const next = [];
    for (const { beam, token, score, history: own } of going) next.push({ ...(await advance(running[beam].past, token)), history: own, score });
    for (const { past } of running) release(past);
    running = next;
  }
}

export { search };
