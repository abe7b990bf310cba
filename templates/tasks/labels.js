import { probabilities } from "./scores.js";

/** The most probable labels, [{ label, score }], of several windows by their mean; of equal ones the first. */
function answered([numbers], [labels], { top }) {
  const many = labels.names.length;
  const scores = new Float64Array(many);
  for (let start = 0; start < numbers.length; start += many) {
    for (const [i, score] of probabilities(numbers, labels, start, many).entries()) scores[i] += (score * many) / numbers.length;
  }
  const order = Array.from(scores.keys()).sort((one, other) => scores[other] - scores[one]);
  return order.slice(0, top).map((i) => ({ label: labels.names[i], score: scores[i] }));
}

export { answered };
