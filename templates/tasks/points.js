import { detected } from "./detecting.js";
import { pointing } from "./pointing.js";

/** What is in a picture with points of each, of boxes, scores and points in one. */
const answered = ([numbers], [tensor], options, place) => detected(numbers, tensor, options, place, pointing(tensor.points, tensor.unit, place));

export { answered };
