"""Einstein's summation, and what the other linear algebra shares."""

import functools
import math
import string

import numpy as np

from ..errors import OptionError, ShapeError, describe
from ..operators import FORWARDS, apply, operator, quiet, rule, same_dtype, variadic_rule
from .precision import widened
from .reductions import sum
from .shapes import broadcast_to, reshape

__all__ = ["einsum"]


def conjugate(x):
    """conj(x), which for a real x is x itself."""
    return apply("conj", x) if x.dtype.kind == "c" else x


def check_matrices(name, x, square=False):
    """Raises ShapeError unless x has at least two axes, of which the last two are equal."""
    if x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
        wanted = "square matrices (..., n, n)" if square else "matrices (..., m, n)"
        raise ShapeError(f"{name}: got a {describe(x)}, wanted {wanted}")
    return x


# Einstein's summation -----------------------------------------------------------------


def einsum(subscripts, *operands):
    """The sum of products that `subscripts` spells, as in "ij,jk->ik".

    A label repeated within an operand takes its diagonal, one missing from the output is summed
    over, "..." stands for leading axes that broadcast (summed over if the output omits them), and
    without "->" the labels that occur once, in alphabetical order, are the output. An axis of
    size 1 stretches to its label's size. Raises OptionError for subscripts that cannot be read,
    ShapeError, DtypeError.
    """
    operands = same_dtype("einsum", *operands)
    explicit = _explicit(subscripts, tuple(x.ndim for x in operands))
    _sizes(explicit, [x.shape for x in operands])
    return apply("einsum", *operands, subscripts=explicit)


@functools.lru_cache(1024)
def _explicit(subscripts, ranks):
    """`subscripts` with neither spaces nor dots, and with its output."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ranks):
        raise OptionError(
            f"einsum: got {subscripts!r} for {len(ranks)} operands, wanted a term for each"
        )
    for term in (*terms, output):
        if term.count("...") > 1 or not set(term.replace("...", "", 1)) <= set(
            string.ascii_letters
        ):
            raise OptionError(
                f"einsum: got {subscripts!r}, wanted letters and '...' at most once a term, "
                "as in 'ij,...jk->...ik'"
            )
    spare = [letter for letter in string.ascii_letters if letter not in text]
    named = []
    for term, rank in zip(terms, ranks, strict=True):
        leading = rank - len(term.replace("...", ""))
        if leading < 0 or (leading and "..." not in term):
            raise ShapeError(
                f"einsum: got an operand of {rank} axes for the term {term!r} of {subscripts!r}"
            )
        # Counted from the right, since shorter shapes broadcast at the left.
        named.append(term.replace("...", "".join(reversed(spare[:leading]))))
    count = max((len(n) - len(t.replace("...", "")) for n, t in zip(named, terms, strict=True)))
    batch = "".join(reversed(spare[:count]))
    if arrow:
        output = output.replace("...", batch)
    else:
        output = batch + "".join(
            letter for letter in sorted(set(text) & set(string.ascii_letters))
            if text.count(letter) == 1
        )  # fmt: skip
    if len(set(output)) < len(output) or not set(output) <= set("".join(named)):
        raise OptionError(
            f"einsum: got {subscripts!r}, wanted each label of the output once, and in an input"
        )
    return ",".join(named) + "->" + output


def _sizes(subscripts, shapes):
    """What each label stands for."""
    sizes = {}
    for term, shape in zip(subscripts.split("->")[0].split(","), shapes, strict=True):
        within = {}
        for label, size in zip(term, shape, strict=True):
            known = sizes.get(label, 1)
            if within.setdefault(label, size) != size or (known != size and 1 not in (known, size)):
                raise ShapeError(f"einsum: got shapes {shapes} for {subscripts!r}: sizes differ")
            sizes[label] = size if known == 1 else known
    return sizes


@quiet
@widened
def _einsum(*arrays, subscripts):
    if len(arrays) != 2:
        return np.einsum(subscripts, *arrays, optimize=len(arrays) > 2)
    sizes = _sizes(subscripts, [x.shape for x in arrays])
    terms = subscripts.split("->")[0].split(",")
    stretched = any(
        x.shape != tuple(sizes[a] for a in term) for x, term in zip(arrays, terms, strict=True)
    )
    if stretched or math.prod(sizes.values()) < 4096:
        return np.einsum(subscripts, *arrays)
    return _by_matmul(*arrays, subscripts, sizes)


def _by_matmul(x, w, subscripts, sizes):
    """einsum of two operands as one product of stacked matrices, for its speed."""
    inputs, output = subscripts.split("->")
    left, right = (
        "".join(dict.fromkeys(a for a in term if a in output or a in other))
        for term, other in (inputs.split(","), reversed(inputs.split(",")))
    )
    x = np.einsum(f"{inputs.split(',')[0]}->{left}", x)
    w = np.einsum(f"{inputs.split(',')[1]}->{right}", w)
    batch = [a for a in left if a in right and a in output]
    inner = [a for a in left if a in right and a not in output]
    rows, columns = ([a for a in term if a not in batch + inner] for term in (left, right))

    def matrices(array, term, *groups):
        array = array.transpose([term.index(a) for group in groups for a in group])
        return array.reshape([math.prod(sizes[a] for a in group) for group in groups])

    y = np.matmul(matrices(x, left, batch, rows, inner), matrices(w, right, batch, inner, columns))
    order = batch + rows + columns
    return y.reshape([sizes[a] for a in order]).transpose([order.index(a) for a in output])


def _einsum_rule(position, dy, subscripts, operands):
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    mine, shape = terms.pop(position), operands[position].shape
    others = operands[:position] + operands[position + 1 :]
    labels = "".join(dict.fromkeys(mine))
    known = "".join(a for a in labels if any(a in term for term in (output, *terms)))
    dx = apply("einsum", dy, *others, subscripts=",".join((output, *terms)) + "->" + known)
    got = dict(zip(known, dx.shape, strict=True))
    sizes = dict(zip(mine, shape, strict=True))
    if labels != known:  # summed over, and by this operand alone
        dx = reshape(dx, tuple(got.get(a, 1) for a in labels))
    if labels != mine:  # the diagonal must have the operand's own size
        stretched = tuple(i for i, a in enumerate(labels) if sizes[a] == 1 != got.get(a, 1))
        dx = sum(dx, axis=stretched, keepdims=True) if stretched else dx
    wanted = tuple(
        got if size == 1 else size
        for got, size in zip(dx.shape, (sizes[a] for a in labels), strict=True)
    )
    dx = broadcast_to(dx, wanted) if wanted != dx.shape else dx
    return dx if labels == mine else on_diagonals(dx, mine, shape)


@operator
def on_diagonals(x, labels, shape):
    """Zeros of `shape`, its axes labelled, with x where equal labels have equal indices."""
    y = np.zeros(shape, x.dtype)
    np.einsum(f"{labels}->{''.join(dict.fromkeys(labels))}", y)[...] = x
    return y


FORWARDS["einsum"] = _einsum
variadic_rule("einsum", lambda position, dy, y, *x, subscripts:
              _einsum_rule(position, dy, subscripts, x))  # fmt: skip
rule("on_diagonals", lambda dy, y, x, labels, shape:
     apply("einsum", dy, subscripts=f"{labels}->{''.join(dict.fromkeys(labels))}"),
     jvp="linear")  # fmt: skip
