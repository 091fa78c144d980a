"""The page about the law says what the code does."""

import re
from pathlib import Path

import pytest

import conformance
from conformance.comparison import LARGEST_USEFUL_ALLOWANCE
from conformance.oracle import allowances

PAGE = (Path(conformance.__file__).parent.parent / "docs/comparison-law.md").read_text("utf-8")
ROWS = re.findall(r"^\| (`.*?`) \| ([\d, ]+) \|(?: (\d+) \|)?", PAGE, re.MULTILINE)
CONSTANTS = {name: int(value) for names, values, rule in ROWS if not rule
             for name, value in zip(re.findall(r"`(\w+)`", names), values.split(","), strict=True)}
FUNCTIONS = {name: (int(kernel), int(rule)) for names, kernel, rule in ROWS if rule
             for name in re.findall(r"`(\w+)`", names)}


def constants_of_the_code():
    return {name: value for name, value in vars(allowances).items()
            if name.isupper() and isinstance(value, int | float)}


@pytest.mark.parametrize("name", sorted(CONSTANTS))
def test_constants_are_those_of_the_code(name):
    assert CONSTANTS[name] == getattr(allowances, name)


def test_every_constant_of_the_code_has_a_source():
    assert set(constants_of_the_code()) == set(CONSTANTS)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions_have_the_allowances_of_the_code(name):
    allowance = allowances.FUNCTIONS[name]
    assert FUNCTIONS[name] == (allowance.value, allowance.rule)


def test_every_function_of_the_table_of_allowances_is_on_the_page():
    assert set(FUNCTIONS) == set(allowances.FUNCTIONS)


def test_the_limit_of_usefulness_is_the_comparisons():
    assert f"more than {LARGEST_USEFUL_ALLOWANCE:.0%} of the size" in PAGE
