// Small things that every script of ours needs.

/** Makes an element; strings become text, never markup. */
export function make(tag, facts = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(facts)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Lets the rows of a table be cards on a phone: each cell carries the head that is not seen there. */
export function cards(table) {
  table.classList.add("b-cards", "b-flow", "b-lined");
  const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent);
  for (const { cells } of table.querySelectorAll("tbody tr")) {
    if (cells.length === heads.length) for (const cell of [...cells].slice(1)) if (cell.tagName === "TD") cell.dataset.head ??= heads[cell.cellIndex];
  }
  return table;
}

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element of a picture. */
export function draw(tag, facts = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Fills the places of a sentence. */
export const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");

/** Writes a number as the pages do: one digit, a true minus, a dash for a gap. */
export function one(value, digits = 1) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const text = value.toFixed(digits);
  return Number(text) ? text.replace("-", "−") : text.replace("-", "");
}

/** Writes a count as people say it: 48k, 1.5M, 7B. */
export function count(value) {
  for (const [limit, letter] of [[1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
    if (value >= limit) return (value / limit).toFixed(value / limit >= 10 ? 0 : 1) + letter;
  }
  return value ? String(value) : "–";
}

/** Reads the JSON that a page carries for its script. */
export const page = () => JSON.parse(document.getElementById("b-data").textContent);

/** Quotes a cell for CSV; text that a table program might run is kept from running. */
export function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r\0＝＋－＠]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Puts text where it can be pasted from; a host without https gives pages no clipboard of their own. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const [before, box] = [document.activeElement, make("textarea", { readonly: true })];
  box.value = text;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
  before?.focus();
}

/** Offers text as a file. */
export function download(name, text, type = "text/csv") {
  const address = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
