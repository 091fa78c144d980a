"""Random programs and their derivatives of up to third order, in every mode, against JAX's."""

import os

import numpy as np
import pytest

import reference_engine as engine

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402

# A seed is a program, and fails or passes wherever it is run. More of them: PROGRAMS=4000.
PROGRAMS = int(os.environ.get("PROGRAMS", "36"))
SHAPES = [(), (3,), (2, 3), (1, 3), (3, 3)]
SIZES = {1, 2, 3}  # few, since JAX compiles each operator anew for each shape
LARGEST = 30.0


@pytest.fixture(autouse=True)
def as_users_have_it(seed, monkeypatch):
    """JAX in double precision; the engine with and without what depends on options and sizes.

    Tapes keep less while rules are not checked, and only large cotangents are added to in place.
    """
    if seed % 3 == 0:
        monkeypatch.setattr("reference_engine.backward.IN_PLACE", 0)
    with jax.enable_x64(True), engine.debug(rules=bool(seed % 2)):
        yield


class Jax:
    """jax.numpy with the engine's other names."""

    logsumexp = staticmethod(jax.scipy.special.logsumexp)
    erf = staticmethod(jax.scipy.special.erf)
    softmax, log_softmax = staticmethod(jax.nn.softmax), staticmethod(jax.nn.log_softmax)
    sigmoid, softplus, relu = map(staticmethod, (jax.nn.sigmoid, jax.nn.softplus, jax.nn.relu))

    def __getattr__(self, name):
        return getattr(jnp, name)


# --- programs: lines of Python that both packages understand --------------------------------------

# No kink is met: JAX goes its own way there. Where ties are met, both share equally.
ELEMENTWISE = [
    *("xp.sin({0})", "xp.tanh({0})", "xp.exp({0})", "xp.sigmoid({0})", "xp.softplus({0})"),
    *("xp.erf({0})", "xp.atan({0})", "xp.square({0})", "xp.sqrt({0} * {0} + 0.3)", "-{0}"),
    *("xp.log({0}**2 + 0.5)", "xp.cos({0} * 2 + 1)", "1 / ({0} * {0} + 0.5)"),
    "xp.abs({0} + 0.0137)",
    *("2**{0}", "0.5 - {0}", "({0} * {0} + 0.5) ** 1.5", "{0} ** 3", "xp.relu({0})"),
    *("xp.clip({0} * 1.01, min=-0.4, max=0.9)", "xp.reciprocal({0} * {0} + 1)", "xp.expm1({0})"),
    *("xp.log1p({0} * {0})", "xp.sinh({0})", "xp.cosh({0})", "xp.asinh({0})", "3 * {0}"),
]
BINARY = [
    *("{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} * {1} + {0}", "xp.maximum({0}, {1})"),
    *("{0} / ({1} * {1} + 0.5)", "xp.where({0} > {1}, {0}, {1} * 0.5)", "xp.minimum({0}, {1})"),
    *("({0} * {0} + 0.5) ** xp.tanh({1})", "xp.hypot({0}, {1} + 0.1)", "xp.logaddexp({0}, {1})"),
    *("xp.atan2({0}, {1} * {1} + 0.2)", "xp.where({0} < 0.1, xp.sin({1}), {0})"),
]
REDUCTIONS = [
    *("xp.sum({0})", "xp.sum({0}, axis={a})", "xp.sum({0}, axis={a}, keepdims=True)"),
    *("xp.mean({0}, axis={a})", "xp.mean({0})", "xp.max({0}, axis={a})", "xp.min({0})"),
    *("xp.logsumexp({0}, axis={a})", "xp.softmax({0}, axis={a})", "xp.prod({0}, axis={a})"),
    *("xp.log_softmax({0}, axis={a})", "xp.cumulative_sum({0}, axis={a})", "xp.var({0}, axis={a})"),
    *("xp.std({0} + 0.1 * xp.arange({n}), axis=-1)", "xp.flip({0}, axis={a})"),
    *("xp.sort({0}, axis={a})", "xp.take({0}, xp.asarray([0, 0]), axis={a})", "{0}[0]"),
    *("{0}[..., ::-1]", "{0}[..., None]", "{0}[xp.asarray([0, -1, 0])]", "xp.reshape({0}, (-1,))"),
    *("xp.roll({0}, 1, axis={a})", "xp.expand_dims({0}, axis={a})", "xp.prod({0})", "{0}[-1:]"),
    *("xp.concat([{0}, {0} * 2], axis={a})", "xp.stack([{0}, {0}], axis={a})", "xp.var({0})"),
]
MATRICES = [
    *("{0} @ xp.matrix_transpose({0})", "xp.matrix_transpose({0})", "xp.tril({0})"),
    *("xp.einsum('ij,kj->ik', {0}, {0})", "xp.einsum('ij->j', {0})"),
    "xp.permute_dims({0}, (1, 0))",
    "xp.linalg.inv({0} @ xp.matrix_transpose({0}) + xp.eye({m}))",
    "xp.linalg.det({0} @ xp.matrix_transpose({0}) + xp.eye({m}))",
    "xp.linalg.cholesky({0} @ xp.matrix_transpose({0}) + xp.eye({m}))",
    "xp.trace({0} @ xp.matrix_transpose({0}))",
]
SECONDS = ["{0} @ {1}", "xp.concat([{0}, {1}])", "xp.stack([{0}, {1}])", "xp.outer({0}, {1})"]


class Program:
    """Lines of random code: a function of (xp, inputs, tap), several results and a picture."""

    def __init__(self, random, shapes, length):
        self.random = random
        self.values = [random.uniform(-1.5, 1.5, shape) for shape in shapes]
        self.lines = []
        first = len(shapes)
        while len(self.lines) < length:
            self.extend()
        # the last, so that most of the program counts, and any other that is computed
        self.results = sorted({len(self.values) - 1, int(random.integers(first, len(self.values)))})
        names = ", ".join(f"v{place}" for place in range(first))
        results = ", ".join(f"v{place}" for place in self.results)
        self.text = "\n    ".join(
            ["def program(xp, inputs, tap):", f"{names}, = inputs", *self.lines,
             f"return [{results}]"])  # fmt: skip
        scope = {}
        exec(compile(self.text, "<program>", "exec"), scope)
        self.run = scope["program"]

    def extend(self):
        """Adds a line, unless it would not compute or its values are too large to compare."""
        random, places = self.random, len(self.values)
        recent = random.random() < 0.6
        one, two = (int(random.integers(max(0, places - 3) if recent else 0, places))
                    for _ in range(2))  # fmt: skip
        x = self.values[one]
        kinds = [ELEMENTWISE, BINARY, SECONDS] + [REDUCTIONS] * (x.ndim > 0) + [MATRICES] * (
            x.ndim == 2)  # fmt: skip
        template = random.choice(kinds[random.integers(len(kinds))])
        code = str(template).format(
            f"v{one}", f"v{two}", a=int(random.integers(-x.ndim, max(x.ndim, 1))),
            n=x.shape[-1] if x.ndim else 0, m=x.shape[0] if x.ndim else 0)  # fmt: skip
        try:
            value = eval(code, {"xp": engine} | {
                f"v{i}": engine.constant(v) for i, v in enumerate(self.values)})  # fmt: skip
            value = value.numpy()
        except (engine.EngineError, TypeError, ValueError):
            return
        if value.ndim < 3 and SIZES.issuperset(value.shape) and np.abs(value).max() < LARGEST:
            self.lines.append(f"v{places} = tap({places}, {code})")
            self.values.append(value)


def untapped(place, value):
    return value


def total(results):
    """One number of several results, in which no two elements count alike."""
    sums = [(v * v * 0.3 + v).sum() if hasattr(v, "sum") else engine.sum(v * v * 0.3 + v)
            for v in results]  # fmt: skip
    number = sums[0]
    for more in sums[1:]:
        number = number + more
    return number


def program_of(seed, length=(2, 9)):
    random = np.random.default_rng(seed)
    shapes = [SHAPES[place] for place in random.integers(len(SHAPES), size=random.integers(1, 4))]
    program = Program(random, shapes, int(random.integers(*length)))
    inputs = [random.uniform(-1.5, 1.5, shape) for shape in shapes]
    return random, program, inputs


def agree(ours, theirs, program):
    """Whether two structures of arrays agree, as far as the rounding of either lets them."""
    ours, theirs = (list(map(plain, jax.tree.leaves(x, is_leaf=is_tensor)))
                    for x in (ours, theirs))  # fmt: skip
    if any(not np.isfinite(x).all() or np.abs(x).max() > 1e7 for x in theirs):
        return  # an overflow on the way, or too large to tell rounding from faults
    scale = max([1.0, *(np.abs(x).max() for x in theirs)])
    assert len(ours) == len(theirs)
    for mine, wanted in zip(ours, theirs, strict=True):
        assert (mine.shape, mine.dtype) == (wanted.shape, wanted.dtype), program.text
        error = np.abs(mine - wanted).max()
        assert error <= 1e-9 * scale, f"{program.text}\n{mine}\n{wanted}"


def is_tensor(value):
    return isinstance(value, engine.Tensor | engine.Variable)


def plain(value):
    return value.numpy() if is_tensor(value) else np.asarray(value)


def compiled(function):
    """As one piece, and carelessly: to compile takes all the time.

    Not for FFTs, at which jaxlib 0.10.2 fails once it has chosen another layout.
    """
    return jax.jit(function, compiler_options={"xla_backend_optimization_level": 0,
                                               "xla_llvm_disable_expensive_passes": True})


def each(kind):
    """A quarter of the programs, no two tests the same ones."""
    return pytest.mark.parametrize("seed", range(kind * 10**8, kind * 10**8 + PROGRAMS // 4))


# --- one recording, all questions -----------------------------------------------------------------


@each(1)
def test_gradients_of_several_targets_with_respect_to_inputs_and_to_what_is_computed(seed):
    random, program, inputs = program_of(seed)
    first = len(inputs)
    tapped = [place for place in range(first, len(program.values)) if random.random() < 0.4]
    weights = [random.uniform(-1, 1, program.values[place].shape) for place in program.results]
    tensors = [engine.Variable(x) if random.random() < 0.3 else engine.constant(x)
               for x in inputs]  # fmt: skip
    computed = {}

    def keep(place, value):
        computed[place] = value
        return value

    persistent = bool(random.random() < 0.5)
    with engine.GradientTape(persistent=persistent) as tape:
        tape.watch(tensors)
        results = program.run(engine, tensors, keep)
    sources = [*tensors, *[computed[place] for place in tapped]]
    frozen = [plain(x).copy() for x in [*tensors, *computed.values()]]
    ask = {"output_gradients": [engine.constant(w) for w in weights],
           "unconnected_gradients": "zero"}  # fmt: skip
    ours = tape.gradient(results, sources, **ask)

    def weighted(inputs, shifts):
        results = program.run(Jax(), inputs, lambda place, v: v + shifts.get(place, 0.0))
        return sum((w * v).sum() for w, v in zip(weights, results, strict=True))

    shifts = {place: jnp.zeros(program.values[place].shape) for place in tapped}
    of_inputs, of_shifts = compiled(jax.grad(weighted, (0, 1)))(
        list(map(jnp.asarray, inputs)), shifts)  # fmt: skip
    agree(ours, [*of_inputs, *[of_shifts[place] for place in tapped]], program)
    for before, now in zip(frozen, [*tensors, *computed.values()], strict=True):
        assert (before == plain(now)).all(), program.text
    if persistent:
        before = [plain(x).copy() for x in ours]
        again = tape.gradient(results, sources, **ask)
        for mine, anew, once in zip(ours, again, before, strict=True):
            assert (plain(anew) == once).all()
            assert (plain(mine) == once).all()


# --- derivatives of derivatives -------------------------------------------------------------------


def by_tape(function, x):
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x, unconnected_gradients="zero")


def by_persistent_tape(function, x):
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = function(x)
        answer = tape.gradient(y, x, unconnected_gradients="zero")
    return answer


def by_accumulator(function, x):
    with engine.ForwardAccumulator(x, engine.ones_like(x)) as accumulator:
        y = function(x)
    return accumulator.jvp(y, unconnected_gradients="zero") * x


BACKWARD = [by_tape, by_persistent_tape, lambda function, x: engine.grad(function)(x),
            lambda function, x: engine.vjp(function, x)[1](engine.constant(1.0))[0]]  # fmt: skip
FORWARD = [
    by_accumulator,
    lambda function, x: engine.jvp(function, (x,), (engine.ones_like(x),))[1] * x,
]


def ours_of(levels, inputs):
    """The derivatives' total: each level's program reads the derivative of the one before."""
    if not levels:
        return inputs[0]
    *inner, (program, _, way) = levels
    rest = inputs[1:]

    def number(x):
        return total([ours_of(inner, [x, *rest])])

    x = way(number, inputs[0])
    return total(program.run(engine, [x, *rest], untapped))


def theirs_of(levels, inputs):
    if not levels:
        return inputs[0]
    *inner, (program, forward, _) = levels
    rest = inputs[1:]

    def number(x):
        return total([theirs_of(inner, [x, *rest])])

    x = (jax.jvp(number, (inputs[0],), (jnp.ones_like(inputs[0]),))[1] * inputs[0] if forward
         else jax.grad(number)(inputs[0]))  # fmt: skip
    return total(program.run(Jax(), [x, *rest], untapped))


@each(2)
def test_programs_of_derivatives_of_programs(seed):
    random, program, inputs = program_of(seed, (2, 6))
    levels = []
    shapes = [x.shape for x in inputs]
    for _ in range(int(random.integers(1, 4))):
        forward = bool(random.random() < 0.4)
        ways = FORWARD if forward else BACKWARD
        levels.append((Program(random, shapes, int(random.integers(1, 4))), forward,
                       ways[random.integers(len(ways))]))  # fmt: skip
    tensors = list(map(engine.constant, inputs))
    wanted = compiled(jax.grad(lambda xs: theirs_of(levels, xs)))(list(map(jnp.asarray, inputs)))
    with engine.GradientTape() as tape:
        tape.watch(tensors)
        y = ours_of(levels, tensors)
    ours = tape.gradient(y, tensors, unconnected_gradients="zero")
    program.text = "\n".join(f"{way} {level.text}" for level, _, way in levels)
    agree(ours, wanted, program)


@each(3)
def test_jacobians_hessians_and_their_products(seed):
    random, program, inputs = program_of(seed, (2, 6))
    places = tuple(range(len(inputs)))
    arrays = tuple(map(jnp.asarray, inputs))
    directions = [random.uniform(-1, 1, x.shape) for x in inputs]

    def last(xp):
        return lambda *xs: program.run(xp, list(xs), untapped)[-1]

    def number(xp):
        return lambda *xs: total(program.run(xp, list(xs), untapped))

    place = int(random.integers(len(inputs)))
    y_of, number_of = last(Jax()), number(Jax())
    slope_of = jax.grad(number_of, places)
    wanted = compiled(lambda xs, ts: (
        jax.jacrev(y_of, places)(*xs), jax.jvp(y_of, xs, ts)[1], jax.jvp(slope_of, xs, ts)[1],
        jax.hessian(number_of, place)(*xs)))(
            arrays, tuple(map(jnp.asarray, directions)))  # fmt: skip
    tensors = tuple(map(engine.constant, inputs))
    ours = (engine.jacobian(last(engine), places)(*tensors),
            engine.jvp(last(engine), tensors, tuple(directions))[1],
            engine.hvp(number(engine), tensors, tuple(directions)),
            engine.hessian(number(engine), place)(*tensors))  # fmt: skip
    agree(ours, wanted, program)


# --- complex numbers ------------------------------------------------------------------------------

HOLOMORPHIC = ["xp.exp({0})", "xp.sin({0})", "{0} * {1}", "{0} + {1}", "{0} - 2 * {1}", "{0} ** 2",
               "{0} / ({1} * {1} + 5)", "xp.cosh({0})", "xp.reciprocal({0} + 4)", "xp.square({0})",
               "xp.sqrt({0} + 4)", "xp.log({0} + 5)", "xp.tanh({0} * 0.3)"]  # fmt: skip
MIXED = ["xp.conj({0})", "xp.astype(xp.abs({0}), 'complex128')", "xp.sum({0}[None], axis=0)",
         "xp.astype(xp.real({0}), 'complex128') * {1}", "xp.mean({0})",
         "{0} @ xp.matrix_transpose({1})",
         "xp.astype(xp.imag({0}), 'complex128') + {1}", "xp.matrix_transpose({0})", "{0}[0]",
         "xp.fft.fft({0})", "xp.where(xp.real({0}) > 0, {0}, {1})", "xp.fft.ifft({0})",
         "xp.prod({0})", "xp.einsum('ij,kj->ik', {0}, {1})", "xp.linalg.inv({0} @ "
         "xp.conj(xp.matrix_transpose({0})) + xp.astype(xp.eye(2), 'complex128'))"]  # fmt: skip


class ComplexProgram(Program):
    def extend(self):
        random, places = self.random, len(self.values)
        one, two = (int(place) for place in random.integers(places, size=2))
        code = str(random.choice([HOLOMORPHIC, MIXED][random.integers(2)])).format(
            f"v{one}", f"v{two}")  # fmt: skip
        try:
            value = eval(code, {"xp": engine} | {
                f"v{i}": engine.constant(v) for i, v in enumerate(self.values)})  # fmt: skip
            value = value.numpy()
        except (engine.EngineError, TypeError, ValueError):
            return
        if value.ndim < 3 and SIZES.issuperset(value.shape) and np.abs(value).max() < LARGEST:
            self.lines.append(f"v{places} = tap({places}, {code})")
            self.values.append(value)


@each(4)
def test_complex_gradients_are_the_conjugates_of_those_of_jax(seed):
    random = np.random.default_rng(seed)
    shapes = [[(2, 2), (2, 1), ()][place] for place in random.integers(3, size=2)]
    program = ComplexProgram(random, shapes, int(random.integers(2, 7)))
    inputs = [random.normal(size=shape) + 1j * random.normal(size=shape) for shape in shapes]
    directions = [random.normal(size=shape) + 1j * random.normal(size=shape) for shape in shapes]

    def number(xp):
        def of(*xs):
            results = program.run(xp, list(xs), untapped)
            return xp.sum(xp.real(results[-1]) * 0.7) - xp.sum(xp.imag(results[0]))

        return of

    arrays = tuple(map(jnp.asarray, inputs))
    along = tuple(map(jnp.asarray, directions))
    ours = engine.grad(number(engine), (0, 1))(*inputs)
    wanted = jax.grad(number(Jax()), (0, 1))(*arrays)
    agree(ours, [jnp.conj(x) for x in wanted], program)
    agree(engine.jvp(number(engine), tuple(inputs), tuple(directions))[1],
          jax.jvp(number(Jax()), arrays, along)[1],
          program)  # fmt: skip

    def slope(xp, grad):
        def of(*xs):
            answers = grad(number(xp), (0, 1))(*xs)
            return sum(xp.sum(xp.real(g) ** 2 + 0.5 * xp.imag(g)
                              * (1 if xp is engine else -1)) for g in answers)  # fmt: skip

        return of

    ours = engine.grad(slope(engine, engine.grad), (0, 1))(*inputs)
    wanted = jax.grad(slope(Jax(), jax.grad), (0, 1))(*arrays)
    agree(ours, [jnp.conj(x) for x in wanted], program)
