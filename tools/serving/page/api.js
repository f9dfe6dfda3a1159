// What the page asks of the server.

async function answered(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the server does not answer; is it still running?");
  }
  if (response.ok) return response.json();
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.error || `the server answers ${response.status}`);
}

const query = (values) => new URLSearchParams(values).toString();
const kept = (id) => `look/${encodeURIComponent(id)}`;

export const models = () => answered("models");

export function look(file, model, signal) {
  const body = new FormData();
  body.append("image", file, file.name || "image");
  return answered(`look?${query({ model })}`, { method: "POST", body, signal });
}

export const pyramid = (id, box) => answered(`${kept(id)}/pyramid?${query({ box })}`);
export const explainObject = (id, object) => answered(`${kept(id)}/explain?${query({ object })}`);
export const explainWindow = (id, box) => answered(`${kept(id)}/explain?${query({ box })}`);
export const rcnn = (id) => answered(`${kept(id)}/rcnn`, { method: "POST" });
export const imageOf = (id) => `${kept(id)}/image`;

export function fileOf(id, format, confidence, classes) {
  const values = new URLSearchParams({ confidence });
  for (const name of classes ?? []) values.append("class", name);
  return `${kept(id)}/files/${format}?${values}`;
}
