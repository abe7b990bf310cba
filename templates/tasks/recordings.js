import { LEAST_RATE, MOST_RATE } from "./facts.js";
import { isWrong, kindOf } from "./mistakes.js";
import { resampledTo } from "./rates.js";

/** The sampling rate that the head of a .wav file says; undefined for other files. */
function rateIn(bytes) {
  const view = new DataView(bytes);
  const isThere = (place, text) => [...text].every((letter, i) => view.getUint8(place + i) === letter.charCodeAt(0));
  return view.byteLength > 28 && isThere(0, "RIFF") && isThere(12, "fmt ") ? view.getUint32(24, true) : undefined;
}

/** A place to decode sounds in, which resamples them to the first of some rates that the browser has. */
function contextOf(...rates) {
  for (const rate of rates) {
    try {
      return new OfflineAudioContext(1, 1, rate);
    } catch {
      // the next one
    }
  }
  return undefined;
}

/** The AudioBuffer of a Blob, at its own rate where that is known. */
async function decoded(blob, rate) {
  if (!globalThis.OfflineAudioContext) throw isWrong("files of sounds are decoded in windows: give { sampleRate, samples } elsewhere");
  const bytes = await blob.arrayBuffer();
  try {
    if (!bytes.byteLength) throw new Error("it is empty"); // WebKit never says so
    return await contextOf(rateIn(bytes), rate, 48000).decodeAudioData(bytes);
  } catch (error) {
    throw isWrong(`the ${kindOf(blob)}, of ${blob.size} bytes and type ${JSON.stringify(blob.type)}, is no sound that can be read`, error);
  }
}

/** The mean of a sound's channels. */
function mixed(buffer) {
  const { numberOfChannels, length } = buffer;
  const samples = new Float32Array(length);
  for (let channel = 0; channel < numberOfChannels; channel += 1) {
    const values = buffer.getChannelData(channel);
    for (let i = 0; i < length; i += 1) samples[i] += values[i] / numberOfChannels;
  }
  return samples;
}

function checked({ sampleRate, samples }) {
  const rate = Math.round(sampleRate);
  if (!(rate >= LEAST_RATE && rate <= MOST_RATE)) throw isWrong(`sampleRate is a number from ${LEAST_RATE} to ${MOST_RATE}, not ${String(sampleRate)}`);
  if (!samples.length) throw isWrong("the sound has no samples");
  if (!samples.every(Number.isFinite)) throw isWrong("the sound has samples that are no numbers, or infinite");
  return [samples, rate];
}

/**
 * The samples of a sound at a rate. What is no Blob is read at once.
 *
 * @returns {any}
 */
function samplesOf(source, wanted) {
  const kind = kindOf(source);
  const known = ["Blob", "File", "AudioBuffer", "{ sampleRate, samples: Float32Array }"];
  const read = (sound) => resampledTo(...checked(sound), wanted);
  const ofBuffer = (buffer) => read({ sampleRate: buffer.sampleRate, samples: mixed(buffer) });
  if (["Blob", "File"].includes(kind)) return decoded(source, wanted).then(ofBuffer);
  if (kind === "AudioBuffer") return ofBuffer(source);
  if (kindOf(source?.samples) === "Float32Array") return read({ sampleRate: source.sampleRate, samples: source.samples.slice() });
  throw isWrong(`a sound is one of ${known.join(", ")}, not ${kind}`);
}

export { samplesOf };
