import { probabilities } from "./scores.js";

/** The text that is most probable at each step, repeated characters once and without blanks (CTC), and the mean score of what is left. */
function spelledOut(numbers, characters) {
  const { names, blank } = characters;
  const many = names.length;
  let [text, sum, count, before] = ["", 0, 0, -1];
  for (let start = 0; start < numbers.length; start += many) {
    let chosen = 0;
    for (let i = 1; i < many; i += 1) if (numbers[start + i] > numbers[start + chosen]) chosen = i;
    if (chosen !== before && chosen !== blank) {
      text += names[chosen];
      sum += probabilities(numbers, characters, start, many)[chosen];
      count += 1;
    }
    before = chosen;
  }
  return { text, score: count ? sum / count : 0 };
}

export { spelledOut };
