// Two to six models side by side. The first is called A; each other one is compared with it, item by item.

import { cards, cell, count, download, draw, make, one, page, say } from "./dom.js";
import { compareIndex, compareVectors, judge, unpack } from "./paired.js";

const facts = page();
const words = facts.words;
const MOST = 6;
const LETTERS = "ABCDEF";
const out = document.getElementById("b-out");
const status = document.getElementById("b-status");
const search = document.getElementById("b-q");
const read = new Map(); // address -> what was read, once

let chosen = new URLSearchParams(location.search).getAll("m").filter((slug) => /^[a-z0-9.-]+--[a-z0-9.-]+$/.test(slug)).slice(0, MOST);

function load(path) {
  if (!read.has(path)) {
    read.set(path, fetch(new URL(path, document.baseURI)).then((answer) => {
      if (!answer.ok) throw new Error(path);
      return answer.json();
    }));
  }
  return read.get(path);
}

const name = (group, key) => facts.names[`${group}.${key}`] ?? key.replaceAll("_", " ");
const points = (value, digits = 1) => (value > 0 ? "+" : "") + one(100 * value, digits);
const chance = (p) => (p < 0.001 ? "< 0.001" : p.toFixed(3));

/** Returns the tasks of all suites that both models ask for: the family of `evaluator compare`. */
function family(a, b) {
  const shared = a.suites.filter((suite) => b.suites.includes(suite) && facts.suites[suite]);
  return [...new Set(shared.flatMap((suite) => facts.suites[suite].tasks))];
}

/** Returns the parts of two questions that keep their answers apart. */
function differing(one, other, asked) {
  if (one.question === other.question) return [];
  const own = one.method === other.method ? [] : asked.own;
  const [first, second] = [asked.questions[one.question].parts, asked.questions[other.question].parts];
  return Object.keys(first).filter((part) => first[part] !== second[part] && !own.includes(part));
}

/** Compares two models: rows of tasks, refusals with their reason, tasks without a number. */
function compare(a, b, asked) {
  const [rows, refused, gaps] = [[], [], []];
  for (const task of family(a, b)) {
    const [one, other] = [a.tasks[task], b.tasks[task]];
    if (!one || !other) gaps.push({ task, a: Boolean(one), b: Boolean(other) });
    else if (differing(one, other, asked).length) refused.push({ task, parts: differing(one, other, asked) });
    else {
      const question = asked.questions[one.question];
      rows.push(compareVectors(unpack(one, question.n), unpack(other, question.n), question, task));
    }
  }
  return { rows: judge(rows), refused, gaps };
}

async function show() {
  history.replaceState(null, "", location.pathname + (chosen.length ? `?${chosen.map((slug) => `m=${encodeURIComponent(slug)}`).join("&")}` : ""));
  const found = await Promise.all(chosen.map((slug) => load(`${facts.items}${slug}.json`).catch(() => null)));
  const models = found.filter(Boolean);
  const lost = models.length < found.length ? `${words.unknown} ` : "";
  chosen = models.map((model) => model.slug);
  drawChosen(models);
  if (models.length < 2) {
    status.textContent = lost + words.few;
    return out.replaceChildren();
  }
  const asked = await load(`${facts.data}questions.json`);
  const pairs = models.slice(1).map((other, i) => ({ other, letter: LETTERS[i + 1], ...compare(models[0], other, asked) }));
  status.textContent = lost + say(words.compared, { n: models.length });
  document.getElementById("b-command").textContent = models.slice(1).map((other) => `evaluator compare ${models[0].model} ${other.model}`).join("\n");
  out.replaceChildren(...verdicts(models[0], pairs), forest(models[0], pairs), picture(models[0], pairs, asked), settings(models));
}

// --- the models

function drawChosen(models) {
  document.getElementById("b-chosen").replaceChildren(...models.map((model, i) => make("li", {},
    make("b", {}, LETTERS[i]), " ", make("a", { href: facts.models.replace("SLUG", model.slug) }, model.title), " ",
    i ? make("button", { type: "button", "aria-label": say(words.lead_of, { title: model.title }), onclick: () => change([chosen[i], ...chosen.filter((_, at) => at !== i)]) }, words.lead) : null, " ",
    make("button", { type: "button", "aria-label": say(words.remove_of, { title: model.title }), onclick: () => change(chosen.filter((_, at) => at !== i)) }, words.remove))));
  search.disabled = chosen.length >= MOST;
}

function change(next) {
  chosen = [...new Set(next)].slice(0, MOST);
  find();
  return show();
}

async function find() {
  const known = await load(`${facts.data}models.json`);
  const needles = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = known.slug.map((_, i) => i).filter((i) => !chosen.includes(known.slug[i]) && needles.every((needle) => `${known.title[i]} ${known.slug[i]} ${known.organisation[i]}`.toLowerCase().includes(needle)));
  const shown = search.value || chosen.length < 2 ? fits.slice(0, 8) : [];
  document.getElementById("b-found").replaceChildren(...shown.map((i) => make("li", {}, make("button", { type: "button", onclick: () => {
    search.value = "";
    change([...chosen, known.slug[i]]).then(() => search.focus());
  } }, `+ ${known.title[i]}`))));
}

// --- what it comes to

/** Says in words who is ahead. */
function verdicts(a, pairs) {
  return pairs.map(({ other, rows, refused }) => {
    const named = { a: a.title, b: other.title };
    const suite = Object.values(facts.suites).find(({ title, tasks, weights }) => title && tasks.length && tasks.every((task) => weights[task] && rows.some((row) => row.task === task)));
    const told = [];
    if (suite) {
      const index = compareIndex(rows.filter((row) => suite.tasks.includes(row.task)), suite.weights);
      const ahead = index.value >= 0 ? named : { a: named.b, b: named.a };
      const [low, high] = index.value >= 0 ? [index.low, index.high] : [-index.high, -index.low];
      told.push(say(low > 0 ? words.ahead : words.level, { ...ahead, suite: suite.title, points: one(Math.abs(index.value)), low: one(low), high: one(high) }));
    }
    const won = (side) => rows.filter((row) => row.better === side).length;
    told.push(rows.length ? say(words.proven, { ...named, won: won("a"), lost: won("b"), all: rows.length }) : say(words.nothing, named));
    if (rows.some((row) => !row.better)) told.push(words.rest);
    if (refused.length) told.push(say(words.refused, { n: refused.length }));
    return make("p", { class: "b-headline" }, told.join(words.stop));
  });
}

/** The forest of paired differences, with its numbers: one table, one scale. */
function forest(a, pairs) {
  const ends = pairs.flatMap(({ rows }) => rows.flatMap((row) => [row.low, row.high]));
  const most = Math.max(0.01, ...ends.map(Math.abs));
  const heads = [words.task, "A", words.other, words.difference, words.better, words.p, words.head_a, words.head_b, words.metric];
  const body = pairs.map((pair) => make("tbody", {},
    make("tr", {}, make("th", { scope: "rowgroup", colspan: heads.length, class: "b-pair" }, say(words.pair, { a: a.title, b: pair.other.title, letter: pair.letter }))),
    ...pair.rows.map((row) => line(row, pair, most)),
    ...pair.refused.map((row) => gap(row.task, say(words.not_comparable, { parts: row.parts.join(", ") }), "b-refused")),
    ...pair.gaps.map((row) => gap(row.task, say(words.gap, { who: [row.a ? "" : a.title, row.b ? "" : pair.other.title].filter(Boolean).join(", ") }), "b-state"))));
  const table = make("table", { class: "b-board" }, make("thead", {}, make("tr", {}, ...heads.map((head, i) => make("th", { scope: "col", class: [1, 2, 5, 6, 7].includes(i) ? "b-num" : null }, head)))), ...body);
  return make("section", {}, make("h2", { id: "differences" }, words.differences),
    make("div", { class: "b-scroll", role: "region", tabindex: 0, "aria-label": words.differences }, cards(table)),
    make("p", { class: "b-foot" }, `${words.note} `, make("button", { type: "button", onclick: () => csv(a, pairs) }, words.csv)));
}

const taskLink = (task) => make("a", { href: facts.pages.replace("TASK", task) }, facts.tasks[task] ?? task);
const gap = (task, text, kind) => make("tr", {}, make("th", { scope: "row" }, taskLink(task)), make("td", { colspan: 8, class: kind }, text));

function line(row, pair, most) {
  const winner = { a: "A", b: pair.letter, "": "–" }[row.better];
  const least = row.smallest ? say(words.smallest, { points: one(100 * row.smallest) }) : null;
  return make("tr", {}, make("th", { scope: "row" }, taskLink(row.task)),
    make("td", { class: "b-num" }, one(100 * row.a)), make("td", { class: "b-num", "data-head": pair.letter }, one(100 * row.b)),
    make("td", { class: "b-ci", title: least, "data-head": "" }, interval(row, most), ` ${points(row.difference)} (${points(row.low)} ${words.to} ${points(row.high)})`), make("td", {}, make("b", {}, winner)),
    make("td", { class: "b-num", title: `${row.test}: ${chance(row.p)}` }, chance(row.p_holm)),
    make("td", { class: "b-num" }, `${row.only_a.length}`), make("td", { class: "b-num" }, `${row.only_b.length}`), make("td", {}, name("metric", row.metric)));
}

function interval(row, most) {
  const x = (value) => (80 + (76 * value) / most).toFixed(1);
  return make("i", { class: "b-iv b-wide", style: `--l:${x(row.low)};--h:${x(row.high)};--v:${x(row.difference)};--z:80` });
}

function csv(a, pairs) {
  const keys = ["task", "metric", "n", "a", "b", "difference", "low", "high", "stderr", "test", "p", "p_holm", "better", "smallest"];
  const lines = pairs.flatMap(({ other, rows }) => rows.map((row) => [a.model, other.model, ...keys.map((key) => row[key]), row.only_a.length, row.only_b.length]));
  const heads = ["model_a", "model_b", ...keys, "only_a", "only_b"];
  download("compare.csv", [heads, ...lines].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n");
}

// --- item by item

const telling = (rows) => rows.reduce((most, row) => (row.only_a.length + row.only_b.length > most.only_a.length + most.only_b.length ? row : most));
const KINDS = ["only_a", "only_b", "both", "neither"];

function picture(a, pairs, asked) {
  const usable = pairs.filter(({ rows }) => rows.length);
  if (!usable.length) return make("div");
  const shown = { pair: usable[0], row: telling(usable[0].rows), kind: "only_a" };
  const place = make("div", { id: "b-items" });
  const redraw = () => place.replaceChildren(...strip(a, shown, asked, redraw));
  const pick = (label, options, change, at = 0) => make("label", {}, `${label} `, make("select", { onchange: (event) => { change(Number(event.target.value)); redraw(); } }, ...options.map((text, i) => make("option", { value: i, selected: i === at }, text))));
  const tasks = make("span");
  const pickTask = () => tasks.replaceChildren(pick(words.task, shown.pair.rows.map((row) => facts.tasks[row.task] ?? row.task), (i) => { shown.row = shown.pair.rows[i]; }, shown.pair.rows.indexOf(shown.row)));
  const pickPair = pick(words.other, usable.map(({ other }) => other.title), (i) => {
    shown.pair = usable[i];
    shown.row = usable[i].rows.find((row) => row.task === shown.row.task) ?? usable[i].rows[0];
    pickTask();
  });
  pickTask();
  redraw();
  return make("section", {}, make("h2", { id: "items" }, words.items), make("p", { class: "b-row" }, usable.length > 1 ? pickPair : null, tasks), place);
}

/** The items of one task as squares, and the names of those of one kind. */
function strip(a, shown, asked, redraw) {
  const { row, pair } = shown;
  const kinds = new Array(row.n);
  const [one, other] = [a.tasks[row.task], pair.other.tasks[row.task]].map((vector) => unpack(vector, row.n).right);
  for (let i = 0; i < row.n; i += 1) kinds[i] = one[i] ? (other[i] ? "both" : "only_a") : other[i] ? "only_b" : "neither";
  const said = { a: a.title, b: pair.other.title };
  const counts = { only_a: row.only_a.length, only_b: row.only_b.length, both: row.both, neither: row.neither };
  const chips = make("div", { class: "b-chips", role: "group", "aria-label": words.items }, ...KINDS.map((kind) => make("button", { type: "button", class: `b-k-${kind}`, "aria-pressed": String(kind === shown.kind), onclick: () => { shown.kind = kind; redraw(); } }, `${say(words[kind], said)} ${counts[kind]}`)));
  const list = make("p", { class: "b-ids", role: "group", tabindex: 0, "aria-label": say(words[shown.kind], said) }, words.loading);
  name_items(row, kinds, shown.kind, asked.questions[a.tasks[row.task].question], list);
  return [chips, squares(kinds, shown.kind, say(words.strip, { ...said, task: facts.tasks[row.task] ?? row.task, ...counts })), list];
}

function squares(kinds, chosenKind, about) {
  const wide = Math.min(160, Math.max(40, Math.ceil(Math.sqrt(kinds.length * 5))));
  const size = 640 / wide;
  const paths = Object.fromEntries(KINDS.map((kind) => [kind, ""]));
  kinds.forEach((kind, i) => { paths[kind] += `M${(size * (i % wide)).toFixed(1)} ${(size * Math.floor(i / wide)).toFixed(1)}h${(size * 0.86).toFixed(1)}v${(size * 0.86).toFixed(1)}h-${(size * 0.86).toFixed(1)}z`; });
  return draw("svg", { class: "b-chart b-strip", viewBox: `0 0 640 ${Math.ceil(kinds.length / wide) * size}`, role: "img", "aria-label": about },
    ...KINDS.map((kind) => draw("path", { class: `b-k-${kind}${kind === chosenKind ? " b-on" : ""}`, d: paths[kind] })));
}

async function name_items(row, kinds, kind, question, list) {
  const at = [...kinds.keys()].filter((i) => kinds[i] === kind);
  let names = null;
  try { names = await load(`${facts.items}ids-${question.items}.json`); } catch { /* responses of this task were not kept */ }
  const shown = at.slice(0, 200).map((i) => (names ? names[i] : `#${i + 1}`));
  list.textContent = shown.length ? shown.join(", ") + (at.length > 200 ? ` … ${say(words.more, { n: at.length - 200 })}` : "") : words.none;
}

// --- how they were run

function settings(models) {
  const rows = [...Object.keys(models[0].facts).map((key) => [words[`fact.${key}`] ?? key, models.map((model) => said(key, model.facts[key]))]),
    ...[["method", (task) => name("method", task.method)], ["evaluator", (task) => task.evaluator]].map(([key, of]) =>
      [words[`fact.${key}`], models.map((model) => [...new Set(Object.values(model.tasks).map(of))].sort().join(", "))])];
  const line = ([label, values]) => {
    const differs = new Set(values).size > 1;
    return make("tr", { class: differs ? "b-differs" : null }, make("th", { scope: "row" }, label), ...values.map((value, i) => make("td", { class: "b-why", "data-head": differs ? LETTERS[i] : null }, value || "–")));
  };
  const table = make("table", { class: "b-board b-cards b-settings" }, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, words.fact), ...models.map((model, i) => make("th", { scope: "col" }, `${LETTERS[i]} ${model.title}`)))), make("tbody", {}, ...rows.map(line)));
  return make("section", {}, make("h2", { id: "settings" }, words.settings), make("p", {}, words.settings_lead), make("div", { class: "b-scroll", role: "region", tabindex: 0, "aria-label": words.settings }, table));
}

const SAID = { parameters: count, kind: (kind) => name("kind", kind), chat_template: (policy) => policy && name("template", policy) };
const said = (key, value) => SAID[key]?.(value) ?? value;

search.addEventListener("input", find);
find().catch(() => { status.textContent = words.failed; });
show().then(() => { document.getElementById("compare").dataset.ready = ""; });
