// The results of a model in detail. They are read from its JSON when a reader opens a part: what few look at
// weighs nothing on the pages of a board of thousands.

import { draw, make, one, page } from "./dom.js";

const facts = page();
let reading = null;

const read = () => (reading ??= fetch(new URL(facts.data, document.baseURI)).then((answer) => {
  if (!answer.ok) throw new Error(facts.data);
  return answer.json();
}));
const titled = (task) => facts.names[`task.${task.task}`] ?? task.title;
const name = (group, key) => facts.names[`${group}.${key}`] ?? key.replaceAll("_", " ").replaceAll("-", " ");
const head = (...inner) => make("th", { scope: "row" }, ...inner);
const number = (text) => make("td", { class: "b-num" }, `${text}`);
const percent = (value) => one(value === null ? null : 100 * value);
const span = (found, write) => `${write(found.low)} ${facts.to} ${write(found.high)}`;
const code = (text, whole) => make("code", { title: whole }, text);

/** A file at a commit; a board that links nowhere shows its name. */
function blob(path, commit, shown) {
  return facts.blob ? make("a", { href: `${facts.blob}${commit || "main"}/${facts.folder}/${path}` }, shown) : make("code", {}, shown);
}

const LINES = {
  metrics: (task) => Object.entries(task.metrics).map(([metric, found], i) => make("tr", {},
    make("td", {}, i ? "" : titled(task)), head(make("a", { href: `${facts.metrics}#${metric}` }, name("metric", metric))),
    number(one(found.value, 4)), number(span(found, (value) => one(value, 4))), number(one(found.stderr, 4)), make("td", {}, name("tier", found.tier)))),
  groups: (task) => Object.entries(task.groups).map(([group, found], i) => make("tr", {},
    make("td", {}, i ? "" : titled(task)), head(group), number(percent(found.value)), number(span(found, percent)), number(found.n))),
  origin: (task) => [make("tr", {}, head(titled(task)),
    make("td", {}, blob(task.path, task.commit, task.path.split("/").at(-1)), ...(task.responses.kept ? [", ", blob(task.path.replace(".json", ".responses.jsonl.gz"), task.commit, facts.responses)] : [])),
    make("td", {}, task.author ? `${task.commit.slice(0, 9)} ${task.author}` : "–"), make("td", {}, name("method", task.method)),
    make("td", {}, code(task.request_set.sha256.slice(0, 12), task.request_set.sha256)), number(one(task.run.seconds)),
    make("td", {}, Object.entries(task.counts).filter(([, n]) => n).map(([key, n]) => `${n} ${name("count", key)}`).join(", ") || "–"),
    make("td", {}, `${task.run.evaluator.version} ${task.run.evaluator.commit.slice(0, 9)}`),
    make("td", { class: "b-why" }, Object.entries(task.run.environment).map((pair) => pair.join(" ")).join(", ")))],
  classes: (task) => task.classes.map((row) => make("tr", {}, head(row.label), number(row.support), number(row.predicted),
    ...["precision", "recall", "f1"].map((key) => number(one(row[key], 3))))),
};

/** What was taken for what: shares of a row as shades, and as numbers where there is room. */
function confusion(task, place) {
  for (const region of place.querySelectorAll("[role=region]")) region.ariaLabel = titled(task) + facts.colon + region.ariaLabel;
  place.querySelector("figure").prepend(shades(task, place.querySelector("figcaption b").textContent));
  const counts = place.querySelector(".b-confusion");
  counts.hidden = task.classes.length > 12;
  const empty = counts.querySelector("thead th:last-child");
  task.classes.forEach((row) => empty.before(make("th", { scope: "col", class: "b-num" }, row.label)));
  counts.querySelector("tbody").append(...task.classes.map((row, i) => make("tr", {}, head(row.label), ...task.confusion[i].map(number))));
}

function shades(task, about) {
  const labels = task.classes.map((row) => row.label);
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
  return draw("svg", { class: "b-chart", viewBox: `0 0 ${Math.round(left + side + size + 12)} ${Math.round(side + 14)}`, role: "img", "aria-label": titled(task) + facts.colon + about },
    ...(left > 8 ? labels.map((label, row) => draw("text", { x: left - 6, y: 10 + size * (row + 0.5), "font-size": 11, "text-anchor": "end" }, cut(label))) : []),
    draw("path", { class: "l", d: `M${left - 1} 5h${side}v${side}h${-side}z` }),
    ...[...shapes].map(([key, d]) => draw("path", { class: key[0], opacity: key.slice(2), d })));
}

/** Fills a part that is opened for the first time. */
async function fill(details) {
  const { part, task } = details.dataset;
  const tasks = (await read()).tasks.filter((found) => found.state === "measured" && (!task || found.task === task));
  if (task) details.append(document.getElementById("b-classes").content.cloneNode(true));
  details.querySelector("tbody").append(...tasks.flatMap(LINES[part]));
  if (task) confusion(tasks[0], details);
  details.dataset.ready = "";
}

for (const details of document.querySelectorAll("details[data-part]")) {
  details.addEventListener("toggle", () => {
    fill(details).catch(() => details.append(make("p", { class: "b-foot" }, facts.failed)));
  }, { once: true });
}
