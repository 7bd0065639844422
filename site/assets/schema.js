// Holds a document to the parts of JSON Schema that our schemas use, with their own messages.

/** Returns every fault as {path, message}; path is dotted, "" for the whole. */
export function faults(value, schema, root = schema, path = "") {
  if (schema === true) return [];
  if (schema === false) return [{ path, message: "" }];
  const rules = schema.$ref ? { ...resolve(root, schema.$ref), ...schema, $ref: undefined } : schema;
  const found = [...ownFaults(value, rules, path), ...innerFaults(value, rules, root, path), ...branches(value, rules, root, path)];
  return rules.message ? found.map((fault) => (fault.path === path || !fault.message ? { ...fault, message: rules.message } : fault)) : found;
}

const resolve = (root, ref) => ref.replace("#/", "").split("/").reduce((part, key) => part[key], root);
const holds = (value, schema, root) => faults(value, schema, root).length === 0;
const kindOf = (value) => (Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : value === null ? "null" : typeof value);

/** Rules about the value itself: each is [keyword, what it says of a wrong value]. */
function ownFaults(value, rules, path) {
  const fault = (message) => [{ path, message }];
  const size = typeof value === "string" ? [...value].length : Array.isArray(value) ? value.length : 0;
  if (rules.type && kindOf(value) !== rules.type) return fault(`must be ${rules.type}`);
  if ("const" in rules && value !== rules.const) return fault(`must be ${rules.const}`);
  if (rules.enum && !rules.enum.includes(value)) return fault(`must be one of ${rules.enum.join(", ")}`);
  if (size < (rules.minLength ?? rules.minItems ?? 0)) return fault("");
  if (size > (rules.maxLength ?? rules.maxItems ?? Infinity)) return fault(`at most ${rules.maxLength ?? rules.maxItems}`);
  if (rules.uniqueItems && new Set(value).size < value.length) return fault("must not repeat");
  if (rules.pattern && typeof value === "string" && !new RegExp(rules.pattern).test(value)) return fault("");
  return [];
}

function innerFaults(value, rules, root, path) {
  const inside = (key) => (path ? `${path}.${key}` : key);
  if (Array.isArray(value) && rules.items) return value.flatMap((item, i) => faults(item, rules.items, root, inside(i)));
  if (kindOf(value) !== "object") return [];
  const missing = (rules.required ?? []).filter((key) => !(key in value)).map((key) => ({ path: inside(key), message: "" }));
  const known = Object.entries(rules.properties ?? {}).filter(([key]) => key in value);
  const strange = rules.additionalProperties === false ? Object.keys(value).filter((key) => !(key in rules.properties)) : [];
  return [...missing, ...known.flatMap(([key, rule]) => faults(value[key], rule, root, inside(key))), ...strange.map((key) => ({ path: inside(key), message: "unknown" }))];
}

function branches(value, rules, root, path) {
  const found = (rules.allOf ?? []).flatMap((rule) => faults(value, rule, root, path));
  if (rules.if) {
    const next = holds(value, rules.if, root) ? rules.then : rules.else;
    if (next) found.push(...faults(value, next, root, path));
  }
  if (rules.oneOf && rules.oneOf.filter((rule) => holds(value, rule, root)).length !== 1) found.push({ path, message: "" });
  if (rules.anyOf && !rules.anyOf.some((rule) => holds(value, rule, root))) found.push({ path, message: "" });
  if (rules.not && holds(value, rules.not, root)) found.push({ path, message: "" });
  return found;
}
