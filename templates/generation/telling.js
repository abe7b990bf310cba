import { settings } from "./facts.js";
import { FEATURES, IDS, LANGUAGE, called, encode, spectrogram, tokensOf } from "./generating.js";
import { logSum } from "./sampling.js";
import { badInput, named } from "../runtime/errors.js";
import { TYPES } from "../runtime/facts.js";
import { product } from "../runtime/tensors.js";

const MASK = "attention_mask";

function idOf(ids, name, what) {
  if (Object.hasOwn(ids, name)) return ids[name];
  const names = Object.keys(ids);
  const some = names.slice(0, 12).join(", ");
  const known = names.length > 12 ? `${names.length}, among them ${some}` : some;
  throw badInput(`the model has no ${what} ${name}${known && `; it has ${known}`}`);
}

/** What a model of speech is told behind its first token, `LANGUAGE` for one that is to be found. */
function spoken(language, task, timestamps) {
  const { languages = {}, language: usual, speech } = settings;
  const { tasks = {}, no_timestamps } = speech;
  const found = [];
  const said = language ?? usual;
  if (said !== undefined) found.push(idOf(languages, said, "language"));
  else if (Object.keys(languages).length) found.push(LANGUAGE);
  const done = task ?? speech.task ?? (language && Object.hasOwn(tasks, "transcribe") ? "transcribe" : undefined);
  if (done) found.push(idOf(tasks, done, "task"));
  if (timestamps && no_timestamps === undefined) throw badInput("the model knows no times");
  return timestamps || no_timestamps === undefined ? found : [...found, no_timestamps];
}

/** The tokens that a generation begins with, and what its rules have to know besides the settings. */
function told({ start, language, task, timestamps = false }) {
  const tokens = tokensOf(start ?? settings.start ?? [], "the first tokens");
  if (!tokens.length) throw badInput("a generation begins with a token: say start");
  if (settings.speech) return [start ? tokens : [...tokens, ...spoken(language, task, timestamps)], { timestamps }];
  if (task !== undefined || timestamps) throw badInput("task and timestamps are for models of speech");
  return [tokens, language === undefined ? {} : { forced_bos: idOf(settings.languages ?? {}, language, "language") }];
}

/** The most probable language's token. */
function likeliest(logits) {
  return Object.values(settings.languages).reduce((best, token) => (logits[token] > logits[best] ? token : best));
}

/**
 * The scores of all tokens that may come after these, with times where they may be, as Whisper has it: they come in pairs, but for the
 * last, and do not decrease. Where they are together more probable than any text, one comes.
 */
function timed(tokens, scores) {
  const { eos = [], speech } = settings;
  const { no_timestamps, max_initial_timestamp: most } = speech;
  const first = no_timestamps + 1;
  const kept = scores.slice();
  const leaveOut = (from, to) => kept.fill(-Infinity, from, to);
  leaveOut(no_timestamps, first);
  const isTime = tokens.at(-1) >= first;
  const isSecond = tokens.length < 2 || tokens.at(-2) >= first;
  if (isTime && isSecond) leaveOut(first);
  else if (isTime) leaveOut(0, eos.length ? Math.min(...eos) : first);
  const times = tokens.filter((token) => token >= first);
  if (times.length) leaveOut(first, times.at(-1) + (isTime && !isSecond ? 0 : 1));
  if (!tokens.length) {
    leaveOut(0, first);
    if (most !== undefined) leaveOut(first + most + 1);
  }
  if (logSum(kept.slice(first)) > kept.slice(0, first).reduce((a, b) => Math.max(a, b), -Infinity)) leaveOut(0, first);
  return kept;
}

const filled = ({ dataType, shape }) => new TYPES[dataType][0](product(shape));

/** What counts of an input's mask, if it has one: so much of it. */
function masked(inputs, share) {
  const mask = called(MASK, inputs);
  if (!mask) return {};
  const values = filled(mask);
  const [, bits] = TYPES[mask.dataType];
  return { [MASK]: values.fill(/** @type {never} */ (bits === 64 ? 1n : 1), 0, Math.floor(share * values.length)) };
}

/** Tokens, filled up, and their mask. */
function textFeeds(inputs, tokens) {
  const own = called(IDS, inputs);
  const length = own.shape[1];
  if (!tokens.length || tokens.length > length) throw badInput(`the encoder takes 1 to ${length} tokens, and ${tokens.length} were given`);
  if (tokens.length < length && !(called(MASK, inputs) && settings.pad !== undefined)) {
    throw badInput(`the encoder takes ${length} tokens, and has no mask for fewer; ${tokens.length} were given`);
  }
  const [, bits] = TYPES[own.dataType];
  const values = filled(own).fill(/** @type {never} */ (bits === 64 ? BigInt(settings.pad ?? 0) : (settings.pad ?? 0)));
  values.set(/** @type {never} */ (bits === 64 ? tokens.map(BigInt) : tokens));
  return { [IDS]: values, ...masked(inputs, tokens.length / length) };
}

/** Seconds from a token of a time to the next. */
const SECONDS = 0.02;

/** The seconds that a token says, from where the model's window begins; undefined where it says none. */
function timeOf(id) {
  const { no_timestamps } = settings.speech ?? {};
  return id > no_timestamps ? (id - no_timestamps - 1) * SECONDS : undefined;
}

/** What of a window's tokens is taken, as Whisper has it: those of a sentence when its end is known, where two times follow each other. */
function sentences() {
  const held = [];
  /** Of the last two tokens: the time, below 0 where it is none. */
  let last = [-1, -1];
  let end;
  return {
    /** The pieces that are taken now. */
    add(piece) {
      held.push(piece);
      last = [last[1], piece.id - settings.speech.no_timestamps - 1];
      if (Math.min(...last) >= 0) end = last[0];
      else if (end !== undefined) return [];
      return held.splice(0);
    },
    /** The pieces that are taken when no more come, and at what time the next window begins: undefined for where this one ends. */
    rest: () => (end === undefined || (last[0] < 0 && last[1] >= 0) ? [held, undefined] : [[], end]),
  };
}

function requireFinite(name, values) {
  if (!values.every(Number.isFinite)) throw badInput(`${name} has values that are no numbers, or infinite`);
}

/** Frames at the ends of a window that look beyond it, and how far below the loudest features may be. */
const [MARGIN, RANGE] = [4, 2];

/** What takes a sound that is longer than a window; undefined for what is none. */
function longer(given) {
  const samples = spectrogram && product(spectrogram.inputs[0].shape);
  if (!(samples && given instanceof Float32Array && given.length > samples)) return undefined;
  const sound = given;
  const { length } = sound;
  requireFinite(spectrogram.inputs[0].name, sound);
  const [, mels, frames] = called(FEATURES, encode.inputs).shape;
  const hop = samples / frames;
  return {
    frames,
    framesOf: (times) => Math.round((times * SECONDS * settings.sampling_rate) / hop),
    secondsOf: (count) => (count * hop) / settings.sampling_rate,
    /** The features of the whole sound, as if `compute`, which gives those of a window, had them at once. */
    async features(compute) {
      const total = Math.floor(length / hop);
      const whole = new Float32Array(mels * total);
      const step = frames - 2 * MARGIN;
      let loudest = -Infinity;
      for (let begin = 0; begin < total; begin += step) {
        const first = Math.max(begin - MARGIN, 0);
        const window = Float32Array.from(sound.subarray(first * hop, first * hop + samples));
        const padded = new Float32Array(samples);
        padded.set(window);
        for (let i = 0; i < MARGIN * hop && window.length + i < samples; i += 1) padded[window.length + i] = sound[length - 2 - i];
        const found = await compute(padded);
        const count = Math.min(step, total - begin);
        for (let mel = 0; mel < mels; mel += 1) {
          const from = mel * frames + begin - first;
          whole.set(found.subarray(from, from + count), mel * total + begin);
        }
      }
      for (const level of whole) loudest = Math.max(loudest, level);
      for (let i = 0; i < whole.length; i += 1) whole[i] = Math.max(whole[i], loudest - RANGE);
      return {
        frames: total,
        /** A window of them, zeros behind their end. */
        from(begin) {
          const window = new Float32Array(mels * frames);
          for (let mel = 0; mel < mels; mel += 1) {
            window.set(whole.subarray(mel * total + begin, mel * total + Math.min(begin + frames, total)), mel * frames);
          }
          return window;
        },
      };
    },
  };
}

/** Numbers of one input; of a sound zeros follow where they are fewer. */
function numberFeeds(inputs, given) {
  const one = inputs.find(({ name }) => name !== MASK);
  const values = filled(one);
  const isSound = spectrogram || inputs.length > 1;
  const wanted = `${one.name} must be a ${values.constructor.name} of ${values.length} elements${isSound ? " at most" : ""}`;
  if (!(given instanceof values.constructor)) throw badInput(`${wanted}, and ${given?.constructor?.name ?? given} was given`);
  const { length } = /** @type {any} */ (given);
  if (!length || length > values.length || (length < values.length && !isSound)) {
    const { sampling_rate: rate, speech } = settings;
    const how = speech?.no_timestamps === undefined ? "give it a longer recording piece by piece" : "a longer recording takes timestamps: true";
    const why = spectrogram && length ? `: the model hears ${Math.floor(values.length / rate)} seconds at a time, so ${how}` : "";
    throw badInput(`${wanted}, and ${length} were given${why}`);
  }
  values.set(/** @type {any} */ (given));
  if (one.dataType.startsWith("float")) requireFinite(one.name, values);
  return { [one.name]: values, ...masked(inputs, length / values.length) };
}

/** Arrays by name, of which the tokens may be fewer: a text, or an array of numbers, is filled up and has its mask. */
function namedFeeds(inputs, given, encoded) {
  const { [IDS]: text } = given;
  const isList = called(IDS, inputs) && (typeof text === "string" || Array.isArray(text));
  const feeds = named("input", inputs, isList ? { ...given, ...textFeeds(inputs, encoded(text)) } : given);
  for (const input of inputs) {
    const right = filled(input);
    if (!(feeds[input.name] instanceof right.constructor) || feeds[input.name].length !== right.length) {
      throw badInput(`input ${input.name} must be a ${right.constructor.name} of ${right.length} elements`);
    }
  }
  if (called(IDS, inputs)) encoded(Array.from(feeds[IDS], Number));
  return feeds;
}

/** Which graph is given a caller's source first, and what: `encoded` gives the tokens of a text, or of an array. */
function feedsOf(source, encoded) {
  const isNamed = source?.constructor === Object;
  const isSound = spectrogram && !(isNamed && Object.keys(source).some((name) => called(name, encode.inputs)));
  const { inputs } = isSound ? spectrogram : encode;
  const part = isSound ? "spectrogram" : "encode";
  if (isNamed) return [part, namedFeeds(inputs, source, encoded)];
  if (inputs.filter(({ name }) => name !== MASK).length > 1) {
    throw badInput(`the encoder takes ${inputs.map(({ name }) => name).join(", ")}: give them by name`);
  }
  return [part, called(IDS, inputs) ? textFeeds(inputs, encoded(source)) : numberFeeds(inputs, source)];
}

export { feedsOf, likeliest, longer, sentences, timeOf, timed, told };
