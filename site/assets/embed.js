// ?m=<slug> shows the models named instead of the first ones; ?theme= sets the scheme; the height is told to the page around.

import { make, one } from "./dom.js";
import { Table } from "./table.js";

const asked = new URLSearchParams(location.search);
const rows = document.getElementById("rows");
const wanted = asked.getAll("m");
if (["light", "dark"].includes(asked.get("theme"))) document.documentElement.dataset.theme = asked.get("theme");

if (wanted.length) {
  const table = new Table(await (await fetch(rows.dataset.suite)).json());
  const found = wanted.map((slug) => table.data.slug.indexOf(slug)).filter((row) => row >= 0);
  rows.replaceChildren(...found.map((row) => {
    const [best, worst] = [table.data.rank[0][row], table.data.rank[1][row]];
    const link = make("a", { href: rows.dataset.models.replace("SLUG", table.data.slug[row]), target: "_top" }, table.data.title[row]);
    return make("tr", {}, make("td", {}, `${best ? (best === worst ? best : `${best}–${worst}`) : "–"} ${table.tie(row)}`), make("th", { scope: "row" }, link),
      make("td", {}, one(table.value(row, "index"))), make("td", {}, `${one(table.value(row, "low"))} ${rows.dataset.to} ${one(table.value(row, "high"))}`));
  }));
}
window.parent.postMessage({ height: document.documentElement.scrollHeight }, "*");
