import { detected } from "./detecting.js";

/** What is in a picture, of boxes and scores in one. */
function answered(numbers, tensors, options, place) {
  return detected(numbers, tensors, options, place);
}

export { answered };
