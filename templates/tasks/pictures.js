import { INPUTS } from "./facts.js";
import { prepared } from "./preparing.js";
import { pixelsOf } from "./sources.js";

/** The input that a picture becomes, and the place that it has there; a promise of them where it must be decoded. */
function inputsOf(source) {
  const [image] = INPUTS;
  const given = (picture) => {
    const { values, fit, size } = prepared(picture, image);
    return { inputs: { [image.name]: values }, place: { fit, size } };
  };
  const read = pixelsOf(source);
  return read.then ? read.then(given) : given(read);
}

export { inputsOf };
