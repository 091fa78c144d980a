// A consumer of exported vectors, written from docs/vectors.md alone.
//
//     node consumer.mjs FOLDER [DTYPE] [WRONG]
//
// It brings a small reverse-mode engine. Backward passes are made of the engine's own operators, so
// gradients nest. WRONG names a function of one operand whose gradient is given the wrong sign.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, dtype = "float64", wrong] = process.argv.slice(2);
const round = { float32: Math.fround, float64: (number) => number }[dtype];
const overflow = { float32: (2 - 2 ** -24) * 2 ** 127, float64: Infinity }[dtype];

// --- numbers --------------------------------------------------------------------------------------

function hex(text) {
  const special = { inf: Infinity, "-inf": -Infinity, nan: NaN };
  if (text in special) return special[text];
  const [, sign, whole, digits = "", exponent] = /^(-?)0x(.)(?:\.(.*))?p(.*)$/.exec(text);
  const power = Number(exponent) - 4 * digits.length, half = Math.trunc(power / 2);
  // twice half the power: 2 ** -1074 alone is exact, a smaller power is not
  return (sign ? -1 : 1) * parseInt(whole + digits, 16) * 2 ** half * 2 ** (power - half);
}

const number = (written) => round(typeof written === "number" ? written : hex(written.float));

// --- values and operators -------------------------------------------------------------------------

let made = 0;
const value = (shape, data, inputs = [], back = () => []) =>
  ({ id: made++, shape, data, inputs, back });
const scalar = (x) => value([], [round(x)]);
const size = (shape) => shape.reduce((product, length) => product * length, 1);
const filled = (shape, x) => value(shape, Array(size(shape)).fill(x));

// for each element of an array of shape `to`, the place in one of shape `from` that broadcasts to it
function places(from, to) {
  const lengths = [...Array(to.length - from.length).fill(1), ...from];
  return to.reduce((found, n, axis) => found.flatMap((place) => Array.from({ length: n },
    (_, k) => place * lengths[axis] + (lengths[axis] === 1 ? 0 : k))), [0]);
}

const reshape = (x, shape) => value(shape, x.data, [x], (dy) => [reshape(dy, x.shape)]);
const expand = (x, shape) => value(shape, places(x.shape, shape).map((i) => x.data[i]), [x],
  (dy) => [collect(dy, x.shape)]);

function collect(x, shape) { // the transpose of expand: a sum over what was broadcast
  const data = Array(size(shape)).fill(0);
  places(shape, x.shape).forEach((to, from) => { data[to] = round(data[to] + x.data[from]); });
  return value(shape, data, [x], (dy) => [expand(dy, x.shape)]);
}

const unary = (name, f, slope) => (x) => {
  const y = value(x.shape, x.data.map((v) => round(f(v))), [x], (dy) => {
    const dx = multiply(dy, slope(x, y));
    return [name === wrong ? negative(dx) : dx];
  });
  return y;
};

const binary = (f, back) => (left, right) => {
  const rank = Math.max(left.shape.length, right.shape.length);
  const [one, other] = [left, right].map((x) =>
    [...Array(rank - x.shape.length).fill(1), ...x.shape]);
  const shape = one.map((n, axis) => (n === 1 ? other[axis] : n));
  const [a, b] = [expand(left, shape), expand(right, shape)];
  const y = value(shape, a.data.map((v, i) => round(f(v, b.data[i]))), [a, b],
    (dy) => back(dy, a, b, y));
  return y;
};

const add = binary((a, b) => a + b, (dy) => [dy, dy]);
const subtract = binary((a, b) => a - b, (dy) => [dy, negative(dy)]);
const multiply = binary((a, b) => a * b, (dy, a, b) => [multiply(dy, b), multiply(dy, a)]);
const divide = binary((a, b) => a / b,
  (dy, a, b, y) => [divide(dy, b), negative(divide(multiply(dy, y), b))]);
const negative = unary("negative", (x) => -x, () => scalar(-1));
const exp = unary("exp", Math.exp, (x, y) => y);
const log = unary("log", Math.log, (x) => divide(scalar(1), x));
const sin = unary("sin", Math.sin, (x) => cos(x));
const cos = unary("cos", Math.cos, (x) => negative(sin(x)));
const tanh = unary("tanh", Math.tanh, (x, y) => subtract(scalar(1), square(y)));
const abs = unary("abs", Math.abs, (x) => value(x.shape, x.data.map(Math.sign)));
const square = unary("square", (x) => x * x, (x) => multiply(scalar(2), x));
const sqrt = unary("sqrt", Math.sqrt, (x, y) => divide(scalar(0.5), y));
const power = (x, n) => value(x.shape, x.data.map((v) => round(v ** n)), [x], (dy) =>
  [n === 0 ? filled(x.shape, 0) : multiply(dy, multiply(scalar(n), power(x, n - 1)))]);

function sum(x, { axis }, shape) {
  const axes = axis === null ? x.shape.keys() : [axis].flat();
  const gone = new Set([...axes].map((a) => (a + x.shape.length) % x.shape.length));
  return reshape(collect(x, x.shape.map((n, a) => (gone.has(a) ? 1 : n))), shape);
}

function grad(target, source) {
  const cotangents = new Map([[target, filled(target.shape, 1)]]);
  const seen = new Set(), open = [target];
  while (open.length) {
    const x = open.pop();
    if (x.id < source.id || seen.has(x)) continue; // made before the source: cannot depend on it
    seen.add(x);
    open.push(...x.inputs);
  }
  for (const y of [...seen].sort((a, b) => b.id - a.id)) {
    if (y === source || !cotangents.has(y)) continue;
    y.back(cotangents.get(y)).forEach((dx, i) => {
      const before = cotangents.get(y.inputs[i]);
      cotangents.set(y.inputs[i], before ? add(before, dx) : dx);
    });
  }
  return cotangents.get(source) ?? filled(source.shape, 0);
}

const simple = {
  add, subtract, multiply, divide, negative, exp, log, sin, cos, tanh, abs, square, sqrt, grad,
};
const operators = {
  ...Object.fromEntries(Object.entries(simple).map(([name, f]) => [name, (node, xs) => f(...xs)])),
  input: (node, xs, vector) =>
    value(node.shape, vector.inputs[node.parameters.name].values.map(hex)),
  constant: (node) => value(node.shape, node.parameters.value.map(number)),
  literal: (node) => scalar(number(node.parameters.value)),
  pow: (node, [x, n], { program }) => // of another exponent than a literal: null
    (program.nodes[node.inputs[1]].op === "literal" ? power(expand(x, node.shape), n.data[0]) : null),
  sum: (node, [x]) => sum(x, node.parameters, node.shape),
  stop_gradient: (node, [x]) => value(x.shape, x.data),
  ones_like: (node) => filled(node.shape, 1),
};

// --- programs and verdicts ------------------------------------------------------------------------

// the value of one node, or null where an operator or a dtype is not supported
function evaluate(vector, wanted, values) {
  const { nodes } = vector.program, needed = new Set([wanted]);
  for (let i = wanted; i >= 0; i--) if (needed.has(i)) nodes[i].inputs.forEach((j) => needed.add(j));
  for (const i of [...needed].sort((a, b) => a - b)) {
    const node = nodes[i], operands = node.inputs.map((j) => values[j]);
    const known = node.op in operators && node.dtype === dtype && !operands.includes(null);
    values[i] ??= known ? operators[node.op](node, operands, vector) : null;
  }
  return values[wanted];
}

function element(got, hi, lo, radius, allowed, scale, ordinary) {
  const allowance = allowed === null ? Infinity : hex(allowed);
  if (!Number.isFinite(got) || !Number.isFinite(hi)) {
    const reach = Math.abs(hi) + (allowed === null ? 0 : allowance);
    const infinite = Math.abs(got) === Infinity && Math.sign(got) === Math.sign(hi);
    if (infinite && reach >= overflow) return "agrees";
    return allowed === null ? "inconclusive" : "differs";
  }
  if (Math.abs(got - hi - lo) > allowance + radius) return "differs";
  return allowance > 0.05 * (Math.max(Math.abs(hi), scale) || ordinary) ? "inconclusive" : "agrees";
}

// whether an answer is a mixture of limits, to a millionth: steps toward the limit farthest that way
function mixed(got, limits) {
  const dot = (a, b) => a.reduce((total, x, i) => total + x * b[i], 0);
  let at = limits[0];
  for (let step = 0; step < 10000; step++) {
    const gap = got.map((x, i) => x - at[i]);
    if (gap.every((x, i) => Math.abs(x) <= 1e-6 * Math.max(1, Math.abs(got[i])))) return true;
    const to = limits.reduce((best, one) => (dot(one, gap) > dot(best, gap) ? one : best));
    const way = to.map((x, i) => x - at[i]), length = dot(way, gap) / dot(way, way);
    if (!(length > 0)) return false;
    at = at.map((x, i) => x + Math.min(length, 1) * way[i]);
  }
  return false;
}

function judge(got, { shape, truth, kink, refusal }) {
  if (got === null) return "unsupported";
  if (refusal) return "refused";
  if (String(got.shape) !== String(shape)) return "differs";
  if (kink) {
    const verdicts = (x) => kink.limits.map((limit) => judge(x, { shape, truth: limit }));
    if (verdicts(got).includes("agrees")) return "agrees";
    const limits = kink.limits.map((one) => one.hi.map(hex));
    const ends = (sign) => (i) => Math.max(...kink.limits.map((one) => sign * hex(one.hi[i])
      + (one.allowance[i] === null ? Infinity : hex(one.allowance[i]))));
    const inside = got.data.every((x, i) => x <= ends(1)(i) && -x <= ends(-1)(i));
    return inside && mixed(got.data, limits) ? "agrees" : "differs";
  }
  const [hi, lo, radius] = [truth.hi, truth.lo, truth.radius].map((column) => column.map(hex));
  const ordinary = hi.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1);
  const scale = (i) => (truth.scale ? hex(truth.scale[i]) : 0);
  const found = got.data.map((x, i) =>
    element(x, hi[i], lo[i], radius[i], truth.allowance[i], scale(i), ordinary));
  return ["differs", "inconclusive"].find((verdict) => found.includes(verdict)) ?? "agrees";
}

const counts = { agrees: 0, differs: 0, inconclusive: 0, unsupported: 0, refused: 0 };
const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
if (index.format !== "conformance-vectors" || index.version !== 1) throw Error("another format");
for (const file of index.files.filter((one) => one.dtype === dtype)) {
  const bytes = readFileSync(join(folder, file.path));
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== file.sha256) throw Error(`${file.path} was changed`);
  for (const line of bytes.toString("utf8").trimEnd().split("\n")) {
    const vector = JSON.parse(line), values = [];
    for (const { name, node } of vector.program.outputs) {
      const verdict = judge(evaluate(vector, node, values), vector.derivatives[name]);
      counts[verdict] += 1;
      if (verdict === "differs") console.log(`${vector.case} ${name}`);
    }
  }
}
console.log(Object.entries(counts).map(([verdict, count]) => `${verdict} ${count}`).join(", "));
process.exitCode = counts.differs ? 1 : 0;
