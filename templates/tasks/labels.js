import { probabilities } from "./scores.js";

/** The most probable labels, [{ label, score }]; of equal ones the first. */
function answered([numbers], [labels], { top }) {
  const scores = probabilities(numbers, labels, 0, numbers.length);
  const order = Array.from(scores.keys()).sort((one, other) => scores[other] - scores[one]);
  return order.slice(0, top).map((i) => ({ label: labels.names[i], score: scores[i] }));
}

export { answered };
