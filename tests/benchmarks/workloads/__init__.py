"""What is timed: the same programs in every framework, on the same float32 inputs.

Each module here writes the programs for one framework as its users would, and has

    one function a program   of the parameters, then the data; the results are a flat sequence
    LEFT_OUT                 programs that it does not have, each with the reason
    LAYOUTS                  programs whose parameters it wants with their axes in another order
    set_threads(count)       called before anything is computed
    variable, source, data   of an array: a model's parameter, another array that gradients are
                             taken with respect to, any other array
    call(program, inputs)    a function of nothing that returns when the results are there
    to_numpy(result)

Hessian times vector is asked for in the faster of the ways that a framework has; the modules say
which.
"""

import importlib
import importlib.util
from types import ModuleType
from typing import NamedTuple

import numpy as np

BACKENDS = {
    "reference": "reference_engine",
    "torch": "torch",
    "tensorflow": "tensorflow",
    "jax": "jax",
    "autograd": "autograd",
}
SMALL = 1000  # elements up to which a workload belongs to the small group


class Workload(NamedTuple):
    """A program, and the arrays that it is given."""

    name: str
    program: str
    parameters: tuple[np.ndarray, ...]
    data: tuple[np.ndarray, ...] = ()
    model: bool = False  # parameters of a model, which some frameworks hold in Variables
    steps: int = 1  # how many slices of the first array of data are taken one by one

    @property
    def elements(self):
        """The size of the largest input, of which a recurrent cell sees a step at a time."""
        first, *others = self.data or (np.empty(0),)
        return max(first.size // self.steps, *(x.size for x in (*self.parameters, *others)))

    @property
    def group(self):
        """Where its time counts: "small" or "large"."""
        return "small" if self.elements <= SMALL else "large"


def load(backend) -> ModuleType:
    """The module of one framework, which imports the framework."""
    return importlib.import_module(f"{__name__}.{backend}_workloads")


def is_installed(backend):
    """Whether the framework can be imported."""
    return importlib.util.find_spec(BACKENDS[backend]) is not None


def prepare(module, workload):
    """A function of nothing that runs `workload`, its inputs made; None if it is left out."""
    if workload.program in module.LEFT_OUT:
        return None
    make = module.variable if workload.model else module.source
    layouts = module.LAYOUTS.get(workload.program) or [None] * len(workload.parameters)
    parameters = [make(x if axes is None else x.transpose(axes))
                  for x, axes in zip(workload.parameters, layouts, strict=True)]  # fmt: skip
    data = [module.data(x) for x in workload.data]
    return module.call(getattr(module, workload.program), [*parameters, *data])


def answers(module, workload, results):
    """What a call returned, as arrays in the layout of the inputs."""
    arrays = [np.asarray(module.to_numpy(result)) for result in results]
    for place, axes in enumerate(module.LAYOUTS.get(workload.program, ()), start=1):  # loss is 0
        arrays[place] = arrays[place].transpose(np.argsort(axes))
    return arrays


def make_workloads(seed=2024):
    """Every workload by its name, with inputs of a size that keeps results near 1."""
    made = [*_notebook(), *_sum_squares(seed), *_networks(seed), *_mixtures(seed)]
    return {workload.name: workload for workload in made}


def _normal(generator, *shape, scale=1.0):
    return np.float32(scale) * generator.standard_normal(shape, dtype=np.float32)


def _notebook():
    yield Workload("notebook: sum_square", "notebook_sum_square", (np.ones((2, 2), "float32"),))
    yield Workload("notebook: chained_powers", "chained_powers", (np.array(3.0, "float32"),))
    yield Workload("notebook: second_derivative", "second_derivative", (np.array(1.0, "float32"),),
                   model=True)


def _sum_squares(seed):
    generator = np.random.default_rng(seed)
    for size in (10**2, 10**4, 10**6):
        yield Workload(f"sum of squares, {size:,}", "sum_of_squares", (_normal(generator, size),))
    scalars = (np.array(value, "float32") for value in (0.5, 1.6, 0.25))
    yield Workload("scalar chain, 200 operations", "scalar_chain", tuple(scalars))


def _networks(seed):
    generator = np.random.default_rng(seed)
    for batch, width in ((8, 16), (128, 256)):
        yield Workload(f"MLP {batch}x{width}", "mlp", *_mlp(generator, batch, width), model=True)
    parameters, data = _mlp(generator, 8, 16)
    vector = tuple(_normal(generator, *x.shape) for x in parameters)
    yield Workload("MLP 8x16, Hessian times vector", "mlp_hessian_vector", parameters,
                   (*vector, *data), model=True)
    for batch, classes in ((32, 10), (256, 1000)):
        labels = generator.integers(classes, size=batch)
        yield Workload(f"cross-entropy {batch}x{classes}", "cross_entropy",
                       (_normal(generator, batch, classes),), (labels,))
    weights = (_normal(generator, 16, 16, scale=0.25), _normal(generator, 16, 16, scale=0.25),
               _normal(generator, 16, scale=0.1))
    yield Workload("recurrent cell, 50 steps of 8x16", "recurrent", weights,
                   (_normal(generator, 50, 8, 16),), model=True, steps=50)
    yield Workload("conv2d 8x3x32x32, 16 of 3x3", "conv2d",
                   (_normal(generator, 8, 3, 32, 32), _normal(generator, 16, 3, 3, 3, scale=0.2)))


def _mlp(generator, batch, width):
    """Weights and biases of two layers; then inputs and targets."""
    scale = width**-0.5
    parameters = (_normal(generator, width, width, scale=scale),
                  _normal(generator, width, scale=0.1),
                  _normal(generator, width, width, scale=scale),
                  _normal(generator, width, scale=0.1))
    return parameters, (_normal(generator, batch, width), _normal(generator, batch, width))


def _mixtures(seed):
    generator = np.random.default_rng(seed)
    for n, d, k in ((100, 3, 5), (2000, 10, 10)):
        parameters = (_normal(generator, k), _normal(generator, k, d),
                      _normal(generator, k, d, scale=0.1), _normal(generator, k, d, d, scale=0.1))
        below = np.tril(np.ones((d, d), "float32"), -1)
        data = (_normal(generator, n, d), below, np.eye(d, dtype="float32"))
        yield Workload(f"Gaussian mixture n={n} d={d} k={k}", "mixture", parameters, data,
                       model=True)
