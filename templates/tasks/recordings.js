import { LEAST_RATE, MOST_RATE } from "./facts.js";
import { isWrong, kindOf } from "./mistakes.js";
import { resampledTo } from "./rates.js";

const isThere = (view, place, text) => [...text].every((letter, i) => view.getUint8(place + i) === letter.charCodeAt(0));

/** The sampling rate that the head of a .wav file says; undefined for other files. */
const rateIn = (view) => (view.byteLength > 28 && isThere(view, 0, "RIFF") && isThere(view, 12, "fmt ") ? view.getUint32(24, true) : undefined);

/** The sound in a .wav file of 16-bit integers, whose positive ones some browsers divide by 32,767; undefined for other files. */
function integersIn(view) {
  if (view.byteLength < 12 || !isThere(view, 0, "RIFF") || !isThere(view, 8, "WAVE")) return undefined;
  const short = (place) => view.getUint16(place, true);
  for (let place = 12, head = 0; place + 8 <= view.byteLength; ) {
    const start = place + 8;
    const size = Math.min(view.getUint32(place + 4, true), view.byteLength - start);
    if (isThere(view, place, "fmt ") && size > 15) head = start;
    if (isThere(view, place, "data")) {
      const channels = head && short(head) === 1 && short(head + 14) === 16 ? short(head + 2) : 0;
      if (!channels) return undefined;
      const samples = new Float32Array(Math.floor(size / 2 / channels));
      for (let i = 0; i < samples.length; i += 1) {
        let sum = 0;
        for (let channel = 0; channel < channels; channel += 1) sum += view.getInt16(start + 2 * (i * channels + channel), true);
        samples[i] = sum / channels / 32768;
      }
      return { sampleRate: view.getUint32(head + 4, true), samples };
    }
    place = start + size + (size % 2);
  }
  return undefined;
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

/** The sound in a Blob, at its own rate where that is known. */
async function decoded(blob, rate) {
  const bytes = await blob.arrayBuffer();
  const view = new DataView(bytes);
  const integers = integersIn(view);
  if (integers) return integers;
  if (!globalThis.OfflineAudioContext) throw isWrong("other files than .wav with 16 bits are decoded in windows: give { sampleRate, samples } elsewhere");
  try {
    if (!bytes.byteLength) throw new Error("it is empty"); // WebKit never says so
    return mixed(await contextOf(rateIn(view), rate, 48000).decodeAudioData(bytes));
  } catch (error) {
    throw isWrong(`the ${kindOf(blob)}, of ${blob.size} bytes and type ${JSON.stringify(blob.type)}, is no sound that can be read`, error);
  }
}

/** The sound in an AudioBuffer: the mean of its channels. */
function mixed(buffer) {
  const { sampleRate, numberOfChannels, length } = buffer;
  const samples = new Float32Array(length);
  for (let channel = 0; channel < numberOfChannels; channel += 1) {
    const values = buffer.getChannelData(channel);
    for (let i = 0; i < length; i += 1) samples[i] += values[i] / numberOfChannels;
  }
  return { sampleRate, samples };
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
  if (["Blob", "File"].includes(kind)) return decoded(source, wanted).then(read);
  if (kind === "AudioBuffer") return read(mixed(source));
  if (kindOf(source?.samples) === "Float32Array") return read({ sampleRate: source.sampleRate, samples: source.samples.slice() });
  throw isWrong(`a sound is one of ${known.join(", ")}, not ${kind}`);
}

export { samplesOf };
