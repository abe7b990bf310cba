// A picture on a canvas: camera, drawing, and what is under the pointer.

import { TITLE } from "./places.js";
import { pictureOf } from "./picture.js";

const FONT = "12px system-ui, sans-serif";
const BOLD = "600 12px system-ui, sans-serif";
const LINE = 16;
const LONGEST_TEXT = 34; // characters of a name in a box
const READABLE = 0.45; // scale from which text is drawn
const CURVED = 0.15; // scale from which curves are
const OPENED = 220; // boxes that are shown at first at most
const STATES = ["ok", "warning", "changed", "added", "removed", "fault"]; // a group has the last of those in it

export class View {
  constructor(canvas, model) {
    this.canvas = canvas;
    this.model = model;
    this.open = new Set(); // groups
    this.selected = null; // a box's kind and number
    this.lit = null; // calls; null for all
    this.overlay = null;
    this.camera = { x: 0, y: 0, k: 1 };
    this.context = canvas.getContext("2d", { alpha: false });
    this.widths = new Map();
    this.restyle();
    this.openAtFirst();
    this.layOut();
  }

  // ------------------------------------------------------------------------------------------------------ what is open
  /** Opens groups from the outside in, as long as the picture stays small. */
  openAtFirst() {
    const { groups } = this.model.scene;
    let shown = groups[0].vertices.length;
    const waiting = [0];
    for (const group of waiting)
      for (const [kind, number] of groups[group].vertices.filter(Boolean)) {
        if (kind !== "group" || shown + groups[number].vertices.length > OPENED) continue;
        this.open.add(number);
        shown += groups[number].vertices.length;
        waiting.push(number);
      }
  }

  openAll(isOpen) {
    this.open = new Set(isOpen ? this.model.scene.groups.keys() : []);
    this.layOut();
    this.fit();
  }

  /** Opens or closes a group; what is under the pointer stays there. */
  toggle(group) {
    const before = this.boxOf("group", group);
    if (!this.open.delete(group)) this.open.add(group);
    this.layOut();
    const after = this.boxOf("group", group);
    if (before && after) {
      this.camera.x += (before.x - after.x) * this.camera.k;
      this.camera.y += (before.y - after.y) * this.camera.k;
    }
    this.draw();
  }

  layOut() {
    this.picture = pictureOf(this.model.scene, (group) => this.open.has(group), (vertex) => this.sizeOf(vertex));
    this.index = new Map(this.picture.boxes.map((box) => [key(box.kind, box.number), box]));
    this.lightCurves();
  }

  boxOf(kind, number) {
    return this.index.get(key(kind, number));
  }

  /** The innermost box that stands for a call: its own, or a closed group's around it. */
  boxWith(kind, number) {
    const candidates = [key(kind, number), ...this.model.around(kind, number).map((group) => key("group", group))];
    return candidates.map((name) => this.index.get(name)).find((box) => box && (box.kind !== "open" || kind === "group"));
  }

  // --------------------------------------------------------------------------------------------------------------- text
  linesOf([kind, number]) {
    const { scene } = this.model;
    if (kind === "node") return [scene.nodes[number].op, scene.nodes[number].outputs.map((o) => dims(scene.operands[o])).join("  ")];
    if (kind === "group") return [scene.groups[number].name, `${scene.groups[number].calls.length} operators`];
    return [scene.operands[number].name, `${scene.operands[number].type} ${dims(scene.operands[number])}`];
  }

  sizeOf(vertex) {
    const [title, detail] = this.linesOf(vertex).map(shortened);
    return { width: Math.max(60, this.measure(BOLD, title), this.measure(FONT, detail)) + 20, height: 2 * LINE + 10 };
  }

  measure(font, text) {
    const name = font + text;
    if (!this.widths.has(name)) {
      this.context.font = font;
      this.widths.set(name, this.context.measureText(text).width);
    }
    return this.widths.get(name);
  }

  // ------------------------------------------------------------------------------------------------------------- colours
  restyle() {
    const style = getComputedStyle(this.canvas);
    this.colour = (name) => style.getPropertyValue(`--${name}`).trim() || style.getPropertyValue("--other").trim();
    this.styles = new Map();
  }

  paint(name) {
    if (!this.styles.has(name)) this.styles.set(name, this.colour(name));
    return this.styles.get(name);
  }

  fillOf(box) {
    if (box.kind === "input" || box.kind === "output") return this.paint("interface");
    const mark = this.overlay && this.markOf(box);
    if (this.overlay) return mark === null ? this.paint("unmarked") : typeof mark === "number" ? heat(mark) : this.paint(mark);
    return this.paint(box.kind === "node" ? `kind-${this.model.scene.nodes[box.number].kind}` : "group");
  }

  /** The worst mark of the calls that a box stands for, null when none has one. */
  markOf(box) {
    const marks = this.model.callsOf(box).map((n) => this.overlay.marks[n]?.[0]).filter((mark) => mark !== undefined);
    if (!marks.length) return null;
    if (typeof marks[0] === "number") return Math.max(...marks);
    return STATES[Math.max(...marks.map((mark) => STATES.indexOf(mark)))];
  }

  // -------------------------------------------------------------------------------------------------------------- camera
  fit(box = null) {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const { width, height } = this.picture;
    if (box) {
      const k = Math.min(Math.max(this.camera.k, 0.8), 1.2);
      this.camera = { k, x: w / 2 - (box.x + box.width / 2) * k, y: h / 2 - (box.y + Math.min(box.height, h / k) / 2) * k };
    } else {
      const k = Math.min(w / width, h / height, 1);
      this.camera = { k, x: (w - width * k) / 2, y: (h - height * k) / 2 };
    }
    this.draw();
  }

  /** The beginning of the graph, large enough to read. */
  start() {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const { width, height } = this.picture;
    const k = Math.min(1, Math.max(0.6, Math.min(w / width, h / height)));
    const first = this.picture.boxes.reduce((a, b) => (b.y < a.y ? b : a), this.picture.boxes[0]);
    const middle = width * k <= w ? width / 2 : first.x + first.width / 2;
    this.camera = { k, x: w / 2 - middle * k, y: height * k <= h ? (h - height * k) / 2 : 8 };
    this.draw();
  }

  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const k = Math.min(4, Math.max(0.01, this.camera.k * factor));
    this.camera = { k, x: x - ((x - this.camera.x) * k) / this.camera.k, y: y - ((y - this.camera.y) * k) / this.camera.k };
    this.draw();
  }

  pan(dx, dy) {
    this.camera.x += dx;
    this.camera.y += dy;
    this.draw();
  }

  /** The innermost box under a point of the canvas, and whether it is the title of an open group. */
  at(clientX, clientY) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const x = (clientX - left - this.camera.x) / this.camera.k;
    const y = (clientY - top - this.camera.y) / this.camera.k;
    const hit = this.picture.boxes.findLast((b) => x >= b.x && x <= b.x + b.width && y >= b.y && y <= b.y + b.height);
    return hit && { box: hit, isTitle: hit.kind === "open" && y <= hit.y + TITLE };
  }

  // ----------------------------------------------------------------------------------------------------------- selection
  /** Selects a box, or nothing. */
  select(kind, number) {
    this.selected = kind ? { kind, number } : null;
    this.lightCurves();
    this.draw();
  }

  /** Shows a call, group, input or output: opens what is closed around it and moves there. */
  reveal(kind, number) {
    const closed = this.model.around(kind, number).filter((group) => !this.open.has(group));
    if (closed.length) {
      closed.forEach((group) => this.open.add(group));
      this.layOut();
    }
    this.select(kind, number);
    this.fit(this.boxOf(kind, number));
  }

  /** Lights these calls and dims the others; null lights all. */
  light(calls) {
    this.lit = calls;
    this.lightCurves();
    this.draw();
  }

  lightCurves() {
    const { model, lit, selected } = this;
    const calls = selected ? new Set(model.callsOf(selected)) : null;
    const touches = (operand) =>
      selected.number === operand && selected.kind !== "node" && selected.kind !== "group"
        ? true
        : calls.has(model.maker.get(operand)) || (model.readers.get(operand) ?? []).some((n) => calls.has(n));
    for (const curve of this.picture.curves) {
      const maker = model.maker.get(curve.operand);
      curve.isLit = lit ? (maker === undefined || lit.has(maker)) && (model.readers.get(curve.operand) ?? []).some((n) => lit.has(n)) : false;
      curve.isNear = Boolean(selected) && touches(curve.operand);
    }
  }

  isDim(box) {
    return this.lit !== null && box.kind !== "open" && !this.model.callsOf(box).some((n) => this.lit.has(n));
  }

  // ------------------------------------------------------------------------------------------------------------- drawing
  /** Draws in the next frame. */
  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.drawNow();
    });
  }

  drawNow() {
    const { canvas, context: c, camera } = this;
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio);
      canvas.height = Math.round(h * ratio);
    }
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.fillStyle = this.paint("canvas");
    c.fillRect(0, 0, w, h);
    c.setTransform(ratio * camera.k, 0, 0, ratio * camera.k, ratio * camera.x, ratio * camera.y);
    const seen = { left: -camera.x / camera.k, top: -camera.y / camera.k, right: (w - camera.x) / camera.k, low: (h - camera.y) / camera.k };
    const boxes = this.picture.boxes.filter((b) => b.x < seen.right && b.x + b.width > seen.left && b.y < seen.low && b.y + b.height > seen.top);
    const curves = this.picture.curves.filter((e) => e.left < seen.right && e.right > seen.left && e.top < seen.low && e.low > seen.top);
    this.drawFrames(boxes.filter((box) => box.kind === "open"));
    this.drawCurves(curves);
    this.drawBoxes(boxes.filter((box) => box.kind !== "open"));
  }

  drawFrames(boxes) {
    const { context: c } = this;
    for (const box of boxes) {
      c.fillStyle = this.paint(box.depth % 2 ? "frame-2" : "frame-1");
      c.strokeStyle = this.paint(this.isSelected(box) ? "accent" : "frame-line");
      c.lineWidth = this.isSelected(box) ? 3 : 1;
      c.beginPath();
      c.roundRect(box.x, box.y, box.width, box.height, 6);
      c.fill();
      c.stroke();
      if (this.camera.k < READABLE) continue;
      c.font = BOLD;
      c.fillStyle = this.paint("muted");
      const room = box.width - 20;
      c.textAlign = "left";
      c.fillText(cut(`▾ ${this.model.scene.groups[box.number].name}`, room), box.x + 8, box.y + 16);
    }
  }

  drawCurves(curves) {
    const rest = [];
    const lit = [];
    for (const curve of curves) (curve.isLit || curve.isNear ? lit : rest).push(curve);
    this.context.globalAlpha = this.lit ? 0.25 : 1;
    this.trace(rest, "line", 1.2);
    this.context.globalAlpha = 1;
    this.trace(lit, "accent", 2);
  }

  trace(curves, colour, width) {
    const { context: c, camera } = this;
    c.strokeStyle = this.paint(colour);
    c.lineWidth = Math.max(width, 0.7 / camera.k);
    c.beginPath();
    for (const { points: p, cut: isCut, isNear } of curves) {
      if (isCut && !isNear) {
        stub(c, p);
        continue;
      }
      c.moveTo(p[0], p[1]);
      for (let i = 2; i < p.length; i += 2) {
        const [x0, y0, x1, y1] = [p[i - 2], p[i - 1], p[i], p[i + 1]];
        const middle = (y0 + y1) / 2;
        if (x0 === x1 || camera.k < CURVED) c.lineTo(x1, y1);
        else c.bezierCurveTo(x0, middle, x1, middle, x1, y1);
      }
    }
    c.stroke();
    if (camera.k < READABLE) return;
    c.fillStyle = this.paint(colour);
    c.beginPath();
    for (const { points: p, ends } of curves) {
      if (!ends) continue;
      const [x, y] = [p.at(-2), p.at(-1)];
      c.moveTo(x, y);
      c.lineTo(x - 4, y - 7);
      c.lineTo(x + 4, y - 7);
    }
    c.fill();
  }

  drawBoxes(boxes) {
    const { context: c, camera } = this;
    const byFill = new Map();
    for (const box of boxes) {
      const fill = `${this.isDim(box) ? "dim " : ""}${this.fillOf(box)}`;
      if (!byFill.has(fill)) byFill.set(fill, []);
      byFill.get(fill).push(box);
    }
    const isSmall = camera.k < CURVED;
    for (const [fill, alike] of byFill) {
      c.globalAlpha = fill.startsWith("dim ") ? 0.25 : 1;
      c.fillStyle = fill.replace("dim ", "");
      c.beginPath();
      for (const box of alike) outline(c, box, isSmall);
      c.fill();
    }
    c.globalAlpha = 1;
    for (const box of boxes) if (this.isSelected(box)) this.ring(box);
    if (camera.k >= READABLE) for (const box of boxes) this.write(box);
  }

  ring(box) {
    const { context: c } = this;
    c.strokeStyle = this.paint("accent");
    c.lineWidth = Math.max(3, 2 / this.camera.k);
    c.beginPath();
    outline(c, { ...box, x: box.x - 3, y: box.y - 3, width: box.width + 6, height: box.height + 6 }, false);
    c.stroke();
  }

  write(box) {
    const { context: c } = this;
    const [title, detail] = this.linesOf([box.kind, box.number]).map(shortened);
    const middle = box.x + box.width / 2;
    c.globalAlpha = this.isDim(box) ? 0.35 : 1;
    c.textAlign = "center";
    c.fillStyle = this.paint(this.overlay && box.kind !== "input" && box.kind !== "output" ? "marked-text" : "box-text");
    c.font = BOLD;
    c.fillText(box.kind === "group" ? `▸ ${title}` : title, middle, box.y + 17);
    c.font = FONT;
    c.fillText(detail, middle, box.y + 33);
    c.globalAlpha = 1;
  }

  isSelected({ kind, number }) {
    return this.selected !== null && key(this.selected.kind, this.selected.number) === key(kind, number);
  }
}

const key = (kind, number) => `${kind === "open" ? "group" : kind} ${number}`;
const dims = ({ shape }) => (shape.length ? shape.join("×") : "scalar");

function outline(c, { kind, x, y, width, height }, isSmall) {
  if (isSmall) c.rect(x, y, width, height);
  else c.roundRect(x, y, width, height, kind === "input" || kind === "output" ? height / 2 : 5);
}

/** The two ends of a tensor that goes too far to be drawn. */
function stub(c, p) {
  c.moveTo(p[0], p[1]);
  c.lineTo(p[0], p[1] + 14);
  c.moveTo(p.at(-2) - 5, p.at(-1) - 14);
  c.lineTo(p.at(-2), p.at(-1));
}

/** A name with its middle left out. */
function shortened(text) {
  if (text.length <= LONGEST_TEXT) return text;
  return `${text.slice(0, LONGEST_TEXT / 2 - 1)}…${text.slice(-LONGEST_TEXT / 2)}`;
}

function cut(text, room) {
  const most = Math.max(3, Math.floor(room / 7));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** The colour of a mark from nothing to see, 0, to much, 1: from pale over orange to red. */
export function heat(level) {
  return `hsl(${Math.round(48 - 43 * level)} ${Math.round(35 + 50 * level)}% ${Math.round(88 - 34 * level)}%)`;
}
