// Elements, and the colours of classes, stages and heat.

export const $ = (id) => document.getElementById(id);

export function html(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export const rectangle = ([x1, y1, x2, y2], attributes) =>
  svg("rect", { x: x1, y: y1, width: Math.max(0, x2 - x1), height: Math.max(0, y2 - y1), ...attributes });

// Those of the pictures that `sppnet detect` draws.
export function classColour(label) {
  const hue = (label * 0.618034) % 1;
  const channel = (offset) => {
    const k = (offset + hue * 6) % 6;
    return Math.round(255 * (1 - 0.65 * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return `rgb(${channel(5)} ${channel(3)} ${channel(1)})`;
}

const STAGES = {
  read: "#8d99ae", proposals: "#e09f3e", warping: "#c77dff", conv: "#4c9be8", pooling: "#2a9d8f", fc: "#90be6d",
  scores: "#d62839", suppression: "#f28482", regression: "#b56576", other: "#777777",
};
export const stageColour = (stage) => STAGES[stage] ?? STAGES.other;

// Dark blue over violet and orange to light yellow, for strengths from 0 to 1.
const HEAT = [[13, 8, 70], [126, 3, 168], [224, 84, 98], [252, 166, 54], [244, 250, 180]];
export function heat(strength) {
  const place = Math.max(0, Math.min(1, strength)) * (HEAT.length - 1);
  const low = Math.min(Math.floor(place), HEAT.length - 2);
  return HEAT[low].map((value, channel) => Math.round(value + (HEAT[low + 1][channel] - value) * (place - low)));
}
export const heatColour = (strength) => `rgb(${heat(strength).join(" ")})`;

export const milliseconds = (value) => (value >= 9950 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(value < 9.95 ? 1 : 0)} ms`);
