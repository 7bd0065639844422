// The ranked table: search, filters, columns, weights, pages, pins, and all of it in the address.

import { cell, copy, count, download, make, one, page, say } from "./dom.js";
import { read, START, write } from "./state.js";

const facts = page();
const words = facts.words;
const home = document.getElementById("board");
const scroll = home.querySelector(".b-scroll");
const head = home.querySelector("thead tr");
const body = document.getElementById("b-rows");
const status = document.getElementById("b-status");
const panel = document.getElementById("b-panel");
const models = facts.models;
const DEFAULT = ["index", "interval", ...Object.keys(facts.areas).map((a) => `area:${a}`), "parameters", "licence"];
const MORE = ["kind", "dtype", "measured", "trust", ...Object.keys(facts.beside).map((b) => `beside:${b}`), ...Object.keys(facts.tasks).map((t) => `task:${t}`)];
const TEXT = ["title", "licence", "kind", "dtype", "measured", "trust"];

let state = read(location.search);
let table = null;
let opened = "";

async function load(path) {
  const answer = await fetch(new URL(path, document.baseURI));
  if (!answer.ok) throw new Error(path);
  return answer.json();
}

/** Reads the columns, and the code that looks through them, once; later calls wait for the same answer. */
let reading = null;
const ready = () => (reading ??= Promise.all([load(facts.table), import("./table.js")]).then(([data, { Table }]) => (table = new Table(data))));

async function show(changes = {}) {
  state = { ...state, page: 1, ...changes };
  if (!["rank", "title", "weighted", ...DEFAULT, ...MORE].includes(state.sort.key)) state.sort = START.sort;
  try {
    await ready();
    if (wanted().concat(state.sort.key).some((key) => key.startsWith("task:"))) {
      table.scores ??= await load(facts.scores);
    }
  } catch {
    status.textContent = words.failed;
    return;
  }
  table.weights = state.w;
  const rows = table.view(state);
  const all = state.all ? table.length : table.ranked;
  const pages = Math.max(1, Math.ceil(rows.length / state.rows));
  state.page = Math.min(state.page, pages);
  drawHead();
  body.replaceChildren(...paged(rows).map((row, i) => line(row, rows.length < all && (state.page - 1) * state.rows + i + 1)));
  drawPages(pages);
  drawPins();
  recount();
  const official = !state.w && state.sort.key === "rank";
  status.textContent = rows.length ? say(words.shown, { n: rows.length, all }) + (official ? "" : ` · ${words.custom}`) : words["filters.none"];
  for (const chip of home.querySelectorAll("[data-preset]")) chip.setAttribute("aria-pressed", String(pressed(chip.dataset.preset)));
  history.replaceState(null, "", location.pathname + write(state) + location.hash);
}

const wanted = () => (state.w ? ["weighted"] : []).concat((state.cols ?? DEFAULT).filter((key) => DEFAULT.includes(key) || MORE.includes(key)));

function label(key) {
  const [sort, name] = key.split(":");
  if (sort === "area") return facts.areas[name];
  if (sort === "beside") return facts.beside[name];
  if (sort === "task") return facts.tasks[name];
  return words[key];
}

function drawHead() {
  const columns = ["rank", "title", ...wanted()];
  head.replaceChildren(...columns.map((key) => {
    const numeric = !TEXT.includes(key) && key !== "interval";
    const sorted = state.sort.key === key ? (state.sort.down ? "descending" : "ascending") : null;
    const inner = key === "interval" ? label(key) : make("button", { type: "button", "data-sort": key }, label(key));
    return make("th", { scope: "col", class: key === "title" ? "b-model" : numeric ? "b-num" : null, "aria-sort": sorted }, inner);
  }));
}

/** Makes a row; of some rows only, each has its place among them. */
function line(row, place) {
  const d = table.data;
  const slug = d.slug[row];
  const rank = make("td", { class: "b-num b-rank" }, pin(slug, d.title[row]), ` ${ranks(row)} `, make("b", {}, table.tie(row)));
  if (place && d.rank[0][row]) rank.append(make("i", { title: words.place }, ` ${place}.`));
  const name = make("th", { scope: "row", class: "b-model" }, make("a", { href: models.replace("SLUG", slug) }, d.title[row]), " ", make("span", {}, table.word("organisation", row)));
  return make("tr", { class: `b-g${group(row)}` }, rank, name, ...wanted().map((key) => show1(row, key)));
}

function pin(slug, title) {
  const box = make("input", { class: "b-pin", type: "checkbox", value: slug, "aria-label": say(words.pin, { title }) });
  box.checked = state.pin.includes(slug);
  return box;
}

/** Gives the rows of the page as it came their boxes, once the page is there. */
function addPins() {
  if (body.querySelector(".b-pin")) return;
  const [before, after] = models.split("SLUG");
  for (const link of body.querySelectorAll("th a")) {
    const slug = link.getAttribute("href").slice(before.length, after ? -after.length : undefined);
    link.closest("tr").firstElementChild.prepend(pin(slug, link.textContent), " ");
  }
}

const group = (row) => letters(table.tie(row)) % 2;
const letters = (text) => [...text].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);

function show1(row, key) {
  if (key === "interval") {
    const [value, low, high] = ["index", "low", "high"].map((end) => table.value(row, end));
    return make("td", { class: "b-ci" }, ...(low === null ? [] : [dot(value, low, high), " "]), told(row, key));
  }
  return make("td", { class: TEXT.includes(key) ? null : key === "index" ? "b-num b-index" : "b-num" }, told(row, key));
}

const paged = (rows) => rows.slice((state.page - 1) * state.rows, state.page * state.rows);

function ranks(row) {
  const [best, worst] = [table.data.rank[0][row], table.data.rank[1][row]];
  return best ? (best === worst ? `${best}` : `${best}–${worst}`) : "–";
}

/** Returns what a cell says. */
function told(row, key) {
  const value = table.value(row, key);
  if (key === "interval") {
    const [low, high] = ["low", "high"].map((end) => table.value(row, end));
    return low === null ? "–" : `${one(low)} ${words.to} ${one(high)}`;
  }
  if (key === "parameters") return count(value);
  return TEXT.includes(key) ? (facts.names[`${key}.${value}`] ?? value) : one(value);
}

function dot(value, low, high) {
  const [from, to] = facts.scale;
  const x = (at) => (4 + (112 * (Math.min(Math.max(at, from), to) - from)) / (to - from || 1)).toFixed(1);
  return make("i", { class: "b-iv", style: `--l:${x(low)};--h:${x(high)};--v:${x(value)}${x(0) === "4.0" ? "" : `;--z:${x(0)}`}` });
}

function drawPages(pages) {
  const to = (label, at, off) => make("button", { type: "button", disabled: off, onclick: () => show({ page: at }).then(() => { scroll.focus({ preventScroll: true }); scroll.scrollIntoView({ block: "start" }); }) }, label);
  const sizes = make("select", { "aria-label": words.rows, onchange: (event) => show({ rows: Number(event.target.value) }) },
    ...[50, 100, 250].map((n) => make("option", { value: n, selected: n === state.rows }, `${n}`)));
  document.getElementById("b-pages").replaceChildren(...(table.length <= 50 ? [] : [make("nav", { class: "b-pages", "aria-label": words.rows },
    to(words.previous, state.page - 1, state.page === 1), make("span", {}, say(words.pages, { page: state.page, pages })),
    to(words.next, state.page + 1, state.page === pages), make("label", {}, `${words.rows} `, sizes))]));
}

function drawPins() {
  const bar = document.getElementById("b-pinned");
  const titles = state.pin.map((slug) => table.data.title[table.data.slug.indexOf(slug)] ?? slug);
  bar.hidden = !state.pin.length;
  bar.replaceChildren(...[make("span", {}, say(words.pinned, { titles: titles.join(", ") })),
    state.pin.length > 1 ? make("a", { class: "b-go", href: `${facts.compare}?${state.pin.map((slug) => `m=${slug}`).join("&")}` }, say(words.compare, { n: state.pin.length })) : null,
    make("button", { type: "button", onclick: () => show({ pin: [], page: state.page }) }, words.unpin)].filter(Boolean));
}

// --- presets and panels

const range = (preset) => facts.presets[preset] ?? START.p;

function pressed(preset) {
  if (preset === "open") return state.open;
  if (preset === "reproduced") return state.again;
  return `${state.p}` === `${range(preset)}` && (preset !== "all" || (!state.open && !state.again));
}

function preset(name) {
  if (name === "open") return show({ open: !state.open });
  if (name === "reproduced") return show({ again: !state.again });
  return show({ p: range(name), ...(name === "all" ? { open: false, again: false } : {}) });
}

const PANELS = { filters, columns, weights };

async function open(name) {
  opened = opened === name ? "" : name;
  for (const button of home.querySelectorAll("[data-panel]")) button.setAttribute("aria-expanded", String(button.dataset.panel === opened));
  panel.hidden = !opened;
  if (!opened) return;
  await ready();
  fill();
}

function fill() {
  if (!opened) return;
  const name = opened;
  const close = () => open(name).then(() => home.querySelector(`[data-panel=${name}]`).focus());
  const reset = () => show(RESET[name]).then(fill).then(() => panel.querySelector("p button").focus());
  panel.replaceChildren(...PANELS[name](), make("p", { class: "b-row" }, make("button", { type: "button", onclick: reset }, words.reset), make("button", { type: "button", onclick: close }, words.close)));
}

const FILTERS = { p: START.p, mem: null, since: "", all: false, facets: {} };
const RESET = { filters: { ...FILTERS, open: false, again: false }, columns: { cols: null }, weights: { w: null, sort: START.sort } };

/** Tells how many filters are set, and how many models each choice would leave now. */
function recount() {
  const set = [state.p.some((end) => end !== null), state.mem !== null, state.since, state.all, ...Object.values(state.facets).map((words) => words.length)].filter(Boolean).length;
  home.querySelector("[data-panel=filters]").textContent = set ? `${words.filters} (${set})` : words.filters;
  for (const facet of panel.querySelectorAll("[data-fact]")) {
    const counts = table.counts(facet.dataset.fact, state);
    for (const place of facet.querySelectorAll("small")) place.textContent = counts.get(place.dataset.word);
  }
}

function field(label, value, change, more = {}) {
  return make("label", {}, `${label} `, make("input", { type: "number", min: 0, step: "any", value: value ?? "", onchange: (event) => change(event.target.value === "" ? null : Number(event.target.value)), ...more }));
}

function filters() {
  const sizes = make("fieldset", {}, make("legend", {}, words["filters.parameters"]),
    field(words.from, state.p[0], (value) => show({ p: [value, state.p[1]] })), field(words.to, state.p[1], (value) => show({ p: [state.p[0], value] })),
    field(words["filters.mem"], state.mem, (value) => show({ mem: value })),
    make("label", {}, `${words["filters.since"]} `, make("input", { type: "date", value: state.since, onchange: (event) => show({ since: event.target.value }) })),
    make("label", {}, check(state.all, (on) => show({ all: on })), ` ${words["filters.unranked"]}`));
  return [sizes, ...Object.keys(table.data.words).filter((fact) => !["organisation", "measured"].includes(fact)).map(facet).filter(Boolean)];
}

function facet(fact) {
  const counts = [...table.counts(fact, state)].filter(([word]) => word);
  if (counts.length < 2 || counts.length > 40) return null;
  const chosen = () => state.facets[fact] ?? [];
  return make("fieldset", { "data-fact": fact }, make("legend", {}, label(fact)), ...counts.sort((a, b) => b[1] - a[1]).map(([word, n]) => make("label", {}, check(chosen().includes(word), (on) =>
    show({ facets: { ...state.facets, [fact]: on ? [...chosen(), word] : chosen().filter((w) => w !== word) } })), ` ${facts.names[`${fact}.${word}`] ?? word} `, make("small", { "data-word": word }, `${n}`))));
}

function check(on, change) {
  const box = make("input", { type: "checkbox", onchange: (event) => change(event.target.checked) });
  box.checked = on;
  return box;
}

function columns() {
  const chosen = state.cols ?? DEFAULT;
  const part = (keys) => keys.map((key) => make("label", {}, check(chosen.includes(key), (on) => {
    const now = state.cols ?? DEFAULT;
    show({ cols: on ? [...now, key] : now.filter((k) => k !== key) });
  }), ` ${label(key)}`));
  return [make("fieldset", {}, make("legend", {}, words.columns), ...part([...DEFAULT, ...MORE]))];
}

function weights() {
  const chosen = state.w ?? {};
  const slide = (area) => make("label", {}, `${facts.areas[area]} `, make("input", { type: "range", min: 0, max: 4, step: 1, value: chosen[area] ?? 1, oninput: (event) => {
    event.target.nextSibling.textContent = ` × ${event.target.value}`;
    const all = Object.fromEntries(Object.keys(facts.areas).map((a) => [a, state.w?.[a] ?? 1]));
    show({ w: { ...all, [area]: Number(event.target.value) }, sort: { key: "weighted", down: true } });
  } }), ` × ${chosen[area] ?? 1}`);
  return [make("p", {}, words.weights), make("fieldset", {}, make("legend", {}, words.area), ...Object.keys(facts.areas).map(slide))];
}

// --- take it away

async function take(kind) {
  if (kind === "csv") return download(`${facts.suite}.csv`, csv());
  await copy(kind === "link" ? location.href : markdown());
  status.textContent = words.copied;
}

/** Every row of the view, its columns called as in the downloads of the whole. */
function csv() {
  const d = table.data;
  const keys = wanted().flatMap((key) => (key === "interval" ? ["low", "high"] : [key]));
  const lines = table.view(state).map((row) => [d.slug[row].replace("--", "/"), d.title[row], d.rank[0][row] || null, d.rank[1][row] || null, table.tie(row), ...keys.map((key) => table.value(row, key))]);
  return [["model", "title", "best_rank", "worst_rank", "tie_group", ...keys], ...lines].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** The page of the view that is shown. */
function markdown() {
  const line = (cells) => `| ${cells.map((text) => text.replace(/[\\`*_~[\]<>|]/g, "\\$&")).join(" | ")} |`;
  const heads = ["rank", "title", ...wanted()].map(label);
  const lines = paged(table.view(state)).map((row) => line([`${ranks(row)} ${table.tie(row)}`, table.data.title[row], ...wanted().map((key) => told(row, key))]));
  return [line(heads), `|${"---|".repeat(heads.length)}`, ...lines, "", location.href].join("\n");
}

// --- listen

head.addEventListener("click", (event) => {
  const key = event.target.dataset?.sort;
  if (!key) return;
  const down = state.sort.key === key ? !state.sort.down : !TEXT.includes(key) && key !== "rank";
  show({ sort: { key, down } }).then(() => head.querySelector(`[data-sort="${CSS.escape(key)}"]`)?.focus());
});
body.addEventListener("change", (event) => {
  const slug = event.target.value;
  if (event.target.type !== "checkbox") return;
  const pin = event.target.checked ? [...state.pin, slug].slice(-6) : state.pin.filter((other) => other !== slug);
  show({ pin, page: state.page }).then(() => body.querySelector(`input[value="${CSS.escape(slug)}"]`)?.focus());
});
document.getElementById("b-q").value = state.q;
document.getElementById("b-q").addEventListener("input", (event) => show({ q: event.target.value }));
for (const button of home.querySelectorAll("[data-preset]")) button.addEventListener("click", () => preset(button.dataset.preset).then(fill));
for (const button of home.querySelectorAll("[data-panel]")) button.addEventListener("click", () => open(button.dataset.panel));
for (const button of home.querySelectorAll("[data-copy]")) button.addEventListener("click", () => ready().then(() => take(button.dataset.copy)));
window.addEventListener("popstate", () => { state = read(location.search); show({ page: state.page }); });
home.dataset.ready = "";
(window.requestIdleCallback ?? setTimeout)(addPins);
if (write(state)) show({ page: state.page });
