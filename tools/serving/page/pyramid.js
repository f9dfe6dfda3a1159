// The pyramid in the hand: a window that can be dragged, its cells, its bins, and its vector of constant length.

import { pyramid } from "./api.js";
import { $, heat, heatColour, html, rectangle, svg } from "./drawing.js";

const LEAST = 4; // pixels of the image

export class Pyramid {
  constructor(overlay, complain) {
    this.overlay = overlay;
    this.complain = complain;
    $("view").addEventListener("change", () => this.redraw());
    $("level").addEventListener("change", () => this.redraw());
    overlay.addEventListener("pointerdown", (event) => this.grab(event));
    overlay.addEventListener("pointermove", (event) => this.drag(event));
    for (const kind of ["pointerup", "pointercancel"]) overlay.addEventListener(kind, () => { this.held = null; });
  }

  show(seen) {
    this.seen = seen;
    this.pooled = null;
    const best = seen.detections[0]?.box ?? [0.25, 0.25, 0.75, 0.75].map((part, edge) => part * [seen.width, seen.height][edge % 2]);
    this.box = best.map(Math.round);
    this.fit();
  }

  enter() {
    if (!this.pooled) this.ask();
  }

  // Windows move faster than answers come: one question is under way, and only the latest waits.
  async ask() {
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    const seen = this.seen;
    try {
      const pooled = await pyramid(seen.id, this.box.join(","));
      if (seen === this.seen) {
        this.pooled = pooled;
        this.describe();
        this.redraw();
      }
    } catch (error) {
      this.complain(error.message);
    }
    this.asking = false;
    if (this.again) {
      this.again = false;
      this.ask();
    }
  }

  grab(event) {
    if (!event.target.closest(".window, .handle")) return;
    event.preventDefault();
    this.overlay.setPointerCapture(event.pointerId);
    this.held = { corner: event.target.dataset.corner, from: this.point(event), box: [...this.box] };
    this.overlay.querySelector(".window").focus();
  }

  drag(event) {
    if (!this.held) return;
    const [x, y] = this.point(event);
    const [dx, dy] = [x - this.held.from[0], y - this.held.from[1]];
    const [x1, y1, x2, y2] = this.held.box;
    const corner = this.held.corner;
    if (!corner) return this.move(this.shifted(this.held.box, dx, dy));
    const { width, height } = this.seen;
    const box = [x1, y1, x2, y2];
    if (corner.includes("w")) box[0] = clamp(x1 + dx, 0, x2 - LEAST); else box[2] = clamp(x2 + dx, x1 + LEAST, width);
    if (corner.includes("n")) box[1] = clamp(y1 + dy, 0, y2 - LEAST); else box[3] = clamp(y2 + dy, y1 + LEAST, height);
    this.move(box);
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const pixels = Math.max(1, Math.round(Math.max(this.seen.width, this.seen.height) / 100));
    const [dx, dy] = step.map((part) => part * pixels);
    const [x1, y1, x2, y2] = this.box;
    const { width, height } = this.seen;
    this.move(event.shiftKey
      ? [x1, y1, clamp(x2 + dx, x1 + LEAST, width), clamp(y2 + dy, y1 + LEAST, height)]
      : this.shifted(this.box, dx, dy));
  }

  shifted([x1, y1, x2, y2], dx, dy) {
    const right = clamp(dx, -x1, this.seen.width - x2);
    const down = clamp(dy, -y1, this.seen.height - y2);
    return [x1 + right, y1 + down, x2 + right, y2 + down];
  }

  fit() {
    const { width, height } = this.seen;
    const [x1, y1, x2, y2] = this.box;
    this.box = [clamp(x1, 0, width - LEAST), clamp(y1, 0, height - LEAST), clamp(x2, LEAST, width), clamp(y2, LEAST, height)];
  }

  move(box) {
    this.box = box.map((edge) => Math.round(edge * 10) / 10);
    this.onmove?.();
    this.redraw();
    this.ask();
  }

  point(event) {
    const { left, top, width } = this.overlay.getBoundingClientRect();
    const scale = this.seen.width / width;
    return [(event.clientX - left) * scale, (event.clientY - top) * scale];
  }

  describe() {
    const { pooled } = this;
    fill($("view"), pooled.views.map(({ view, map }) => `${view}, ${map}`));
    const chosen = pooled.views[$("view").value] ?? pooled.views[0];
    fill($("level"), chosen.levels.map(({ side }) => `${side} × ${side}`), chosen.levels.length - 1);
  }

  get view() {
    return this.pooled.views[$("view").value];
  }

  redraw() {
    this.onrender?.();
    if (!this.pooled) return;
    this.describe();
    const { pooled, view } = this;
    const [x1, y1, x2, y2] = view.cells;
    const size = this.box.slice(2).map((edge, axis) => Math.round(edge - this.box[axis])).join(" × ");
    $("pooled-size").textContent = `A window of ${size} pixels, at the short side of ${pooled.scale}: ${x2 - x1} × ${y2 - y1} cells of ${view.map}, `
      + `${view.levels.map(({ side }) => side * side).join(" + ")} bins of ${view.channels} values.`;
    $("levels").replaceChildren(...view.levels.map(levelFigure));
    $("vector-title").textContent = `Vector: ${pooled.dimensions.toLocaleString("en")} values, whatever the window`;
    drawVector($("vector"), pooled);
  }

  draw(overlay, unit) {
    if (this.pooled) this.drawBins(overlay);
    const window = rectangle(this.box, {
      class: "window", tabindex: 0, role: "slider", "aria-valuenow": Math.round(this.box[0]),
      "aria-label": "Window: arrow keys move it, Shift and arrow keys change its size",
      "aria-valuetext": `from ${this.box.slice(0, 2).map(Math.round)} to ${this.box.slice(2).map(Math.round)}`,
    });
    window.addEventListener("keydown", (event) => this.key(event));
    overlay.append(window);
    const [x1, y1, x2, y2] = this.box;
    const side = 7 * unit;
    for (const [corner, x, y] of [["nw", x1, y1], ["ne", x2, y1], ["sw", x1, y2], ["se", x2, y2]]) {
      const handle = rectangle([x - side, y - side, x + side, y + side], { class: "handle", "data-corner": corner });
      handle.style.cursor = corner === "nw" || corner === "se" ? "nwse-resize" : "nesw-resize";
      overlay.append(handle);
    }
  }

  drawBins(overlay) {
    const { view } = this;
    const { bins } = view.levels[$("level").value] ?? view.levels.at(-1);
    const strongest = Math.max(...bins.map(({ strength }) => strength), 1e-9);
    for (const { box, strength } of bins) {
      overlay.append(rectangle(box, { class: "bin", fill: heatColour(strength / strongest), "fill-opacity": 0.45 }));
    }
    const [x1, y1, x2, y2] = view.cells;
    const [left, top, right, bottom] = view.box;
    const lines = svg("g", { class: "grid" });
    const [width, height] = [(right - left) / (x2 - x1), (bottom - top) / (y2 - y1)];
    for (let row = 0; row < y2 - y1; row++) {
      for (let column = 0; column < x2 - x1; column++) {
        const [x, y] = [left + column * width, top + row * height];
        lines.append(rectangle([x, y, x + width, y + height], { class: "cell" }));
      }
    }
    overlay.append(lines, rectangle(view.box, { class: "cells" }));
  }
}

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

function fill(select, names, usual = 0) {
  if (select.options.length === names.length && [...select.options].every((option, place) => option.text === names[place])) return;
  select.replaceChildren(...names.map((text, value) => html("option", { text, value })));
  select.value = usual;
}

// One level as a small picture: a bin is a square, as bright as it is strong.
function levelFigure({ side, bins }) {
  const canvas = html("canvas", { width: side, height: side });
  const context = canvas.getContext("2d");
  const strongest = Math.max(...bins.map(({ strength }) => strength), 1e-9);
  bins.forEach(({ strength }, place) => {
    context.fillStyle = heatColour(strength / strongest);
    context.fillRect(place % side, Math.floor(place / side), 1, 1);
  });
  return html("figure", {}, canvas, html("figcaption", { textContent: `${side} × ${side}` }));
}

// The vector as a picture of constant size: a bin is a row, a channel a column, a view a block.
function drawVector(canvas, { vector, views }) {
  const width = Math.max(...views.map(({ channels }) => channels));
  const rows = views.map(({ levels }) => levels.reduce((sum, { side }) => sum + side * side, 0));
  const height = rows.reduce((sum, count) => sum + count, 0) + views.length - 1;
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  let [start, row] = [0, 0];
  views.forEach(({ channels }, place) => {
    const values = vector.slice(start, start + rows[place] * channels);
    const [low, high] = values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
    for (let bin = 0; bin < rows[place]; bin++) {
      for (let column = 0; column < width; column++) {
        const value = values[bin * channels + Math.floor((column * channels) / width)];
        picture.data.set([...heat(Math.sqrt((value - low) / (high - low || 1))), 255], 4 * ((row + bin) * width + column));
      }
    }
    start += values.length;
    row += rows[place] + 1;
  });
  context.putImageData(picture, 0, 0);
}
