const sigmoid = (x) => (x >= 0 ? 1 : Math.exp(x)) / (1 + Math.exp(-Math.abs(x)));

/** Numbers that a model gives, whatever their data type is. */
function numbersOf({ dataType }, data) {
  if (dataType === "float16" && data instanceof Uint16Array) return Float32Array.from(data, numberOf);
  return dataType.endsWith("64") ? Float64Array.from(data, Number) : data;
}

/** The number of which these are the bits as float16. */
function numberOf(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, (bits & 1023) / 1024];
  const magnitude = exponent === 31 ? (fraction ? NaN : Infinity) : exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14;
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** So many numbers from a place on as probabilities. */
function probabilities(numbers, { scores, several }, start, count) {
  const values = Float64Array.from(numbers.subarray(start, start + count));
  if (scores === "probabilities") return values;
  if (several) return values.map(sigmoid);
  const largest = values.reduce((one, other) => Math.max(one, other), -Infinity);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((one, other) => one + other, 0);
  return powers.map((power) => power / sum);
}

export { numbersOf, probabilities };
