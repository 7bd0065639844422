// The table of a suite as data: read the columns, filter, sort, weigh. Nothing here touches the page.

/** Reads `<suite>.table.json` into rows that answer `value(row, key)`. */
export class Table {
  constructor(data) {
    this.data = data;
    this.length = data.slug.length;
    this.ranked = data.rank[0].filter(Boolean).length;
    this.scores = null; // task -> tenths of a percent, read when a task column is asked for
    this.weights = null; // area -> weight, 1 for those left out; null for the official index
  }

  word(fact, row) {
    const [known, codes] = this.data.words[fact];
    return known[codes[row]];
  }

  tie(row) {
    const [known, codes] = this.data.tie;
    return known[codes[row]];
  }

  /** Returns what a column shows: a number in its own unit, text, or null for a gap. */
  value(row, key) {
    const d = this.data;
    if (key === "rank") return d.rank[0][row] || null;
    if (key === "title") return d.title[row];
    if (key === "index" || key === "low" || key === "high") return tenth(d[key][row]);
    if (key === "parameters") return d.parameters[row] || null;
    if (key === "weighted") return this.weighted(row);
    if (key.startsWith("area:")) return tenth(d.areas[key.slice(5)]?.[row]);
    if (key.startsWith("task:")) return tenth(this.scores?.[key.slice(5)]?.[row]);
    if (key.startsWith("beside:")) return tenth(d.beside?.[key.slice(7)]?.[row]);
    return Object.hasOwn(d.words, key) ? this.word(key, row) : null;
  }

  weighted(row) {
    let sum = 0;
    let total = 0;
    for (const area of Object.keys(this.data.areas)) {
      const weight = this.weights?.[area] ?? 1;
      const share = this.value(row, `area:${area}`);
      if (share === null) return null;
      sum += weight * share;
      total += weight;
    }
    return total ? tenth(Math.round((10 * sum) / total)) : null;
  }

  /** Returns the rows that a state lets through, in its order; ties keep the official order. */
  view(state) {
    const kept = [];
    const needles = fold(state.q).split(/\s+/).filter(Boolean);
    for (let row = 0; row < this.length; row += 1) if (this.keeps(row, state, needles)) kept.push(row);
    const { key, down } = state.sort;
    if (key === "rank") return down ? kept.reverse() : kept;
    const values = new Map(kept.map((row) => [row, this.value(row, key)]));
    return kept.sort((a, b) => order(values.get(a), values.get(b), down) || a - b);
  }

  keeps(row, state, needles) {
    const d = this.data;
    const billions = d.parameters[row] / 1e9;
    if (!state.all && !d.rank[0][row]) return false;
    if (state.p[0] !== null && !(billions >= state.p[0])) return false;
    if (state.p[1] !== null && billions > state.p[1]) return false;
    if (state.mem !== null && this.memory(row) > state.mem) return false;
    if (state.since && this.word("measured", row) < state.since) return false;
    if (state.open && !d.open[row]) return false;
    if (state.again && !d.reproduced[row]) return false;
    for (const [fact, wanted] of Object.entries(state.facets)) {
      if (wanted.length && !wanted.includes(this.word(fact, row))) return false;
    }
    if (!needles.length) return true;
    const text = fold(`${d.title[row]} ${d.slug[row]} ${this.word("organisation", row)}`);
    return needles.every((needle) => text.includes(needle));
  }

  /** Gigabytes that the weights take in their number format. */
  memory(row) {
    return (this.data.parameters[row] * (this.data.bytes[this.word("dtype", row)] ?? 4)) / 1e9;
  }

  /** Counts every value of a fact among the rows that all other filters let through. */
  counts(fact, state) {
    const others = { ...state, facets: { ...state.facets, [fact]: [] } };
    const found = new Map(this.data.words[fact][0].map((word) => [word, 0]));
    for (const row of this.view({ ...others, sort: { key: "rank", down: false } })) {
      const word = this.word(fact, row);
      found.set(word, found.get(word) + 1);
    }
    return found;
  }
}

const tenth = (value) => (value === null || value === undefined ? null : value / 10);
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function order(a, b, down) {
  if (a === null || b === null) return (a === null) - (b === null); // gaps come last either way
  const sign = typeof a === "string" ? (a < b ? -1 : a > b ? 1 : 0) : a - b;
  return down ? -sign : sign;
}
