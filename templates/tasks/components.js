import { LEAST_SIDE, MOST_REGIONS } from "./facts.js";

/** Which pixels are there; dilated, what is right of, below or both of one is there, too. */
function chosen(values, width, threshold, isDilated) {
  const there = Uint8Array.from(values, (value) => Number(value > threshold));
  if (!isDilated) return there;
  const at = (i, isInRow) => (isInRow && i >= 0 ? there[i] : 0);
  return there.map((one, i) => one | at(i - 1, i % width) | at(i - width, true) | at(i - width - 1, i % width));
}

/** The runs of pixels in rows, { rows, starts, ends }, as they are read. */
function runsOf(there, width) {
  const runs = { rows: [], starts: [], ends: [] };
  for (let i = 0; i < there.length; i += 1) {
    const column = i % width;
    if (!there[i]) continue;
    if (!column || !there[i - 1]) {
      runs.rows.push((i - column) / width);
      runs.starts.push(column);
    }
    if (column === width - 1 || !there[i + 1]) runs.ends.push(column);
  }
  return runs;
}

/** The first run of each one's component: runs of rows beside each other are of one where they touch, also at corners. */
function rootsOf({ rows, starts, ends }) {
  const parents = Uint32Array.from(rows.keys());
  const root = (run) => {
    while (parents[run] !== run) run = parents[run] = parents[parents[run]];
    return run;
  };
  const isBefore = (other, run) => rows[other] < rows[run] - 1 || (rows[other] === rows[run] - 1 && ends[other] < starts[run] - 1);
  for (let run = 0, above = 0; run < rows.length; run += 1) {
    while (isBefore(above, run)) above += 1;
    for (let other = above; rows[other] === rows[run] - 1 && starts[other] <= ends[run] + 1; other += 1) {
      const [one, two] = [root(run), root(other)];
      parents[Math.max(one, two)] = Math.min(one, two);
    }
  }
  return parents.map((_, run) => root(run));
}

/**
 * The components of pixels of a map, each of its outermost pixels in each row, { left, right: [[x, y], ...] }, without those that are too
 * small; of too many the smaller ones are left out.
 */
function components(values, width, threshold, isDilated) {
  const { rows, starts, ends } = runsOf(chosen(values, width, threshold, isDilated), width);
  const found = new Map();
  rootsOf({ rows, starts, ends }).forEach((root, run) => {
    if (!found.has(root)) found.set(root, { left: [], right: [], least: width, most: 0 });
    const one = found.get(root);
    one.least = Math.min(one.least, starts[run]);
    one.most = Math.max(one.most, ends[run]);
    if (one.left.at(-1)?.[1] === rows[run]) {
      one.right.at(-1)[0] = ends[run];
    } else {
      one.left.push([starts[run], rows[run]]);
      one.right.push([ends[run], rows[run]]);
    }
  });
  const sized = [...found.values()].map((one) => ({ ...one, size: (one.most - one.least) * (one.left.at(-1)[1] - one.left[0][1]) }));
  return sized
    .filter(({ size }) => size >= LEAST_SIDE ** 2)
    .sort((one, other) => other.size - one.size)
    .slice(0, MOST_REGIONS);
}

export { components };
