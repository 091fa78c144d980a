"""Every workload means the same on every framework, and a check that would notice if it did not."""

import numpy as np
import pytest
from agreement import TOLERANCE, Disagreement, check, true_answers
from workloads import BACKENDS, answers, is_installed, load, make_workloads, prepare

WORKLOADS = make_workloads()


@pytest.fixture(scope="module")
def true():
    """The answers to a workload in float64, computed once."""
    pytest.importorskip("torch")
    known = {}

    def answer(workload):
        if workload.name not in known:
            known[workload.name] = true_answers(load("torch"), workload)
        return known[workload.name]

    return answer


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_frameworks_agree_on_values_and_gradients(workload, backend, true):
    if not is_installed(backend):
        pytest.skip(f"{backend} is not installed")
    module = load(backend)
    call = prepare(module, workload)
    if call is None:
        assert module.LEFT_OUT[workload.program]
    else:
        check(workload, backend, answers(module, workload, call()), true(workload))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_is_written_or_left_out_with_a_reason(backend):
    if not is_installed(backend):
        pytest.skip(f"{backend} is not installed")
    module = load(backend)
    for workload in WORKLOADS.values():
        assert hasattr(module, workload.program) or module.LEFT_OUT[workload.program]


def test_gradients_are_of_a_size_that_a_wrong_one_would_show(true):
    for workload in WORKLOADS.values():
        assert all(np.max(np.abs(answer)) > 1e-5 for answer in true(workload)), workload.name


def test_groups():
    small = [name for name, workload in WORKLOADS.items() if workload.group == "small"]
    assert small == [
        "notebook: sum_square", "notebook: chained_powers", "notebook: second_derivative",
        "sum of squares, 100", "scalar chain, 200 operations", "MLP 8x16",
        "MLP 8x16, Hessian times vector", "cross-entropy 32x10", "recurrent cell, 50 steps of 8x16",
        "Gaussian mixture n=100 d=3 k=5"]
    assert len(WORKLOADS) == 16
    assert WORKLOADS["recurrent cell, 50 steps of 8x16"].elements == 256  # 16 by 16 weights


def wrong(answers_, place, change):
    return [change(x) if at == place else x for at, x in enumerate(answers_)]


@pytest.mark.parametrize(("change", "says"), [
    (lambda x: x * 1.01, "result 1 of mine is off by"),
    (lambda x: x + 2 * TOLERANCE * np.max(np.abs(x)), "torch in float64 has another"),
    (lambda x: x * np.float32(np.nan), "off by nan"),
    (lambda x: x.astype("float64"), "is float64 of shape"),
    (lambda x: x.T[:1], "wanted float32 of shape"),
])  # fmt: skip
def test_a_wrong_gradient_is_noticed(change, says):
    workload = WORKLOADS["MLP 8x16"]
    true = [np.float64(2.0), np.arange(6.0).reshape(2, 3)]
    right = [x.astype("float32") for x in true]
    check(workload, "mine", right, true)
    changed = wrong(right, 1, change)
    if "float64 of" not in says:
        changed = [x.astype("float32") for x in changed]
    with pytest.raises(Disagreement, match=says):
        check(workload, "mine", changed, true)


def test_a_missing_gradient_is_noticed():
    with pytest.raises(Disagreement, match="gave 1 results, wanted 2"):
        check(WORKLOADS["MLP 8x16"], "mine", [np.float32(2)], [np.float64(2)] * 2)
