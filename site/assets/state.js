// What a visitor chose, in the address: short keys, only what differs from the start.

export const START = Object.freeze({
  q: "", p: [null, null], mem: null, since: "", open: false, again: false, all: false,
  facets: {}, sort: { key: "rank", down: false }, cols: null, pin: [], w: null, page: 1, rows: 50,
});
export const FACTS = { kind: "kind", dtype: "dtype", lic: "licence", trust: "trust" };

const number = (text) => (text === "" || !Number.isFinite(Number(text)) ? null : Number(text));

/** Reads an address; keys and values that mean nothing are left out. */
export function read(search) {
  const asked = new URLSearchParams(search);
  const state = structuredClone(START);
  state.q = (asked.get("find") ?? "").slice(0, 80);
  const [from, to] = (asked.get("p") ?? "-").split("-");
  state.p = [number(from ?? ""), number(to ?? "")];
  state.mem = number(asked.get("mem") ?? "");
  const since = asked.get("since") ?? "";
  state.since = /^\d{4}(-\d\d){0,2}$/.test(since) ? since : "";
  for (const flag of ["open", "again", "all"]) state[flag] = asked.get(flag) === "1";
  for (const [key, fact] of Object.entries(FACTS)) state.facets[fact] = list(asked.get(key));
  const sort = asked.get("sort") ?? "";
  if (/^-?[a-z][\w:-]*$/.test(sort)) state.sort = { key: sort.replace(/^-/, ""), down: sort[0] === "-" };
  state.cols = asked.has("cols") ? list(asked.get("cols")) : null;
  state.pin = list(asked.get("pin")).slice(0, 6);
  if (asked.has("w")) {
    const pairs = list(asked.get("w")).map((pair) => pair.split(":"));
    state.w = Object.fromEntries(pairs.map(([area, weight]) => [area, Math.max(0, number(weight ?? "") ?? 1)]));
  }
  state.page = Math.max(1, Math.floor(number(asked.get("page") ?? "") ?? 1));
  state.rows = [50, 100, 250].includes(Number(asked.get("rows"))) ? Number(asked.get("rows")) : 50;
  return state;
}

/** Writes a state as the query of an address, '' for the start. */
export function write(state) {
  const said = [];
  const say = (key, value) => value && said.push(`${key}=${encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%3A", ":")}`);
  say("find", state.q); // not q: the theme opens its own search over the page where it reads that
  if (state.p[0] !== null || state.p[1] !== null) say("p", `${state.p[0] ?? ""}-${state.p[1] ?? ""}`);
  say("mem", state.mem === null ? "" : String(state.mem));
  say("since", state.since);
  for (const flag of ["open", "again", "all"]) say(flag, state[flag] ? "1" : "");
  for (const [key, fact] of Object.entries(FACTS)) say(key, (state.facets[fact] ?? []).join(","));
  const { key, down } = state.sort;
  say("sort", key === "rank" && !down ? "" : `${down ? "-" : ""}${key}`);
  if (state.cols) say("cols", state.cols.join(",") || "-");
  say("pin", state.pin.join(","));
  if (state.w) say("w", Object.entries(state.w).map(([area, weight]) => `${area}:${weight}`).join(","));
  say("page", state.page > 1 ? String(state.page) : "");
  say("rows", state.rows === 50 ? "" : String(state.rows));
  return said.length ? `?${said.join("&")}` : "";
}

const list = (text) => (text ?? "").split(",").filter((word) => word && word !== "-");
