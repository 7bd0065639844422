// Two models on the same items, as evaluator/core/paired.py and evaluator/board/compare.py count:
// tests/golden/compare.json holds both to the same numbers. Nothing here touches the page.

const Z95 = 1.959963984540054;
const POWER_Z = Z95 + 0.8416212335729143; // a difference of so many standard errors is found in four of five test sets
const EXACT_UNITS = 16;
const LEAST_DISCORDANT = 6;
const ALPHA = 0.05;

/** Unpacks a vector of `data/items/<slug>.json`: {right, values, proportion}. */
export function unpack(vector, n) {
  const flags = vector.correct && bytes(vector.correct);
  const bits = flags && Float64Array.from({ length: n }, (_, i) => (flags[i >> 3] >> (i & 7)) & 1);
  if (!vector.values) return { right: bits, values: bits, proportion: true };
  const [known, packed] = vector.values;
  const data = bytes(packed);
  const width = Math.max(1, 32 - Math.clz32(known.length - 1));
  const places = Array.from({ length: n }, (_, i) => number(data, i * width, width));
  const [values, right] = [known, vector.right ?? []].map((kinds) => Float64Array.from(places, (place) => kinds[place]));
  return { right: bits ?? right, values, proportion: false };
}

/** Reads a whole number of so many bits, the lowest first. */
function number(data, from, width) {
  let found = 0;
  for (let i = 0; i < width; i += 1) found += ((data[(from + i) >> 3] >> ((from + i) & 7)) & 1) * 2 ** i;
  return found;
}

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Compares two unpacked vectors of one question: `compare_results`. */
export function compareVectors(first, second, { n, metric, lower_is_better, t, clusters }, task = "") {
  const row = compareValues(first.values, second.values, first.proportion, t, clusters);
  const only = (one, other) => [...one.keys()].filter((i) => one[i] && !other[i]);
  const both = sum(first.right.map((right, i) => right & second.right[i]));
  const [onlyFirst, onlySecond] = [only(first.right, second.right), only(second.right, first.right)];
  return { task, metric, lower_is_better, ...row, both, neither: n - both - onlyFirst.length - onlySecond.length, only_a: onlyFirst, only_b: onlySecond };
}

/** Compares two models by their item values: `compare_values`. */
export function compareValues(first, second, proportion, t, clusters) {
  const n = first.length;
  const difference = first.map((value, i) => value - second[i]);
  const value = sum(difference) / n;
  const units = clusterSums(difference, clusters);
  const spread = clusterSums(difference.map((d) => d - value), clusters);
  const c = units.length;
  const error = c < 2 ? NaN : Math.sqrt((sum(spread.map((d) => d * d)) * c) / (c - 1)) / n;
  let smallest = (POWER_Z * Math.sqrt(sum(units.map((d) => d * d)))) / n;
  let [p, test, low, high] = [0, "mcnemar exact", 0, 0];
  if (proportion) {
    const [a, b] = [difference.filter((d) => d > 0).length, difference.filter((d) => d < 0).length];
    p = mcnemar(a, b);
    [low, high] = shareInterval(a, b, n);
    smallest = Math.max(smallest, LEAST_DISCORDANT / n);
  } else {
    const [found, how] = signFlip(units.map((d) => Math.round(d * 1e12) / 1e12));
    [p, test, low, high] = [found, `permutation ${how}`, value - t * error, value + t * error];
  }
  return { n, a: sum(first) / n, b: sum(second) / n, difference: value, low, high, stderr: error, test, p, smallest: smallest || null };
}

/** Sums values of items that share a cluster, given as lists of places; all others stand alone: `cluster_sums`. */
function clusterSums(values, clusters) {
  const sums = Float64Array.from(values);
  for (const [first, ...others] of clusters) for (const place of others) sums[first] += values[place];
  const summed = new Set(clusters.flatMap(([, ...others]) => others));
  return sums.filter((_, place) => !summed.has(place));
}

/** Adds Holm's adjusted p-values over all rows, and who is better where that is proven. */
export function judge(rows) {
  const order = rows.map((_, i) => i).sort((i, j) => rows[i].p - rows[j].p);
  let reached = 0;
  order.forEach((i, place) => {
    reached = Math.max(reached, Math.min(1, rows[i].p * (rows.length - place)));
    rows[i].p_holm = reached;
    rows[i].better = reached < ALPHA ? (rows[i].difference > 0 !== rows[i].lower_is_better ? "a" : "b") : "";
  });
  return rows;
}

/** Difference of two indices with its interval, from the rows of every task of a suite. */
export function compareIndex(rows, weights) {
  const parts = rows.map((row) => [weights[row.task], row]);
  const value = sum(parts.map(([w, row]) => w * row.difference));
  const half = Z95 * Math.sqrt(sum(parts.map(([w, row]) => (w * row.stderr) ** 2)));
  return { value, low: value - half, high: value + half };
}

/** Two-sided p of McNemar's exact test: `mcnemar`. */
export function mcnemar(a, b) {
  const [least, total] = [Math.min(a, b), a + b];
  if (!total) return 1;
  let log = -total * Math.LN2;
  for (let i = 1; i <= least; i += 1) log += Math.log((total - least + i) / i);
  let [term, tail] = [Math.exp(log), 0];
  for (let k = least; k >= 0; k -= 1) {
    tail += term;
    term *= k / (total - k + 1);
  }
  return Math.min(1, 2 * tail);
}

function shareInterval(a, b, n) {
  const [more, less, total] = [a + 0.5, b + 0.5, n + 2];
  const middle = (more - less) / total;
  const half = (Z95 * Math.sqrt(more + less - (more - less) ** 2 / total)) / total;
  return [Math.max(-1, middle - half), Math.min(1, middle + half)];
}

/** Returns [p, how] of the paired permutation test: `sign_flip`. */
export function signFlip(differences) {
  const sizes = differences.filter((d) => d !== 0).map(Math.abs);
  if (!sizes.length) return [1, "exact"];
  const most = sizes.reduce((a, b) => Math.max(a, b));
  const d = sizes.map((size) => size / most);
  const total = Math.abs(sum(differences)) / most;
  if (d.length > EXACT_UNITS) return [saddlepoint(d, total), "saddlepoint"];
  let sums = [0];
  for (const size of d) sums = sums.flatMap((s) => [s + size, s - size]);
  return [sums.filter((s) => Math.abs(s) >= total - 1e-9).length / sums.length, "exact"];
}

function saddlepoint(d, total) {
  const variance = sum(d.map((x) => x * x));
  if (total < 1e-6 * Math.sqrt(variance)) return 1;
  if (sum(d) - total <= 1e-9 * total) return 2 ** (1 - d.length);
  const slope = (t) => sum(d.map((x) => x * Math.tanh(t * x))) - total;
  let [low, high] = [0, 1];
  while (slope(high) < 0) high *= 2;
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  const t = (low + high) / 2;
  const cumulant = sum(d.map((x) => t * x + Math.log1p(Math.exp(-2 * t * x)) - Math.LN2));
  const w = Math.sqrt(2 * Math.max(t * total - cumulant, 0));
  const u = t * Math.sqrt(sum(d.map((x) => x * x * (1 - Math.tanh(t * x) ** 2))));
  if (w < 1e-3) return 2 * upper(total / Math.sqrt(variance));
  const density = Math.exp((-w * w) / 2) / Math.sqrt(2 * Math.PI);
  return Math.min(1, 2 * (upper(w) + density * (1 / u - 1 / w)));
}

/** Upper tail of the normal distribution, to about 12 digits. */
function upper(z) {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 3) {
    let fraction = 0; // Laplace's continued fraction, from its far end
    for (let k = 100; k > 0; k -= 1) fraction = k / (z + fraction);
    return density / (z + fraction);
  }
  let [term, total] = [z, z];
  for (let k = 1; Math.abs(term) > 1e-17; k += 1) {
    term *= (z * z) / (2 * k + 1);
    total += term;
  }
  return 0.5 - density * total;
}
