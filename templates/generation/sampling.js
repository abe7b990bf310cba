import { TELL, settings } from "./facts.js";
import { badInput } from "../runtime/errors.js";
import { generator } from "../random/generator.js";

/** Tokens that one is drawn of where nobody says topK and the graph gives the best one only. */
const MOST_CANDIDATES = 64;

/** How the next token is chosen: what the caller says, and what the settings say of the rest; of them, a greedy one takes the penalty alone. */
function samplingOf({ temperature = 0, topK, topP, minP, repetitionPenalty, seed }) {
  const { sampling = {} } = settings;
  const own = temperature ? sampling : {};
  const chosen = {
    temperature,
    topK: topK ?? own.top_k,
    topP: topP ?? own.top_p ?? 1,
    minP: minP ?? own.min_p ?? 0,
    penalty: repetitionPenalty ?? sampling.repetition_penalty ?? 1,
    next: generator(seed ?? Math.random() * 2 ** 32),
  };
  const isRight = {
    temperature: temperature >= 0 && temperature < Infinity,
    topK: chosen.topK === undefined || chosen.topK >= 1,
    topP: chosen.topP >= 0 && chosen.topP <= 1,
    minP: chosen.minP >= 0 && chosen.minP <= 1,
    repetitionPenalty: chosen.penalty > 0 && chosen.penalty < Infinity,
  };
  requireRight(isRight);
  return chosen;
}

/** Throws unless the options are all right, by name. */
function requireRight(isRight) {
  for (const [name, right] of Object.entries(isRight)) if (!right) throw badInput(`the option ${name} is out of its range`);
}

/**
 * What the settings, and `more` in their place, say of the tokens that may come, in a generation that begins with so many and has at most
 * so many.
 */
function rulesOf(begin, end, more) {
  const said = { ...settings, ...more };
  const { eos = [], suppress = [], begin_suppress = [], forced_bos, forced_eos, min_length = 0, no_repeat_ngram_size: n = 0 } = said;
  const isTimed = said.timestamps && said.speech.no_timestamps !== undefined;
  // A token that is forced to be the second is none that could be suppressed.
  const first = begin + (begin === 1 && forced_bos !== undefined ? 1 : 0);
  return {
    /** Whether there is anything to say. */
    isStrict: isTimed || [suppress, begin_suppress].some(({ length }) => length) || min_length > 0 || n > 0,
    isTimed,
    /** The token that has to come after these. */
    forced({ length }) {
      if (length === 1 && forced_bos !== undefined) return forced_bos;
      return length + 1 === end ? forced_eos : undefined;
    },
    /** The tokens that may not come after these. */
    banned(history) {
      const { length } = history;
      const found = new Set(suppress);
      const add = (tokens) => tokens.forEach((token) => found.add(token));
      if (length === first) add(begin_suppress);
      if (length < min_length) add(eos);
      const behind = n && length >= n ? history.slice(length + 1 - n) : [];
      for (let i = 0; n && i + n <= length; i += 1) if (behind.every((token, j) => token === history[i + j])) found.add(history[i + n - 1]);
      return found;
    },
    /** The scores of all tokens with times where they may be. */
    timed: (history, scores) => (isTimed ? TELL.timed(history.slice(begin), scores) : scores),
  };
}

/** The logarithm of a sum of exponentials. */
function logSum(scores) {
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  return largest + Math.log(scores.reduce((total, score) => total + Math.exp(score - largest), 0));
}

const penalized = (score, penalty) => (score < 0 ? score * penalty : score / penalty);

/** What may come with its scores, [token, score], the best first. */
function processed(ids, logits, history, { penalty }, rules) {
  const banned = rules.banned(history);
  const seen = new Set(penalty === 1 ? [] : history);
  const own = Array.from(logits, (logit, i) => {
    if (banned.has(ids[i])) return -Infinity;
    return seen.has(ids[i]) ? penalized(logit, penalty) : logit;
  });
  const scores = rules.timed(history, own);
  const found = Array.from(ids, (token, i) => [token, scores[i]]);
  return found.filter(([token, score]) => (rules.isTimed ? score > -Infinity : !banned.has(token))).sort(([, a], [, b]) => b - a);
}

/** Those that one is drawn of, their scores divided by the temperature. */
function warped(found, { temperature, topP, minP }) {
  let kept = found.map(([token, score]) => [token, score / temperature]);
  const share = ([, score]) => Math.exp(score - kept[0][1]);
  if (topP < 1) {
    let behind = 0;
    const total = kept.reduce((sum, one) => sum + share(one), 0);
    let count = kept.length;
    // What has less than the rest together with all behind it goes.
    while (count > 1 && (behind += share(kept[count - 1])) / total <= 1 - topP) count -= 1;
    kept = kept.slice(0, count);
  }
  return minP > 0 ? kept.filter((one) => share(one) >= minP) : kept;
}

/**
 * The token that comes next: of the largest logits, the best first, which is exact as long as the best that is left is no smaller than
 * the last of them. Otherwise, and where more are wanted than there are, `everything` gives all.
 */
async function choose(ids, logits, everything, history, sampling, rules) {
  const { temperature, topK, penalty, next } = sampling;
  const wanted = temperature ? (topK ?? (ids.length > 1 ? ids.length : MOST_CANDIDATES)) : 1;
  let found = rules.isTimed ? [] : processed(ids, logits, history, sampling, rules);
  if (found.length < wanted || found[0][1] < logits.at(-1) || penalty < 1) {
    const all = await everything();
    found = processed(all.map((_, i) => i), all, history, sampling, rules);
  }
  if (!(found[0]?.[1] > -Infinity)) throw new Error("no token may come next: the logits are no numbers, or all tokens are suppressed");
  if (!temperature) return found[0][0];
  const kept = warped(found.slice(0, wanted), sampling);
  const shares = kept.map(([, score]) => Math.exp(score - kept[0][1]));
  let at = (next(24) / 2 ** 24) * shares.reduce((a, b) => a + b, 0);
  const index = shares.findIndex((share) => (at -= share) < 0);
  return kept.at(index)[0];
}

export { choose, logSum, penalized, requireRight, rulesOf, samplingOf };
