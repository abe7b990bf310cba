import { MOST_PIXELS } from "./facts.js";
import { isWrong, kindOf } from "./mistakes.js";

/** Width and height of what has a picture, by its kind; nothing where the picture is not there yet. */
const SIZES = {
  HTMLImageElement: ({ complete, naturalWidth, naturalHeight }) => complete && naturalWidth && [naturalWidth, naturalHeight],
  HTMLVideoElement: ({ readyState, videoWidth, videoHeight }) => readyState > 1 && [videoWidth, videoHeight],
  HTMLCanvasElement: ({ width, height }) => [width, height],
  OffscreenCanvas: ({ width, height }) => [width, height],
  ImageBitmap: ({ width, height }) => [width, height],
  VideoFrame: ({ displayWidth, displayHeight }) => [displayWidth, displayHeight],
};
const BLOBS = ["Blob", "File"];

function checkSize(width, height) {
  const size = `${width} x ${height} pixels`;
  if (!(width > 0 && height > 0)) throw isWrong(`the picture has ${size}`);
  if (width * height > MOST_PIXELS) throw isWrong(`the picture has ${size}; at most ${MOST_PIXELS} are read`);
}

/** Whether a value is ImageData, or as that is. */
const isPlain = ({ width, height, data }) => {
  const isOfBytes = data instanceof Uint8ClampedArray || data instanceof Uint8Array || data?.[Symbol.toStringTag] === "Uint8ClampedArray";
  return isOfBytes && data.length === 4 * width * height;
};

/** A picture of a Blob, upright, its values as they are in the file. */
async function decoded(blob) {
  try {
    return await createImageBitmap(blob, { colorSpaceConversion: "none" });
  } catch (error) {
    throw isWrong(`the ${kindOf(blob)}, of ${blob.size} bytes and type ${JSON.stringify(blob.type)}, is no picture that can be read`, error);
  }
}

/**
 * The pixels of a picture, { width, height, pixels: a number 0xAABBGGRR each }. What is no Blob is read at once.
 *
 * @returns {any}
 */
function pixelsOf(source) {
  const kind = kindOf(source);
  if (BLOBS.includes(kind)) {
    return decoded(source).then((bitmap) => {
      try {
        return drawn(bitmap, bitmap.width, bitmap.height);
      } finally {
        bitmap.close();
      }
    });
  }
  if (SIZES[kind]) {
    const size = SIZES[kind](source);
    if (!size) throw isWrong(`the ${kind} has no picture yet: wait until it is loaded`);
    return drawn(source, ...size);
  }
  if (source && isPlain(source)) return inWords(source);
  const known = ["HTMLImageElement", "HTMLVideoElement", "HTMLCanvasElement", ...Object.keys(SIZES).slice(3), "ImageData", ...BLOBS];
  throw isWrong(`a picture is one of ${known.join(", ")}, not ${kind}`);
}

/** What a canvas says of a picture. */
function drawn(source, width, height) {
  checkSize(width, height);
  const canvas = globalThis.OffscreenCanvas ? new OffscreenCanvas(width, height) : document.createElement("canvas");
  Object.assign(canvas, { width, height });
  /** @type {any} */
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw isWrong(`there is no canvas of ${width} x ${height} pixels`);
  try {
    context.drawImage(source, 0, 0, width, height);
    return inWords(context.getImageData(0, 0, width, height));
  } catch (error) {
    const why = error.name === "SecurityError" ? "is of another site, which must allow it to be read (crossorigin)" : "cannot be read";
    throw isWrong(`the picture ${why}`, error);
  }
}

function inWords({ width, height, data }) {
  checkSize(width, height);
  const { buffer, byteOffset } = data.byteOffset % 4 ? data.slice() : data;
  return { width, height, pixels: new Uint32Array(buffer, byteOffset, width * height) };
}

export { pixelsOf };
