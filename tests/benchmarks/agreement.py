"""Before anything is timed: every framework must return the same values and gradients."""

import numpy as np
from workloads import answers, prepare

# float32 rounds to one part in 2**24, and no element of a result here ends a chain of more than
# 10**4 roundings that depend on each other: the longest sums are made in blocks. The tolerance is
# relative to the largest element, as small ones may be differences of large ones. It tells one
# program from another; how accurate a gradient is, is for the conformance suite to say.
TOLERANCE = 10**4 * 2.0**-24


class Disagreement(Exception):
    """A framework computes something else than the others do."""


def true_answers(torch_module, workload):
    """The values and gradients of `workload` in float64, by torch."""
    def doubled(arrays):
        return tuple(x.astype("float64") if x.dtype.kind == "f" else x for x in arrays)

    wider = workload._replace(parameters=doubled(workload.parameters), data=doubled(workload.data))
    return answers(torch_module, wider, prepare(torch_module, wider)())


def check(workload, backend, got, true):
    """Raises Disagreement unless `got` are float32 and within the tolerance of `true`."""
    if len(got) != len(true):
        raise Disagreement(f"{workload.name}: {backend} gave {len(got)} results, "
                           f"wanted {len(true)}")
    for place, (mine, theirs) in enumerate(zip(got, true, strict=True)):
        where = f"{workload.name}: result {place} of {backend}"
        if (mine.shape, mine.dtype) != (theirs.shape, np.float32):
            raise Disagreement(f"{where} is {mine.dtype} of shape {mine.shape}, "
                               f"wanted float32 of shape {theirs.shape}")
        error, scale = np.max(np.abs(mine - theirs)), np.max(np.abs(theirs))
        if not error <= TOLERANCE * scale:  # nan is wrong too
            raise Disagreement(f"{where} is off by {error / scale:.1e} of its largest element, "
                               f"wanted at most {TOLERANCE:.1e}: torch in float64 has another")
