"""The page of findings and the table: what rounding explains is no finding."""

import io
from dataclasses import replace

from rich.console import Console

from conformance.accuracy import Atlas
from conformance.accuracy.measure import Extreme, Measurement, Place
from conformance.reports.accuracy_page import page
from conformance.reports.accuracy_table import failures, print_atlas, worst

ENVIRONMENT = {"python": "3.11", "numpy": "2.0", "cpu": "a cpu", "backends": {"torch": "2.0"}}
GOOD = Measurement("exp", "exp", "torch", "2.0", "float32", 0, points=9, median_ulp=0.25,
                   largest=Extreme(1.0, 0.75, 2.5, 2.25, 2.0))
OFF = replace(GOOD, line="pow(x, 3)", op="pow", order=1, beyond=2, flushed=4,
              largest=Extreme(1.0, 900.0, 2.5, 2.25, 2.0),
              unexplained=Extreme(1.0, 900.0, 2.5, 2.25, 2.0),
              places=(Place("NaN", "ordinary", False, 3, 1.0, 4.0, 2.0, float("nan"), 5.0),
                      Place("0", "ordinary", True, 2, 7.0, 8.0, 7.0, 0.0, 1e-9)))
FAILED = replace(GOOD, line="sin", op="sin", status="raised", reason="E: no, at line 3 of the "
                 "printed code: x")
ATLAS = Atlas([GOOD, OFF, FAILED, replace(FAILED, line="cos")], ENVIRONMENT, ("float32",), (0, 1),
              9, started="2026-01-02T03:04:05", complete=True)


def printed(atlas):
    stream = io.StringIO()
    print_atlas(atlas, Console(file=stream, width=200))
    return stream.getvalue()


def test_the_page_has_counts_errors_and_places():
    text = "\n".join(page(ATLAS))
    assert "on 2026-01-02: torch 2.0; a cpu" in text
    assert "| torch | float32 | 18 | 2 | 4 | 3 | 0 | 0 | 0 | 0 |" in text
    assert "| f' of `pow(x, 3)` | 1 | 900 | 2 | 2.5 | 2.25 | torch 900 |" in text
    assert "| f' of `pow(x, 3)` | NaN | ordinary | torch: float32 1 to 4 |" in text
    assert "- raised on torch: f of sin, f of cos: E: no" in text


def test_what_rounding_explains_is_not_on_the_page():
    assert "| 0 | ordinary |" not in "\n".join(page(ATLAS))
    assert "## Largest" not in "\n".join(page(replace(ATLAS, measurements=[GOOD])))


def test_an_interrupted_sweep_says_so():
    interrupted = replace(ATLAS, complete=False)
    assert "The sweep was interrupted: operators are missing." in page(interrupted)
    assert printed(interrupted).rstrip().endswith("interrupted before the end")


def test_the_table_tells_explained_places_apart():
    text = printed(ATLAS)
    assert "0.25 / 0.75 at 1" in text
    assert "3 NaN, 2 0, explained, 4 flushed" in text
    assert "f' of pow(x, 3)  torch 2.0  float32  900 ULP at x = 1.0: got 2.5, truth 2.25" in text
    assert "2 errors, 3 NaN that rounding does not explain; 4 flushed" in text


def test_the_worst_come_first_and_reasons_once():
    worse = replace(OFF, unexplained=Extreme(2.0, 1e6, 0.0, 1.0, 2.0))
    assert worst([GOOD, OFF, worse]) == [worse, OFF]
    assert failures([GOOD, FAILED, replace(FAILED, dtype="float16"),
                     replace(FAILED, status="unsupported")]) == [
        "raised on torch: f of sin: E: no"]
