"""Random programs: reproducible, typed, within range, and with every operator of the catalogue."""

import random
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from conformance import ops
from conformance.calibration import recipes
from conformance.calibration.programs import (
    LENGTHS,
    POINTS,
    Plan,
    everywhere,
    program,
    shapes_of_inputs,
    trimmed,
)
from conformance.calibration.writer import LARGEST, Writer
from conformance.errors import CannotCertify, ShapeError
from conformance.oracle import derivatives

SOME = range(40)


def operators_in(made):
    return Counter(node.op for node in made.graph)


def test_every_operator_has_a_recipe_or_a_reason_to_be_left_out():
    there = recipes.table(tensors=True)
    lacking = [name for name, op in ops.CATALOGUE.items()
               if name not in there and not recipes.left_out(op)]
    assert lacking == [], "give each a recipe, or a line of LEFT_OUT, in calibration/recipes.py"


def test_nothing_is_left_out_that_has_a_recipe_or_is_not_there():
    there = recipes.table(tensors=True)
    assert not [name for name in recipes.LEFT_OUT if name in there]
    assert set(recipes.LEFT_OUT) <= set(ops.CATALOGUE)


@pytest.mark.parametrize("tensors", [False, True])
def test_every_recipe_leads_to_its_operator(tensors):
    for name, recipe in recipes.table(tensors).items():
        assert any(name in used(recipe, tensors, seed) for seed in range(60)), name


def used(recipe, tensors, seed):
    """The operators that a recipe appends to a small program."""
    writer = Writer(random.Random(seed), "float32", LENGTHS if tensors else ())
    for k, shape in enumerate(shapes_of_inputs(writer)):
        writer.input(f"x{k}", shape)
    try:
        recipe(writer, writer.pick())
    except ShapeError:
        return set()
    return {node.op for node in writer.nodes}


def test_a_program_is_the_same_in_every_process():
    script = ("from conformance.calibration.programs import *; made = program(Plan(seed=5), 7);"
              "print([n.key for n in made.graph], [x.tolist() for x in made.inputs.values()])")
    once, again = (subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                                  check=True).stdout for _ in range(2))
    assert once == again
    assert len(once) > 1000


def test_seeds_indices_and_orders_give_other_programs():
    made = [program(Plan(seed=s, order=o), i).graph
            for s, o, i in ((0, 1, 0), (1, 1, 0), (0, 1, 1), (0, 2, 0))]
    assert len({repr(graph.nodes) for graph in made}) == 4


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_dtypes_share_programs_but_for_the_rounding_of_inputs(dtype):
    for index in range(4):
        one, other = (program(Plan(dtype=d), index) for d in ("float32", dtype))
        assert [(n.op, n.inputs, n.type.shape) for n in one.graph] == [
            (n.op, n.inputs, n.type.shape) for n in other.graph]
        for name, values in one.inputs.items():
            assert str(other.inputs[name].dtype) == dtype
            np.testing.assert_allclose(other.inputs[name].astype("float64"), values, rtol=5e-3)


def test_programs_have_about_the_operators_that_were_asked_for():
    for index in SOME:
        small, large = (program(Plan(ops=n), index) for n in (10, 60))
        assert 10 <= sum(operators_in(small).values()) < sum(operators_in(large).values()) < 220


def test_inputs_have_the_magnitudes_that_the_documentation_says():
    sizes = np.concatenate([np.abs(x).ravel() for i in SOME
                            for x in program(Plan(), i).inputs.values()])
    assert 0.1 <= sizes.min() < 0.12
    assert 4 < sizes.max() <= 10**0.7


def test_both_kinds_of_program_are_drawn():
    made = [program(Plan(), index) for index in SOME]
    points = [p for p in made if p.points]
    assert 20 < len(points) < 40
    assert all(node.type.shape in ((), (POINTS,)) for p in points for node in p.graph)
    shapes = {node.type.shape for p in made if not p.points for node in p.graph}
    assert {(), (3,), (2, 3), (3, 4), (2, 1)} < shapes
    assert max(int(np.prod(shape)) for shape in shapes) <= 4 * LARGEST


def test_what_a_framework_lacks_is_in_no_program():
    lacking = [name for name in recipes.table(tensors=True) if not everywhere(name)]
    assert "squareplus" in lacking
    assert "silu" not in lacking
    used_by_all = {node.op for i in SOME for node in program(Plan(), i).graph}
    assert not used_by_all.intersection(lacking)


@pytest.mark.parametrize(("share", "points"), [(0.0, 12), (1.0, 0)])
def test_the_share_of_programs_with_arrays_is_as_asked_for(share, points):
    assert sum(bool(program(Plan(arrays=share, ops=5), i).points) for i in range(12)) == points


@pytest.mark.parametrize("order", [1, 2])
def test_the_oracle_certifies_nearly_all(order):
    counts = Counter()
    for index in range(30):
        made = program(Plan(seed=11, order=order), index)
        assert max(made.graph.levels) == order
        for truth in derivatives(made.graph, made.inputs).values():
            counts[isinstance(truth, CannotCertify)] += 1
            counts["unbounded"] += not isinstance(truth, CannotCertify) and bool(truth.note)
    assert counts[True] <= 0.02 * counts[False]
    assert counts["unbounded"] <= 0.02 * counts[False]


def test_trimming_keeps_what_outputs_need_in_order():
    made = program(Plan(), 0)
    assert made.graph.program() == frozenset(range(made.size))
    assert trimmed(made.graph) == made.graph
