// Why a window scored what it scored: the parts of its margin as bars, and as a heat map over the image.

import { html, rectangle } from "./drawing.js";

export class Explanation {
  // Without anything to redraw there is no heat map.
  show(target, explanation, redraw) {
    this.content = explanation;
    const { best, second, pooled } = explanation;
    const finest = (view) => view.levels.length - 1;
    this.place = { view: 0, level: finest(pooled.views[0]) };
    const choice = html("select");
    pooled.views.forEach(({ view, map, levels }, number) => levels.forEach(({ side }, level) =>
      choice.append(html("option", { text: `${view}, ${map}, ${side} × ${side}`, value: `${number},${level}` }))));
    choice.value = `0,${this.place.level}`;
    choice.onchange = () => {
      const [view, level] = choice.value.split(",").map(Number);
      this.place = { view, level };
      redraw();
    };
    target.replaceChildren(
      html("h2", { textContent: `${best.label}: score ${best.score.toFixed(2)}, margin ${signed(best.margin)}` }),
      table(best, second),
      html("p", { className: "quiet", textContent: sentence(explanation) }),
      ...(redraw ? [html("label", {}, "Heat map ", choice)] : []),
      ...nearest(explanation.neighbours),
    );
    redraw?.();
  }

  clear(target) {
    this.content = null;
    target.replaceChildren();
  }

  draw(overlay) {
    if (!this.content) return;
    const { pooled, best, window } = this.content;
    const { view, level } = this.place;
    const parts = best.views[view].levels[level].parts.flat();
    const largest = Math.max(...parts.map(Math.abs), 1e-9);
    pooled.views[view].levels[level].bins.forEach((bin, number) => overlay.append(rectangle(bin.box, {
      class: "bin",
      fill: parts[number] > 0 ? "#ff3b30" : "#2f6fff",
      "fill-opacity": 0.6 * Math.abs(parts[number]) / largest,
      "pointer-events": "none",
    })));
    overlay.append(
      rectangle(window, { class: "proposed under", "pointer-events": "none" }),
      rectangle(window, { class: "proposed", "pointer-events": "none" }),
    );
  }
}

function table(best, second) {
  const rows = best.views.map(({ view, map, part }, number) => [`${view}, ${map}`, part, second?.views[number].part]);
  rows.push(["bias", best.bias, second?.bias]);
  if (best.rivals || second?.rivals) rows.push(["other classes", best.rivals, second?.rivals]);
  const largest = Math.max(...rows.flatMap(([, first, other]) => [Math.abs(first), Math.abs(other ?? 0)]), 1e-9);
  const bar = (value) => {
    const mark = html("span", { className: `bar ${value > 0 ? "for" : "against"}` });
    mark.style.width = `${(100 * Math.abs(value)) / largest}%`;
    return mark;
  };
  const line = ([name, first, other]) => html("tr", {}, html("th", { scope: "row", textContent: name }),
    html("td", { className: "track" }, bar(first)), html("td", { textContent: signed(first) }),
    html("td", { textContent: other === undefined ? "" : signed(other) }));
  const head = html("tr", {}, html("td"), html("td"), html("td", { textContent: best.label }), html("td", { textContent: second?.label ?? "" }));
  const sum = html("tr", { className: "sum" }, html("th", { scope: "row", textContent: "margin" }), html("td"),
    html("td", { textContent: signed(best.margin) }), html("td", { textContent: second ? signed(second.margin) : "" }));
  return html("table", {}, html("tbody", {}, head, ...rows.map(line), sum));
}

// Only of models that were trained with --keep-examples.
function nearest(neighbours) {
  if (!neighbours.length) return [];
  return [html("h2", { textContent: "Nearest training examples" }), html("div", { className: "examples" }, ...neighbours.map(
    ({ label, distance, jpeg }) => html("figure", {}, html("img", { src: `data:image/jpeg;base64,${jpeg}`, alt: "" }),
      html("figcaption", { textContent: `${label}, ${distance.toFixed(2)}` }))))];
}

function sentence({ object, exact, pooled, window, box, best }) {
  const moved = Math.max(...box.map((edge, place) => Math.abs(edge - window[place]))).toFixed(0);
  const parts = exact ? "The parts add up to the margin." : "Fully connected layers lie between: the parts are an estimate.";
  const regression = object === null ? "Regression would move its sides" : "Regression moved the sides of the dashed window";
  return `Seen at a short side of ${pooled.scale} pixels. Red speaks for ${best.label} against ${best.against}, blue the other way. ${parts} ${regression} by up to ${moved} pixels.`;
}

const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
