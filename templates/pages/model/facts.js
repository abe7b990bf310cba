// What is known of a model's running: how long it took, where, and how much memory there is to it.
import { element } from "../common/element.js";

const MOST_RUNS = 40;
const CHART = { width: 320, height: 72 };

export const milliseconds = (time) => (time < 10 ? `${time.toFixed(1)} ms` : time < 10000 ? `${time.toFixed(0)} ms` : `${(time / 1000).toFixed(1)} s`);

export function bytes(count) {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return `${(count / 1000 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}

/** Bars of the last runs: the model's own time below, all else of a run above it. */
function chart(runs) {
  const { width, height } = CHART;
  const most = Math.max(...runs.map(({ total }) => total));
  const step = width / MOST_RUNS;
  const bar = (kind, i, from, to) =>
    element("rect", { class: kind, x: i * step, width: step - 1.5, y: height - (to / most) * height, height: Math.max(0.5, ((to - from) / most) * height) });
  const bars = runs.flatMap(({ total, network }, i) => [bar("rest", i, network, total), bar("network", i, 0, network)]);
  const label = `The last ${runs.length} runs, the longest of ${milliseconds(most)}`;
  return element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "runs" }, ...bars);
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The facts beside a model, in an element that they fill. */
export class Facts {
  #rows = new Map();
  #runs = [];
  #list = element("dl");
  #chart = element("div", { class: "chart" });

  constructor(place) {
    place.append(this.#list, this.#chart);
  }

  /** Says something by its name. */
  set(name, text) {
    if (!this.#rows.has(name)) {
      this.#rows.set(name, element("dd"));
      this.#list.append(element("div", {}, element("dt", {}, name), this.#rows.get(name)));
    }
    this.#rows.get(name).textContent = text;
  }

  /** Forgets all runs. */
  restart() {
    this.#runs = [];
    this.#chart.replaceChildren();
  }

  /** A run took so long, and the model so long of that. */
  ran(run) {
    this.#runs = [...this.#runs, run].slice(-MOST_RUNS);
    const totals = this.#runs.map(({ total }) => total);
    this.set("last answer", run.total > run.network + 0.05 ? `${milliseconds(run.total)}, the model ${milliseconds(run.network)}` : milliseconds(run.total));
    this.set("median", `${milliseconds(median(totals))}, ${totals.length} run${totals.length === 1 ? "" : "s"}`);
    this.#chart.replaceChildren(chart(this.#runs));
  }

  /** Asks the browser for the memory, which not every one tells: that of scripts, and where the page is isolated, after a while, all. */
  async remember() {
    /** @type {any} */
    const told = performance;
    if (told.memory) this.set("memory", `${bytes(told.memory.usedJSHeapSize)} of JavaScript`);
    if (!self.crossOriginIsolated || !told.measureUserAgentSpecificMemory) return;
    const measured = await told.measureUserAgentSpecificMemory().catch(() => undefined);
    if (measured) this.set("memory", bytes(measured.bytes));
  }
}
