// Ties the parts of the page together: an image comes in, the tabs show what the model sees of it.

import * as api from "./api.js";
import { $ } from "./drawing.js";
import { Explanation } from "./explanation.js";
import { takeImages } from "./intake.js";
import { Objects } from "./objects.js";
import { Proposals } from "./proposals.js";
import { Pyramid } from "./pyramid.js";
import { showTimes } from "./times.js";

const TABS = ["objects", "proposals", "pyramid"];
const overlay = $("overlay");
let seen = null;
let file = null;
let tab = "objects";
let coming = null;

const objects = new Objects(explainObject);
const proposals = new Proposals();
const pyramid = new Pyramid(overlay, complain);
const explanation = new Explanation();
const windowExplanation = new Explanation();
objects.onrender = draw;
pyramid.onrender = draw;
pyramid.onmove = () => windowExplanation.clear($("window-explanation"));

function say(text, isError = false) {
  $("message").textContent = text;
  $("message").classList.toggle("error", isError);
}

function complain(text) {
  say(text, true);
}

async function look(given) {
  coming?.abort();
  coming = new AbortController();
  const { signal } = coming;
  file = given;
  say(`Looking at ${given.name} ...`);
  try {
    const found = await api.look(given, $("model").value, signal);
    await showImage(given, found);
    if (signal.aborted) return;
    seen = found;
    say(found.warnings.join("; "));
    $("panel").hidden = false;
    explanation.clear($("explanation"));
    pyramid.onmove();
    $("rcnn-note").textContent = "";
    $("rcnn").disabled = false;
    overlay.setAttribute("viewBox", `0 0 ${seen.width} ${seen.height}`);
    proposals.show(seen);
    pyramid.show(seen);
    objects.show(seen);
    showTimes(seen);
    choose(tab);
  } catch (error) {
    if (error.name !== "AbortError") complain(error.message);
  }
}

// The browser shows the file itself; one that it cannot read, or turns otherwise, comes from the server as JPEG.
async function showImage(given, found) {
  const image = $("image");
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(given);
  const readable = await image.decode().then(() => true, () => false);
  if (!readable || image.naturalWidth !== found.width || image.naturalHeight !== found.height) {
    image.src = api.imageOf(found.id);
    await image.decode();
  }
  image.alt = `${found.image}, ${found.width} by ${found.height} pixels`;
  $("picture").style.setProperty("--aspect", found.width / found.height);
  $("invitation").hidden = true;
  $("picture").hidden = false;
}

function draw() {
  if (!seen) return;
  const focused = overlay.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.dataset.number;
  const unit = seen.width / (overlay.getBoundingClientRect().width || seen.width);
  overlay.replaceChildren();
  proposals.clear();
  if (tab === "objects") {
    explanation.draw(overlay);
    objects.draw(overlay, unit);
  } else if (tab === "proposals") {
    proposals.draw();
  } else {
    pyramid.draw(overlay, unit);
  }
  if (focused) (key === undefined ? overlay.querySelector(".window") : overlay.querySelector(`[data-number="${key}"]`))?.focus();
}

function choose(name) {
  tab = name;
  for (const each of TABS) {
    $(each).hidden = each !== name;
    $(`tab-${each}`).setAttribute("aria-selected", each === name);
    $(`tab-${each}`).tabIndex = each === name ? 0 : -1;
  }
  if (name === "pyramid") pyramid.enter();
  draw();
}

async function explainObject(number) {
  objects.mark(number);
  try {
    explanation.show($("explanation"), await api.explainObject(seen.id, number), draw);
  } catch (error) {
    complain(error.message);
  }
}

async function explainWindow() {
  try {
    windowExplanation.show($("window-explanation"), await api.explainWindow(seen.id, pyramid.box.join(",")));
  } catch (error) {
    complain(error.message);
  }
}

async function race() {
  const asked = seen;
  $("rcnn").disabled = true;
  $("rcnn-note").textContent = `R-CNN convolves ${asked.windows.length} windows ...`;
  try {
    const rival = await api.rcnn(asked.id);
    if (asked !== seen) return;
    showTimes(asked, rival);
    const least = Number($("threshold").value);
    const found = rival.detections?.filter(({ score }) => score >= least);
    const names = found && (found.map(({ label, score }) => `${label} ${score.toFixed(2)}`).join(", ") || "nothing");
    $("rcnn-note").textContent = `Of ${rival.windows} windows; ${rival.note}.${names ? ` It finds ${names}.` : ""}`;
  } catch (error) {
    if (asked === seen) $("rcnn-note").textContent = error.message;
  }
  $("rcnn").disabled = false;
}

for (const name of TABS) {
  $(`tab-${name}`).addEventListener("click", () => choose(name));
  $(`tab-${name}`).addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const next = TABS[(TABS.indexOf(name) + step + TABS.length) % TABS.length];
    choose(next);
    $(`tab-${next}`).focus();
  });
}
$("rcnn").addEventListener("click", race);
$("why").addEventListener("click", explainWindow);
$("model").addEventListener("change", () => file && look(file));
new ResizeObserver(draw).observe($("picture"));
takeImages(look, complain);

try {
  for (const { name } of await api.models()) $("model").append(new Option(name, name));
} catch (error) {
  complain(error.message);
}
