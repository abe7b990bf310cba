import { detected } from "./detecting.js";

/** What is in a picture, of boxes and scores in one. */
const answered = ([numbers], [tensor], options, place) => detected(numbers, tensor, options, place);

export { answered };
