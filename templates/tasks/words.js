import { bestOf, lengthOf } from "./paths.js";

/**
 * The text that is most probable at each step, repeated characters once and without blanks (CTC), the mean score of what is left, and
 * its words with their seconds.
 */
function answered([numbers], [characters], _, { windows, seconds }) {
  const { names, blank } = characters;
  const many = lengthOf(characters);
  const each = numbers.length / windows.length;
  /** Each of these with its words, whose last may go on. */
  let [text, sum, count, before, step, isOpen] = ["", 0, 0, -1, 0, false];
  const chunks = [];
  for (const [number, { first, end }] of windows.entries()) {
    for (let i = first; i < Math.min(end, each / many); i += 1, step += 1) {
      const [chosen, score] = bestOf(numbers, number * each + i * many, characters);
      const name = chosen === blank ? "" : names[chosen];
      if (chosen !== before && chosen !== blank) {
        text += name;
        sum += score();
        count += 1;
        if (name.trim()) {
          if (!isOpen) chunks.push({ text: "", start: step * seconds, end: 0 });
          chunks[chunks.length - 1].text += name;
        }
        isOpen = Boolean(name.trim()) || (isOpen && !name);
      }
      if (name.trim()) chunks[chunks.length - 1].end = (step + 1) * seconds;
      before = chosen;
    }
  }
  return { text: text.trim(), score: count ? sum / count : 0, chunks };
}

export { answered };
