// Boxes over the image, the slider of scores, the filter of classes, and what can be kept.

import { fileOf } from "./api.js";
import { $, classColour, html, rectangle, svg } from "./drawing.js";

const FORMATS = ["picture", "json", "jsonl", "csv", "coco", "yolo", "voc", "labelme", "voc-results"];

export class Objects {
  constructor(choose) {
    this.choose = choose;
    $("threshold").addEventListener("input", () => this.render());
  }

  show(seen) {
    this.seen = seen;
    this.wanted = new Set(seen.classes);
    this.chosen = null;
    $("threshold").value = seen.confidence;
    const all = html("button", { type: "button", textContent: "all" });
    const none = html("button", { type: "button", textContent: "none" });
    all.onclick = () => this.want(seen.classes);
    none.onclick = () => this.want([]);
    this.boxes = new Map(seen.classes.map((name, label) => {
      const input = html("input", { type: "checkbox", checked: true });
      input.onchange = () => {
        this.wanted[input.checked ? "add" : "delete"](name);
        this.render();
      };
      return [name, { input, count: html("span"), label: html("label", {}, input, " ", swatch(label), name) }];
    }));
    $("classes").replaceChildren(...[...this.boxes.values()].map(({ label, count }) => {
      label.append(" ", count);
      return label;
    }), html("span", { className: "buttons" }, all, none));
    this.render();
  }

  want(names) {
    this.wanted = new Set(names);
    for (const [name, { input }] of this.boxes) input.checked = this.wanted.has(name);
    this.render();
  }

  // Those to be seen: what the slider and the filter leave, each with its number among all.
  visible() {
    const least = Number($("threshold").value);
    return this.seen.detections
      .map((found, number) => ({ ...found, number }))
      .filter((found) => found.score >= least && this.wanted.has(found.label));
  }

  mark(number) {
    this.chosen = number;
    this.render();
  }

  render() {
    if (!this.seen) return;
    const visible = this.visible();
    const least = Number($("threshold").value);
    $("threshold-value").textContent = least.toFixed(2);
    const counts = new Map();
    for (const { label, score } of this.seen.detections) if (score >= least) counts.set(label, (counts.get(label) ?? 0) + 1);
    for (const [name, { label, count }] of this.boxes) {
      count.textContent = counts.get(name) ?? "";
      label.classList.toggle("none", !counts.has(name));
    }
    $("count").textContent = visible.length === 1 ? "1 object" : `${visible.length} objects`;
    $("list").replaceChildren(...visible.map((found) => this.entry(found)));
    const classes = this.wanted.size === this.seen.classes.length ? null : [...this.wanted];
    $("downloads").replaceChildren(...FORMATS.map((format) =>
      html("a", { className: "button", textContent: format, href: fileOf(this.seen.id, format, least, classes), download: "" })));
    if (classes && !classes.length) $("downloads").replaceChildren("No class is chosen.");
    this.onrender?.();
  }

  entry(found) {
    const button = html("button", { type: "button" }, swatch(this.seen.classes.indexOf(found.label)), found.label,
      html("span", { className: "score", textContent: found.score.toFixed(2) }));
    button.setAttribute("aria-pressed", found.number === this.chosen);
    button.onclick = () => this.choose(found.number);
    return html("li", {}, button);
  }

  // The best is drawn last, on top.
  draw(overlay, unit) {
    for (const found of this.visible().reverse()) {
      const colour = classColour(this.seen.classes.indexOf(found.label));
      const group = svg("g", {
        class: found.number === this.chosen ? "object chosen" : "object",
        role: "button",
        tabindex: 0,
        "aria-label": `${found.label}, score ${found.score.toFixed(2)}: explain`,
        "data-number": found.number,
      });
      const text = svg("text", { "font-size": 13 * unit });
      text.textContent = `${found.label} ${found.score.toFixed(2)}`;
      group.append(rectangle(found.box, { class: "frame", stroke: colour }));
      group.onclick = () => this.choose(found.number);
      group.onkeydown = (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        this.choose(found.number);
      };
      overlay.append(group);
      group.append(text);
      const width = text.getComputedTextLength() + 6 * unit;
      const height = 18 * unit;
      const x = Math.max(0, Math.min(found.box[0], this.seen.width - width));
      const y = found.box[1] >= height ? found.box[1] - height : found.box[1];
      text.setAttribute("x", x + 3 * unit);
      text.setAttribute("y", y + 13.5 * unit);
      text.before(rectangle([x, y, x + width, y + height], { fill: colour }));
    }
  }
}

export function swatch(label) {
  const mark = html("span", { className: "swatch" });
  mark.style.background = classColour(label);
  return mark;
}
