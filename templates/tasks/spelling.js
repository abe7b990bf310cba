import { bestOf, lengthOf } from "./paths.js";

/** The text that is most probable at each step, repeated characters once and without blanks (CTC), and the mean score of what is left. */
function answered([numbers], [characters]) {
  let [text, sum, count, before] = ["", 0, 0, -1];
  for (let start = 0; start < numbers.length; start += lengthOf(characters)) {
    const [chosen, score] = bestOf(numbers, start, characters);
    if (chosen !== before && chosen !== characters.blank) {
      text += characters.names[chosen];
      sum += score();
      count += 1;
    }
    before = chosen;
  }
  return { text, score: count ? sum / count : 0 };
}

export { answered };
