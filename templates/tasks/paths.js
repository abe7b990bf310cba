import { probabilities } from "./scores.js";

/** The number of the most probable character of a step that begins at a place, and what tells its score. */
function bestOf(numbers, start, characters) {
  const { names, scores } = characters;
  if (scores === "path") return [numbers[start], () => numbers[start + 1]];
  let chosen = 0;
  for (let i = 1; i < names.length; i += 1) if (numbers[start + i] > numbers[start + chosen]) chosen = i;
  return [chosen, () => probabilities(numbers, characters, start, names.length)[chosen]];
}

/** How many numbers a step has. */
const lengthOf = ({ names, scores }) => (scores === "path" ? 2 : names.length);

export { bestOf, lengthOf };
