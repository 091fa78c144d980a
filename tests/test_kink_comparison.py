"""Answers at kinks: limits, mixtures of them, artefacts, and what is none of these."""

import numpy as np
import pytest

from conformance.comparison import compare
from conformance.oracle import Kink, Truth
from conformance.typing_rules import TensorType


def truth(*values, allowed=0.0):
    hi = np.array(values, "float64")
    return Truth(hi, np.zeros_like(hi), np.zeros_like(hi), np.full_like(hi, allowed))


def judged(got, kink, dtype="float32"):
    array = None if got is None else np.array(got, dtype)
    return compare(array, kink, TensorType((len(kink.limits[0].hi),), dtype))


CORNER = Kink((truth(-1.0), truth(1.0)), {"abs: first": truth(1.0), "abs: second": truth(-1.0),
                                          "abs: mean": truth(0.0)})
TIE = Kink((truth(1.0, 0.0), truth(0.0, 1.0)), {"max: mean": truth(0.5, 0.5)})
IDENTITY = Kink((truth(1.0),), {"relu: first": truth(2.0), "relu: second": truth(0.0)})


@pytest.mark.parametrize(("got", "convention"), [
    ([1.0], "abs: first"), ([-1.0], "abs: second"), ([0.0], "abs: mean"), ([-0.0], "abs: mean"),
    ([0.25], "unnamed"),
])
def test_every_mixture_of_limits_agrees_and_is_named(got, convention):
    found = judged(got, CORNER)
    assert (found.verdict, found.convention) == ("agrees", convention)
    assert found.reason.startswith("at a kink: ")
    assert found.reason.endswith(f"({convention})")


@pytest.mark.parametrize("got", [[1.25], [-3.0], [1.0000001], [1e30]])
def test_beyond_the_limits_differs(got):
    found = judged(got, CORNER)
    assert found.verdict == "differs"
    assert "outside of the Clarke derivative, whose limits are [-1.], [1.]" in found.reason


@pytest.mark.parametrize(("got", "verdict"), [
    ([0.5, 0.5], "agrees"), ([1.0, 0.0], "agrees"), ([0.25, 0.75], "agrees"),
    ([1.0, 1.0], "inconclusive"), ([0.0, 0.0], "inconclusive"), ([0.0, 1.5], "differs"),
])
def test_elements_are_mixed_together(got, verdict):
    assert judged(got, TIE).verdict == verdict


def test_what_rules_make_of_a_smooth_function_is_an_artefact():
    found = judged([0.0], IDENTITY)
    assert found.verdict == "artefact"
    assert "(relu: second); the limits are [1.]" in found.reason
    assert judged([1.0], IDENTITY).verdict == "agrees"
    assert judged([0.5], IDENTITY).verdict == "differs"


@pytest.mark.parametrize("got", [[np.nan], [np.inf], None])
def test_what_is_no_number_differs(got):
    assert judged(got, CORNER).verdict == "differs"


def test_shape_and_dtype_are_asked_for_first():
    kind = TensorType((1,), "float32")
    assert compare(np.zeros(2, "float32"), CORNER, kind).reason == "got shape (2,), wanted (1,)"
    found = compare(np.zeros(1), CORNER, kind)
    assert found.verdict == "differs"
    assert found.reason.startswith("got dtype float64, wanted float32, whose values agree")


def test_rounding_is_allowed_for_at_a_limit_and_between():
    kink = Kink((truth(-1.0, allowed=1e-6), truth(1.0, allowed=1e-6)), {})
    assert judged([1.0000005], kink).verdict == "agrees"
    assert judged([1.00001], kink).verdict == "differs"


def test_where_rounding_explains_anything_nothing_differs():
    kink = Kink((truth(-1.0, allowed=np.inf), truth(1.0, allowed=np.inf)), {})
    assert judged([5.0], kink).verdict == "inconclusive"
    assert judged([1.0], kink).verdict == "agrees"


def test_the_nearest_limit_is_what_is_shown():
    assert judged([1.5], CORNER).limit == 1
    assert judged([-1.5], CORNER).limit == 0
