// Pictures to ask about: chosen, dropped, pasted, or what a camera sees.
import { element } from "../common/element.js";
import { choosing } from "./choosing.js";

/** The longer side of what is drawn, in pixels: sharp enough for labels on a small picture, and not larger than is seen. */
const LONGEST = [960, 1600];

/** Draws a picture on a canvas, and with `draw` what is found in it, in the picture's own pixels. */
export function paint(canvas, picture, draw) {
  const { width, height } = picture;
  const longer = Math.max(width, height);
  const scale = Math.min(LONGEST[1], Math.max(LONGEST[0], longer)) / longer;
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.hidden = false;
  const context = canvas.getContext("2d");
  context.scale(canvas.width / width, canvas.height / height);
  context.drawImage(picture, 0, 0, width, height);
  const shown = Math.min((canvas.clientWidth || 480) / width, (canvas.clientHeight || 480) / height);
  draw?.(context, 1 / shown);
}

async function pictureOf(blob) {
  try {
    return await createImageBitmap(blob);
  } catch {
    throw new Error("This is no picture that the browser can read.");
  }
}

/** What a page needs for pictures: `take(picture)` is asked about each, and is over when the answer is there. */
export function picturing({ canvas, take, alarm, failed }) {
  const video = element("video", { muted: true, playsinline: true, hidden: true });
  let stream;
  let shown;
  const see = async (picture) => {
    shown?.close();
    shown = picture;
    await take(picture);
  };
  const [choose, file] = choosing({ title: "Choose a picture", label: "A file with a picture", accept: "image/*", given: (blob) => given(blob) });
  const camera = element("button", { type: "button", "aria-pressed": "false", onclick: () => film().catch(refused) }, "Camera");
  const refused = (reason) => alarm(`There is no camera: ${reason.message}`);
  const given = async (blob) => {
    if (stream) return;
    try {
      await see(await pictureOf(blob));
    } catch (reason) {
      failed(reason);
    }
  };

  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    pressed();
  }

  function pressed() {
    camera.setAttribute("aria-pressed", String(Boolean(stream)));
    camera.textContent = stream ? "Stop the camera" : "Camera";
    choose.disabled = Boolean(stream);
  }

  /** Has the camera on, and asks about one frame after another; or ends that. */
  async function film() {
    if (stream) return stop();
    if (!navigator.mediaDevices) throw new Error("pages have one from https or localhost only");
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    pressed();
    video.srcObject = stream;
    await video.play();
    while (stream) {
      await see(await createImageBitmap(video));
      await new Promise(requestAnimationFrame);
    }
  }

  return {
    kind: "image/",
    first: "Choose a picture.",
    hint: "Choose a picture, drop or paste one here, or use the camera.",
    controls: [choose, camera, file, video],
    given,
    show: (draw) => shown && paint(canvas, shown, draw),
  };
}
