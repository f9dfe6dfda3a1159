// The windows that selective search proposes, by rank.

import { $, heatColour } from "./drawing.js";

const FIRST = 100; // so many are shown before the slider is touched

export class Proposals {
  constructor() {
    $("ranks").addEventListener("input", () => this.draw());
  }

  show(seen) {
    this.seen = seen;
    $("ranks").max = seen.windows.length;
    $("ranks").value = Math.min(FIRST, seen.windows.length);
  }

  clear() {
    const canvas = $("windows");
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  }

  draw() {
    const canvas = $("windows");
    const { width, height } = canvas.getBoundingClientRect();
    [canvas.width, canvas.height] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    const context = canvas.getContext("2d");
    const scale = canvas.width / this.seen.width;
    const count = Number($("ranks").value);
    $("ranks-value").textContent = `${count} of ${this.seen.windows.length}`;
    context.lineWidth = 1.5 * devicePixelRatio;
    context.globalAlpha = count > 300 ? 0.5 : 0.9;
    for (let rank = count - 1; rank >= 0; rank--) {
      const [x1, y1, x2, y2] = this.seen.windows[rank].map((edge) => edge * scale);
      context.strokeStyle = heatColour(1 - rank / count);
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
  }
}
