/** Of the filter: crossings of zero on each side, and the parameter of Kaiser's window. */
const [ZEROS, BETA] = [10, 5];

/** The modified Bessel function of order 0. */
function bessel(x) {
  let [sum, term] = [1, 1];
  for (let k = 1; term > sum * 1e-17; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

const divisor = (one, other) => (other ? divisor(other, one % other) : one);

/** Samples at another rate: polyphase filtering with a windowed sinc. */
function resampledTo(samples, rate, wanted) {
  if (rate === wanted) return samples;
  const common = divisor(rate, wanted);
  const [up, down] = [wanted / common, rate / common];
  const widest = Math.max(up, down);
  const half = ZEROS * widest;
  const taps = new Float64Array(2 * half + 1);
  for (let i = -half; i <= half; i += 1) {
    const angle = (Math.PI * i) / widest;
    taps[i + half] = (i ? Math.sin(angle) / angle : 1) * bessel(BETA * Math.sqrt(1 - (i / half) ** 2));
  }
  const scale = up / taps.reduce((one, other) => one + other);
  const made = new Float32Array(Math.ceil((samples.length * up) / down));
  for (let i = 0; i < made.length; i += 1) {
    const place = i * down + half;
    const last = Math.min(samples.length - 1, Math.floor(place / up));
    let sum = 0;
    for (let n = Math.max(0, Math.ceil((place - 2 * half) / up)); n <= last; n += 1) sum += samples[n] * taps[place - n * up];
    made[i] = sum * scale;
  }
  return made;
}

export { resampledTo };
