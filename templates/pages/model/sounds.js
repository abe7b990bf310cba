// Sounds to ask about: chosen, dropped, pasted, or spoken.
import { element } from "../common/element.js";
import { choosing } from "./choosing.js";

const WAVE = { width: 1200, height: 200 };

/** How loud a sound is over time, and what `mark` marks on it. */
function drawWave(canvas, sound, mark) {
  Object.assign(canvas, WAVE);
  canvas.hidden = false;
  const context = canvas.getContext("2d");
  context.fillStyle = getComputedStyle(canvas).color;
  const samples = sound.getChannelData(0);
  const step = samples.length / WAVE.width;
  for (let x = 0; x < WAVE.width; x += 1) {
    let most = 0;
    for (let i = Math.floor(x * step); i < (x + 1) * step && i < samples.length; i += 1) most = Math.max(most, Math.abs(samples[i]));
    const height = Math.max(1, Math.min(1, most) * WAVE.height);
    context.fillRect(x, (WAVE.height - height) / 2, 1, height);
  }
  context.fillStyle = getComputedStyle(canvas).accentColor;
  mark?.(context, sound.duration, WAVE);
}

/** A sound as it is shown. */
async function soundOf(blob) {
  const context = new AudioContext();
  try {
    return await context.decodeAudioData(await blob.arrayBuffer());
  } catch {
    throw new Error("This is no sound that the browser can read.");
  } finally {
    context.close();
  }
}

/** What a page needs for sounds: `take(sound)` is asked about each. */
export function sounding({ canvas, take, alarm, failed }) {
  let recorder;
  let shown;
  const player = element("audio", { controls: true, hidden: true, "aria-label": "The sound" });
  const given = async (blob) => {
    try {
      shown = await soundOf(blob);
    } catch (reason) {
      failed(reason);
      return;
    }
    URL.revokeObjectURL(player.src);
    player.src = URL.createObjectURL(blob);
    player.hidden = false;
    await take(blob); // the model takes another rate than the one that it is shown and played at
  };
  const [choose, file] = choosing({ title: "Choose a sound", label: "A file with a sound", accept: "audio/*,video/*", given: (blob) => given(blob) });
  const refused = (reason) => alarm(`There is no microphone: ${reason.message}`);
  const speak = element("button", { type: "button", "aria-pressed": "false", onclick: () => record().catch(refused) }, "Speak");

  /** Begins to record, or ends that and asks about what was said. */
  async function record() {
    if (recorder) {
      recorder.stop();
      return;
    }
    if (!navigator.mediaDevices) throw new Error("pages have one from https or localhost only");
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const pieces = [];
    recorder = new MediaRecorder(stream);
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.onstop = () => {
      for (const track of stream.getTracks()) track.stop();
      const { mimeType } = recorder;
      recorder = undefined;
      pressed();
      given(new Blob(pieces, { type: mimeType }));
    };
    recorder.start();
    pressed();
  }

  function pressed() {
    speak.setAttribute("aria-pressed", String(Boolean(recorder)));
    speak.textContent = recorder ? "Stop and ask" : "Speak";
    choose.disabled = Boolean(recorder);
  }

  return {
    kind: "audio/",
    first: "Choose a sound, or speak.",
    hint: "Choose a sound, drop or paste one here, or speak.",
    controls: [choose, speak, file, player],
    given,
    show: (_, mark) => shown && drawWave(canvas, shown, mark),
  };
}
