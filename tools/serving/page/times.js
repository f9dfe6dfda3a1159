// Where the time went: a bar by stage, and R-CNN's below it, on one scale.

import { $, html, milliseconds, stageColour } from "./drawing.js";

const SHARED = ["read", "proposals"];

export function showTimes(seen, rival) {
  const lanes = [{ name: "SPP-net", stages: seen.milliseconds }];
  if (rival) {
    const shared = SHARED.filter((stage) => stage in seen.milliseconds).map((stage) => [stage, seen.milliseconds[stage]]);
    lanes.push({ name: "R-CNN", stages: { ...Object.fromEntries(shared), ...rival.milliseconds } });
  }
  const totals = lanes.map(({ stages }) => Object.values(stages).reduce((sum, value) => sum + value, 0));
  const longest = Math.max(...totals);
  $("times").hidden = false;
  $("times").className = "race";
  $("times").replaceChildren(...lanes.flatMap(({ name, stages }, place) => {
    const entries = Object.entries(stages);
    const lane = html("div", { className: "lane" }, ...entries.map(([stage, value]) => {
      const part = html("span", { title: `${stage} ${milliseconds(value)}` });
      part.style.background = stageColour(stage);
      part.style.flex = `${value} 0 0`;
      return part;
    }));
    lane.style.width = `${(100 * totals[place]) / longest}%`;
    lane.setAttribute("aria-hidden", "true");
    const ratio = rival && place ? `, ${(totals[1] / totals[0]).toFixed(0)} times as long` : "";
    return [
      html("div", { textContent: `${name}: ${milliseconds(totals[place])}${ratio}` }),
      lane,
      html("ul", { className: "stages" }, ...entries.map(([stage, value]) => {
        const mark = html("span", { className: "swatch" });
        mark.style.background = stageColour(stage);
        return html("li", {}, mark, `${stage} ${milliseconds(value)}`);
      })),
    ];
  }));
}
