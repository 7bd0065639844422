// The form for a submission: checks it against the schema, writes the two files, hands them over.

import { copy, download, make, page, say } from "./dom.js";
import { faults } from "./schema.js";

const facts = page();
const words = facts.words;
const form = document.getElementById("b-form");
const fields = [...form.querySelectorAll("[data-path]")];
const LISTS = ["maintainers", "model.tasks", "trained_on"];
const MOST_IN_ADDRESS = 6000;
const touched = new Set();

const listed = (text) => text.split(/[\s,]+/).filter(Boolean);
const folder = () => ["folder.org", "folder.model"].map((path) => document.getElementById(`f-${path}`).value.trim());

/** Reads the form into the document that submission.yaml holds. */
function read() {
  const found = { schema: 1, title: "", organisation: "", model: {} };
  for (const field of fields) {
    const path = field.dataset.path;
    if (/^(folder|card)\./.test(path) || field.closest("[hidden]")) continue;
    const text = field.value.trim();
    const value = LISTS.includes(path) ? listed(text) : text;
    if (!value.length && path !== "maintainers") continue;
    const [part, key] = path.split(".");
    if (key) found[part][key] = value;
    else found[path] = value;
  }
  found.suites = [...form.querySelectorAll("[data-list=suites]:checked")].map((box) => box.value);
  const declines = [...document.querySelectorAll(".b-declined")].map((box) => {
    const [task, reason, evidence] = [...box.querySelectorAll("select, input")].map((field) => field.value.trim());
    return { task, reason, evidence: listed(evidence) };
  });
  if (declines.length) found.declines = declines;
  for (const key of ["title", "organisation"]) if (!found[key]) delete found[key];
  return found;
}

/** Writes a document as YAML: plain words where they cannot be misread, quoted text elsewhere. */
export function yaml(value, indent = "") {
  return Object.entries(value).map(([key, part]) => {
    if (Array.isArray(part) && part.every((item) => typeof item === "string")) return `${indent}${key}: [${part.map(scalar).join(", ")}]\n`;
    if (Array.isArray(part)) return `${indent}${key}:\n${part.map((item) => yaml(item, `${indent}    `).replace(/^ {4}/, "  - ")).join("")}`;
    if (typeof part === "object") return `${indent}${key}:\n${yaml(part, `${indent}  `)}`;
    return `${indent}${key}: ${scalar(part)}\n`;
  }).join("");
}

const PLAIN = /^[A-Za-z][A-Za-z0-9 ._/-]*[A-Za-z0-9]$/;
const MEANT = /^(true|false|null|yes|no|on|off|y|n|nan|inf)$/i;
const scalar = (part) => (typeof part === "number" ? String(part) : PLAIN.test(part) && !MEANT.test(part) ? part : JSON.stringify(part));

function card(found) {
  const text = (path) => document.getElementById(`f-${path}`).value.trim();
  const [use, data, limits] = [text("card.use"), text("training_data"), text("card.limits")];
  const parts = [use, data, limits].map((part, i) => `## ${facts.headings[i]}\n\n${part}\n`);
  return `---\nlicense: ${scalar((found.licence ?? "").toLowerCase())}\n---\n# ${(found.title ?? "").replace(/\s+/g, " ")}\n\n${parts.join("\n")}`;
}

const files = { "submission.yaml": "", "card.md": "" };

function show() {
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(document.getElementById("f-model.kind").value);
  const found = read();
  const [org, model] = folder();
  const wrong = faults(found, facts.schema).concat(folderFaults(org, model), cardFaults());
  tell(wrong);
  const where = `submissions/${org || "…"}/${model || "…"}`;
  files["submission.yaml"] = yaml(found);
  files["card.md"] = card(found);
  for (const [name, text] of Object.entries(files)) {
    document.getElementById(`b-${name.split(".")[0]}`).textContent = text;
    document.querySelector(`[data-file="${name}"]`).textContent = `${where}/${name}`;
    const open = document.querySelector(`[data-open="${name}"]`);
    if (open) link(open, `${where}/${name}`, text, wrong.length === 0);
  }
  document.getElementById("b-check").textContent = `evaluator check ${where}`;
  document.getElementById("b-status").textContent = wrong.length ? say(words.missing, { n: new Set(wrong.map((fault) => fault.path)).size }) : words.ready;
  document.getElementById("submit").dataset.faults = wrong.length;
}

function link(open, path, text, ready) {
  const address = `${facts.new}?filename=${encodeURIComponent(path)}&value=${encodeURIComponent(text)}`;
  const fits = address.length <= MOST_IN_ADDRESS;
  open.hidden = !fits; // longer addresses are refused by the server: copying is left
  if (ready && fits) open.href = address;
  else open.removeAttribute("href");
}

const NAME = new RegExp(facts.name);
const folderFaults = (org, model) => [["folder.org", org], ["folder.model", model]].filter(([, name]) => !NAME.test(name) || facts.reserved.includes(name.split(".")[0])).map(([path]) => ({ path, message: words.folder }));
const cardFaults = () => ["card.use", "card.limits"].filter((path) => !document.getElementById(`f-${path}`).value.trim()).map((path) => ({ path, message: "" }));

/** Writes each fault beside its field, once the field was touched. */
function tell(wrong) {
  for (const place of document.querySelectorAll(".b-error")) {
    const path = place.id.slice(2);
    const fault = wrong.find((one) => one.path === path || one.path.startsWith(`${path}.`));
    const shown = fault && touched.has(path);
    place.textContent = shown ? fault.message || words.needed : "";
    document.getElementById(`f-${path}`)?.setAttribute("aria-invalid", String(Boolean(shown)));
  }
}

function decline() {
  const task = make("select", { "aria-label": words.decline_task }, ...Object.entries(facts.tasks).map(([name, title]) => make("option", { value: name }, title)));
  const reason = make("input", { "aria-label": words.decline_reason, placeholder: words.decline_reason });
  const evidence = make("input", { "aria-label": words.decline_evidence, placeholder: "https://" });
  const box = make("p", { class: "b-row b-declined" }, task, reason, evidence, make("button", { type: "button", onclick: () => { box.remove(); show(); } }, words.remove));
  const place = document.getElementById("b-declines");
  place.append(box);
  show();
}

form.addEventListener("input", (event) => {
  touched.add(event.target.dataset.path ?? event.target.dataset.list ?? "declines");
  show();
});
form.addEventListener("focusout", (event) => {
  if (event.target.dataset.path) touched.add(event.target.dataset.path);
  show();
});
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("b-decline").addEventListener("click", decline);
for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", async () => {
  await copy(files[button.dataset.copy]);
  document.getElementById("b-status").textContent = words.copied;
});
for (const button of document.querySelectorAll("[data-save]")) button.addEventListener("click", () => download(button.dataset.save, files[button.dataset.save], "text/plain"));
show();
