"""What NumPy, PyTorch and TensorFlow call the catalogue's operators, for suggestions only."""

from __future__ import annotations

# one row: what to write in a case | what it is called elsewhere
_OPERATORS = """
    abs                  | absolute fabs
    acos                 | arccos
    acosh                | arccosh
    asin                 | arcsin
    asinh                | arcsinh
    atan                 | arctan
    atanh                | arctanh
    atan2                | arctan2
    negative             | neg
    reciprocal           | recip
    sigmoid              | expit logistic
    sign                 | sgn
    square               | sqr
    softplus             | log1pexp
    add                  | plus
    subtract             | sub
    multiply             | mul times
    divide               | div truediv true_divide
    pow                  | power float_power
    maximum              | fmax
    minimum              | fmin
    clip                 | clamp clip_by_value
    less                 | lt
    less_equal           | le
    greater              | gt
    greater_equal        | ge
    equal                | eq
    not_equal            | ne
    where                | select masked_fill
    sum                  | reduce_sum nansum add_n
    mean                 | reduce_mean average nanmean
    prod                 | product reduce_prod
    max                  | amax reduce_max
    min                  | amin reduce_min
    var                  | variance reduce_variance
    std                  | reduce_std
    vector_norm          | norm
    logsumexp            | reduce_logsumexp
    cumulative_sum       | cumsum
    reshape              | view ravel flatten
    permute_dims         | permute swapaxes
    moveaxis             | movedim
    expand_dims          | unsqueeze
    broadcast_to         | expand
    flip                 | fliplr flipud reverse
    matrix_transpose     | mT adjoint
    concat               | concatenate cat hstack vstack append
    matmul               | dot mm bmm mv
    vecdot               | vdot
    repeat               | repeat_interleave
    tril                 | band_part
    diag                 | diag_embed diagflat
    diagonal             | diag_part
    outer                | ger
    cumulative_prod      | cumprod
    cumulative_logsumexp | logcumsumexp cumlogsumexp
    cumulative_max       | cummax
    cumulative_min       | cummin
    trapezoid            | trapz
    sort                 | msort
    topk                 | top_k
    quantile             | percentile
    take_along_axis      | take_along_dim
    put_along_axis       | scatter
    scatter_add          | tensor_scatter_nd_add
    segment_sum          | unsorted_segment_sum
    take                 | gather index_select
    inv                  | inverse
    det                  | determinant
    logabsdet            | slogdet logdet
    solve_triangular     | triangular_solve
    cholesky_solve       | cho_solve
    eigvalsh             | eigh
    svdvals              | svd
    matrix_exp           | expm
    silu                 | swish
    log_sigmoid          | logsigmoid
    hardsigmoid          | hard_sigmoid
    hardswish            | hard_swish hard_silu
    hardtanh             | hard_tanh
    hardshrink           | hard_shrink
    softshrink           | soft_shrink
    softsign             | soft_sign
    tanhshrink           | tanh_shrink
    stop_gradient        | detach
    asarray              | array tensor constant convert_to_tensor
"""
_HINTS = {
    "transpose": "write xp.permute_dims(x, axes), or xp.matrix_transpose(x) for the last two",
    "linspace": "write the numbers, as in xp.asarray([0.0, 0.5, 1.0])",
    "arange": "write the numbers, as in xp.asarray([0.0, 1.0, 2.0])",
    "eye": "write the numbers, as in xp.asarray([[1.0, 0.0], [0.0, 1.0]])",
    "logical_and": "write xp.where inside xp.where",
    "logical_or": "write xp.where inside xp.where",
    "logical_not": "swap the branches of xp.where",
    "newaxis": "write None, as in x[None, :]",
    "dtype": "floats take the dtype of the run",
    "astype": "floats take the dtype of the run",
    "cast": "floats take the dtype of the run",
    "linalg": "write xp.matmul, xp.solve and so on, without a module",
    "grad": "write grad(target, source), with `from conformance import grad`",
    "gradient": "write grad(target, source), with `from conformance import grad`",
    "getitem": "write x[...]",
    "constant": "write xp.asarray([1.0, 2.0])",
    "literal": "write the number",
    "input": "declare it, as in @case(x=3.0)",
}
# a parameter as others call it -> as the array API does
PARAMETERS = {
    "dim": ("axis", "axes"), "dims": ("axes", "axis"), "axes": ("axis",), "axis": ("axes",),
    "perm": ("axes",), "keepdim": ("keepdims",), "keep_dims": ("keepdims",),
    "ddof": ("correction",), "a_min": ("min",), "a_max": ("max",), "clip_value_min": ("min",),
    "clip_value_max": ("max",), "newshape": ("shape",), "size": ("shape",), "shifts": ("shift",),
    "index": ("indices",),
}
OPERATORS = {alias: ours.strip() for ours, _, others in
             (row.partition("|") for row in _OPERATORS.strip().splitlines())
             for alias in others.split()}


def hint(name: str) -> str | None:
    """What to write instead of a name that is another library's; None when it is nobody's."""
    if name in _HINTS:
        return _HINTS[name]
    if name in OPERATORS:
        return f"write xp.{OPERATORS[name]}"
    return _HINTS["dtype"] if name.startswith(("float", "bfloat", "int", "uint")) else None
