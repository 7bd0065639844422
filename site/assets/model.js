// The results of a model in detail. They are read from its JSON when a reader opens a part: what few look at
// weighs nothing on the pages of a board of thousands.

import { draw, make, one, page } from "./dom.js";

const facts = page();
let reading = null;
let words = null;
let parts = null; // what is told of a number, in order

async function load(path) {
  const answer = await fetch(new URL(path, document.baseURI));
  if (!answer.ok) throw new Error(path);
  return answer.json();
}

const read = () => (reading ??= Promise.all([load(facts.data), load(facts.words)]).then(([data, said]) => {
  [words, parts] = [said, data.estimate];
  return data;
}));
const titled = (task) => words.names[`task.${task.task}`] ?? task.title;
const name = (group, key) => words.names[`${group}.${key}`] ?? key.replaceAll("_", " ").replaceAll("-", " ");
const head = (...inner) => make("th", { scope: "row" }, ...inner);
const number = (text) => make("td", { class: "b-num" }, `${text}`);
const percent = (value) => one(value === null ? null : 100 * value);
const estimates = (told) => Object.entries(told).map(([key, values]) => [key, Object.fromEntries(parts.map((part, i) => [part, values[i]]))]);
const span = (found, write) => `${write(found.low)} ${words.to} ${write(found.high)}`;
const code = (text, whole) => make("code", { title: whole }, text);

/** A file at a commit; a board that links nowhere shows its name. */
function blob(path, commit, shown) {
  return facts.blob ? make("a", { href: `${facts.blob}${commit || "main"}/${facts.folder}/${path}` }, shown) : make("code", {}, shown);
}

const LINES = {
  metrics: (task) => estimates(task.metrics).map(([metric, found], i) => make("tr", {},
    make("td", {}, i ? "" : titled(task)), head(make("a", { href: `${facts.metrics}#${metric}` }, name("metric", metric))),
    number(one(found.value, 4)), number(span(found, (value) => one(value, 4))), number(one(found.stderr, 4)), make("td", {}, name("tier", found.tier)))),
  groups: (task) => estimates(task.varies ? {} : task.groups).map(([group, found], i) => make("tr", {},
    make("td", {}, i ? "" : titled(task)), head(group), number(percent(found.value)), number(span(found, percent)), number(found.n))),
  origin: (task, setups) => [make("tr", {}, head(titled(task)),
    make("td", {}, blob(task.path, task.commit, task.path.split("/").at(-1)), ...(task.responses_kept ? [", ", blob(task.path.replace(".json", ".responses.jsonl.gz"), task.commit, words.responses)] : [])),
    make("td", {}, task.author ? `${task.commit.slice(0, 9)} ${task.author}` : "–"), make("td", {}, name("method", task.method)),
    make("td", {}, code(task.request_set.slice(0, 12), task.request_set)), number(one(task.run.seconds)),
    make("td", {}, Object.entries(task.counts).map(([key, n]) => `${n} ${name("count", key)}`).join(", ") || "–"),
    make("td", {}, `${setups[task.run.setup].evaluator.version} ${setups[task.run.setup].evaluator.commit.slice(0, 9)}`),
    make("td", { class: "b-why" }, Object.entries(setups[task.run.setup].environment).map((pair) => pair.join(" ")).join(", ")))],
  classes: (task) => task.labels.map((label, at) => make("tr", {}, head(label), ...perClass(task.confusion, at).map(number))),
};

/** Items, answers, precision, recall and F1 of a class: `class_tables` of evaluator/measure/score.py. */
function perClass(confusion, at) {
  const items = confusion[at].reduce((total, n) => total + n, 0);
  const answers = confusion.reduce((total, row) => total + row[at], 0);
  const share = (part, whole) => one(whole ? part / whole : 0, 3);
  const right = confusion[at][at];
  return [items, answers, share(right, answers), share(right, items), share(2 * right, items + answers)];
}

/** What was taken for what: shares of a row as shades, and as numbers where there is room. */
function confusion(task, place) {
  for (const region of place.querySelectorAll("[role=region]")) region.ariaLabel = titled(task) + words.colon + region.ariaLabel;
  place.querySelector("figure").prepend(shades(task, place.querySelector("figcaption b").textContent));
  const counts = place.querySelector(".b-confusion");
  counts.hidden = task.labels.length > 12;
  const empty = counts.querySelector("thead th:last-child");
  task.labels.forEach((label) => empty.before(make("th", { scope: "col", class: "b-num" }, label)));
  counts.querySelector("tbody").append(...task.labels.map((label, i) => make("tr", {}, head(label), ...task.confusion[i].map(number))));
}

function shades(task, about) {
  const { labels } = task;
  const size = Math.max(5, Math.min(26, 420 / (labels.length + 1)));
  const left = labels.length <= 30 ? 130 : 8;
  const side = size * labels.length;
  const shapes = new Map();
  task.confusion.forEach((counts, row) => counts.forEach((count, column) => {
    if (!count) return;
    const share = count / counts.reduce((total, n) => total + n, 0);
    const key = `${row === column ? "f" : "w"} ${share < 1 ? (Math.floor(4 * share) + 1) / 5 : 1}`;
    shapes.set(key, `${shapes.get(key) ?? ""}M${left + size * column} ${6 + size * row}h${size - 1}v${size - 1}h${1 - size}z`);
  }));
  const cut = (text) => (text.length <= 18 ? text : `${text.slice(0, 17)}…`);
  return draw("svg", { class: "b-chart", viewBox: `0 0 ${Math.round(left + side + size + 12)} ${Math.round(side + 14)}`, role: "img", "aria-label": titled(task) + words.colon + about },
    ...(left > 8 ? labels.map((label, row) => draw("text", { x: left - 6, y: 10 + size * (row + 0.5), "font-size": 11, "text-anchor": "end" }, cut(label))) : []),
    draw("path", { class: "l", d: `M${left - 1} 5h${side}v${side}h${-side}z` }),
    ...[...shapes].map(([key, d]) => draw("path", { class: key[0], opacity: key.slice(2), d })));
}

/** Fills a part that is opened for the first time. */
async function fill(details) {
  const { part, task } = details.dataset;
  const { tasks: all, setups } = await read();
  const tasks = all.filter((found) => found.state === "measured" && (!task || found.task === task));
  if (task) details.append(document.getElementById("b-classes").content.cloneNode(true));
  details.querySelector("tbody").append(...tasks.flatMap((found) => LINES[part](found, setups)));
  if (task) confusion(tasks[0], details);
  details.dataset.ready = "";
}

const all = [...document.querySelectorAll("details[data-part]")];
const filled = new Map();

function show(details) {
  if (!filled.has(details)) filled.set(details, fill(details).catch(() => details.append(make("p", { class: "b-foot" }, facts.failed))));
  return filled.get(details);
}

for (const details of all) details.addEventListener("toggle", () => show(details));

const report = document.getElementById("b-report");
report.hidden = false;
report.addEventListener("click", async () => {
  for (const details of all) details.open = true;
  await Promise.all(all.map(show));
  window.print();
});
