import { isWrong } from "./mistakes.js";

/** The vector of one thing: of several tokens that are there their mean, the first or the last. */
function answered([numbers], [{ pooling, normalized, shape }], _, { mask }) {
  const length = pooling === "none" ? numbers.length : shape.at(-1);
  const all = [...Array(numbers.length / length).keys()];
  const known = all.filter((i) => pooling === "none" || !mask || mask[i]);
  const there = known.length ? known : all;
  const rows = pooling === "mean" ? there : [there.at(pooling === "last" ? -1 : 0)];
  const vector = Float64Array.from({ length }, (_, i) => rows.reduce((sum, row) => sum + numbers[row * length + i], 0) / rows.length);
  const norm = normalized ? Math.max(lengthOf(vector), 1e-12) : 1;
  return Float32Array.from(vector, (value) => value / norm);
}

const lengthOf = (vector) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

/** The cosine of two vectors; 0 where one has no length. */
export function similar(one, other) {
  if (one?.length !== other?.length || !(one?.length > 0)) throw isWrong(`vectors of ${one?.length} and of ${other?.length} numbers cannot be compared`);
  const lengths = lengthOf(Float64Array.from(one)) * lengthOf(Float64Array.from(other));
  return lengths && Float64Array.from(one).reduce((sum, value, i) => sum + value * other[i], 0) / lengths;
}

export { answered };
