// A table that has only those rows in the page that can be seen, however many there are; the page's own scrolling moves it.

import { element } from "../common/element.js";
import { refusal } from "./columns.js";
import { NOTHING } from "./words.js";

const BEYOND = 16; // rows above and below what is seen
const ARROWS = { ascending: "▲", descending: "▼", none: "" };

export class Table {
  /** In an element with the role of a table; `sort(column)` is called by the headers. */
  constructor(root, columns, sort) {
    this.columns = columns;
    this.rows = [];
    this.drawn = new Map();
    this.head = element("div", { role: "rowgroup", class: "head" });
    this.body = element("div", { role: "rowgroup", class: "body" });
    this.root = root;
    this.spanned = columns.filter(({ id }) => /^(difference|time) /.test(id)).length;
    root.setAttribute("aria-colcount", String(columns.length));
    root.style.setProperty("--columns", columns.map(({ width }, i) => (i ? `${width}px` : `minmax(${width}px, 1fr)`)).join(" "));
    root.style.setProperty("--width", `${columns.reduce((sum, { width }) => sum + width, 0)}px`);
    root.replaceChildren(this.head, this.body);
    this.titles(sort);
    this.follow();
  }

  titles(sort) {
    this.headers = this.columns.map((column) =>
      element(
        "div",
        { role: "columnheader", class: column.kind },
        element("button", { type: "button", onclick: () => sort(column) }, element("small", {}, element("bdi", {}, column.group)), " ", element("span", {}, `${column.title} `, element("span", { class: "arrow", "aria-hidden": "true" }))),
      ),
    );
    this.head.append(element("div", { role: "row", class: "row", "aria-rowindex": "1" }, this.headers));
  }

  follow() {
    const draw = () => {
      this.asked = 0;
      this.draw();
    };
    const soon = () => (this.asked ||= requestAnimationFrame(draw));
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    new ResizeObserver(soon).observe(document.documentElement);
    this.body.addEventListener("scroll", () => (this.head.scrollLeft = this.body.scrollLeft), { passive: true });
    this.head.addEventListener("scroll", () => (this.body.scrollLeft = this.head.scrollLeft), { passive: true });
    this.body.addEventListener("keydown", (event) => this.walk(event));
    this.body.addEventListener("click", (event) => {
      const at = /** @type {Element} */ (event.target);
      if (!at.closest("a") && !String(getSelection())) at.closest(".row")?.querySelector("a")?.click();
    });
  }

  /** Shows rows in the order of a column. */
  show(rows, sort) {
    this.rows = rows;
    this.drawn.clear();
    this.body.replaceChildren();
    this.body.style.setProperty("--count", String(rows.length));
    this.root.setAttribute("aria-rowcount", String(rows.length + 1));
    this.headers.forEach((header, i) => {
      const { id } = this.columns[i];
      const order = sort === id ? "ascending" : sort === `-${id}` ? "descending" : "none";
      header.setAttribute("aria-sort", order);
      header.querySelector(".arrow").textContent = ARROWS[order];
    });
    this.draw();
  }

  /** The first row that is seen, and how many are. */
  seen() {
    const { top, height } = this.body.getBoundingClientRect();
    const one = height / this.rows.length;
    return { first: Math.max(0, Math.floor(-top / one)), count: Math.ceil(innerHeight / one), below: Math.ceil((innerHeight - top) / one) };
  }

  draw() {
    if (!this.rows.length || !this.body.offsetHeight) return;
    const { first, below } = this.seen();
    const from = Math.max(0, Math.min(first - BEYOND, this.rows.length - 1));
    const to = Math.min(this.rows.length, Math.max(below, 0) + BEYOND);
    for (const [i, row] of this.drawn) {
      if ((i >= from && i < to) || row.contains(document.activeElement)) continue;
      row.remove();
      this.drawn.delete(i);
    }
    let next = this.body.firstElementChild;
    for (let i = from; i < to; i++) {
      while (next && Number(next.getAttribute("aria-rowindex")) < i + 2) next = next.nextElementSibling;
      if (this.drawn.has(i)) continue;
      const row = this.row(i);
      this.drawn.set(i, row);
      this.body.insertBefore(row, next);
    }
  }

  row(i) {
    const row = this.rows[i];
    const without = row.conversion.verdict !== "ok" && this.spanned > 0;
    const cells = [];
    for (let c = 0; c < this.columns.length; c++) {
      const { kind, cell } = this.columns[c];
      if (without && c === 2) {
        cells.push(element("div", { role: "cell", class: "refusal", "aria-colspan": this.spanned }, refusal(row)));
        c += this.spanned - 1;
      } else {
        const shown = cell(row);
        cells.push(element("div", { role: c ? "cell" : "rowheader", class: shown === NOTHING ? `${kind} empty` : kind }, shown));
      }
    }
    const made = element("div", { role: "row", class: row.expected ? "row" : "row unexpected", "aria-rowindex": i + 2 }, cells);
    made.style.setProperty("--at", String(i));
    if (without) cells[2].style.gridColumn = `span ${this.spanned}`;
    return made;
  }

  /** Keys go from row to row. */
  walk(event) {
    const row = /** @type {Element} */ (event.target).closest(".row");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = Number(row.getAttribute("aria-rowindex")) - 2;
    const page = this.seen().count - 2;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: this.rows.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.focus(Math.max(0, Math.min(to, this.rows.length - 1)));
  }

  focus(i) {
    const { top, height } = this.body.getBoundingClientRect();
    const one = height / this.rows.length;
    const y = top + i * one;
    if (y < 2 * one) scrollBy(0, y - 2 * one);
    else if (y + 2 * one > innerHeight) scrollBy(0, y + 2 * one - innerHeight);
    this.draw();
    this.drawn.get(i)?.querySelector("a")?.focus({ preventScroll: true });
  }
}
