// The results of a model in detail. They are read from its JSON when a reader opens a part: what few look at
// weighs nothing on the pages of a board of thousands.

import { cards, draw, make, one, page } from "./dom.js";

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

const FEW = 12; // classes whose every count fits into a table, and whose names fit beside a picture on a phone
const SOME = 30; // classes whose names fit beside a picture on a desk

/** What was taken for what: shares of a row as shades; as numbers all of it, or the most common mistakes. */
function confusion(task, place) {
  for (const region of place.querySelectorAll("[role=region]")) region.ariaLabel = titled(task) + words.colon + region.ariaLabel;
  const figure = place.querySelector("figure");
  figure.prepend(shades(task, figure.querySelector("b").textContent));
  const [heads, lines] = (task.labels.length > FEW ? mistakes : counts)(task);
  const right = (cell) => typeof cell === "number" && "b-num";
  const table = figure.nextElementSibling;
  table.hidden = !lines.length;
  table.querySelector("thead tr").append(...heads.map((text, i) => make("th", { scope: "col", class: right(lines[0]?.[i]) }, text)));
  table.querySelector("tbody").append(...lines.map(([first, ...rest]) => make("tr", {}, head(first), ...rest.map((cell) => make("td", { class: right(cell) }, `${cell}`)))));
}

const said = (task) => [...task.labels, words.none];
const counts = (task) => [[`${words.right} \\ ${words.answered}`, ...said(task)], task.labels.map((label, i) => [label, ...task.confusion[i]])];

function mistakes(task) {
  const every = task.confusion.flatMap((row, i) => row.map((n, j) => [task.labels[i], said(task)[j], n]).filter(([, , n], j) => n && i !== j));
  return [[words.right, words.answered, words.items], every.sort((a, b) => b[2] - a[2]).slice(0, FEW)];
}

/** The end of a text that does not fit is cut; a Chinese sign is as wide as two letters. */
const wide = (text) => [...text].reduce((width, sign) => width + (sign < "\u2e80" ? 6.2 : 11), 0);
function fit(text, room) {
  let kept = text;
  while (wide(kept) > room) kept = kept.slice(0, -1);
  return kept === text ? text : `${kept}…`;
}

function shades(task, about) {
  const { labels } = task;
  const [room, most] = matchMedia("(max-width: 37.5em)").matches ? [310, FEW] : [560, SOME];
  const names = labels.length <= most ? labels.map((label) => fit(label, 110)) : [];
  const left = 14 + Math.max(0, ...names.map(wide));
  const size = Math.max(5, Math.min(26, (room - left) / (labels.length + 1)));
  const side = size * labels.length;
  const shapes = new Map();
  task.confusion.forEach((row, i) => row.forEach((count, j) => {
    if (!count) return;
    const share = count / row.reduce((total, n) => total + n, 0);
    const key = `${i === j ? "f" : "w"} ${share < 1 ? (Math.floor(4 * share) + 2) / 6 : 1}`;
    shapes.set(key, `${shapes.get(key) ?? ""}M${left + size * j} ${6 + size * i}h${size - 1}v${size - 1}h${1 - size}z`);
  }));
  const [width, height] = [left + side + size + 12, side + 14].map(Math.round);
  return draw("svg", { class: "b-chart", style: `max-width:${width}px`, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": titled(task) + words.colon + about },
    ...names.map((name, i) => draw("text", { x: left - 6, y: 10 + size * (i + 0.5), "font-size": 11, "text-anchor": "end" }, name)),
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
  cards(details.querySelector("table"));
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
