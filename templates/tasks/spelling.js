import { probabilities } from "./scores.js";

/** The text that is most probable at each step, repeated characters once and without blanks (CTC), and the mean score of what is left. */
function answered([numbers], [characters]) {
  const { names, blank, scores } = characters;
  const isPath = scores === "path";
  const many = isPath ? 2 : names.length;
  let [text, sum, count, before] = ["", 0, 0, -1];
  for (let start = 0; start < numbers.length; start += many) {
    let chosen = isPath ? numbers[start] : 0;
    if (!isPath) for (let i = 1; i < many; i += 1) if (numbers[start + i] > numbers[start + chosen]) chosen = i;
    if (chosen !== before && chosen !== blank) {
      text += names[chosen];
      sum += isPath ? numbers[start + 1] : probabilities(numbers, characters, start, many)[chosen];
      count += 1;
    }
    before = chosen;
  }
  return { text, score: count ? sum / count : 0 };
}

export { answered };
