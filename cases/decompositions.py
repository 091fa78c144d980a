"""Systems, determinants, factors and spectra of matrices, and programs that are built of them."""

from conformance import case, family, grad, variable

ONE = [[-1.5]]
TWO = [[2.0, 0.5], [-0.75, 1.5]]
THREE = [[2.0, 0.5, -1.0], [-0.75, 1.5, 0.25], [0.5, 1.25, -2.5]]
FOUR = [[2.0, 0.5, -1.0, 0.25], [-0.75, 1.5, 0.25, 1.0], [0.5, 1.25, -2.5, 0.75],
        [0.25, -1.5, 0.5, 3.0]]
BATCH = [TWO, [[0.5, 2.0], [1.5, -0.25]]]
TALL = [[1.0, 0.5], [-0.75, 2.0], [0.25, -1.5]]
WIDE = [[1.0, 0.5, 0.25], [-0.75, 2.0, -1.5]]
WEIGHTS_2 = [[0.5, -1.25], [2.0, 0.75]]
WEIGHTS_3 = [[0.5, -1.25, 1.5], [2.0, 0.75, -0.5], [-1.0, 0.25, 1.75]]
WEIGHTS_4 = [[0.5, -1.25, 1.5, 0.25], [2.0, 0.75, -0.5, 1.0], [-1.0, 0.25, 1.75, -0.75],
             [1.25, 3.0, -2.0, 0.375]]
BATCH_WEIGHTS = [WEIGHTS_2, [[1.5, 0.25], [-0.5, 3.0]]]
WEIGHTS_32 = [[1.0, -0.5], [2.0, 0.25], [-1.5, 0.75]]
WEIGHTS_23 = [[1.0, -0.5, 2.0], [0.25, -1.5, 0.75]]


def slope_and_curvature(y, a, along):
    """The gradient of y, and how it changes along a direction."""
    dy_da = grad(y, a)
    return {"dy/da": dy_da, "d2y/da2": grad(dy_da * along, a)}


@family(
    inv_of_a_number={"a": ONE, "w": [[0.75]], "along": [[1.5]]},
    inv_of_two_rows={"a": TWO, "w": WEIGHTS_2, "along": BATCH_WEIGHTS[1]},
    inv_of_three_rows={"a": THREE, "w": WEIGHTS_3, "along": THREE},
    inv_of_a_batch={"a": BATCH, "w": BATCH_WEIGHTS, "along": BATCH_WEIGHTS},
    matrix_exp_of_a_number={"a": ONE, "w": [[0.75]], "along": [[1.5]]},
    matrix_exp_of_two_rows={"a": TWO, "w": WEIGHTS_2, "along": BATCH_WEIGHTS[1]},
    matrix_exp_of_a_batch={"a": BATCH, "w": BATCH_WEIGHTS, "along": BATCH_WEIGHTS},
    pinv_of_two_rows={"a": TWO, "w": WEIGHTS_2, "along": BATCH_WEIGHTS[1]},
    pinv_of_a_tall_matrix={"a": TALL, "w": WEIGHTS_23, "along": WEIGHTS_32},
    pinv_of_a_wide_matrix={"a": WIDE, "w": WEIGHTS_32, "along": WEIGHTS_23},
)
def weighted_matrix_of(xp, name, a, w, along):
    """A matrix made of a matrix has a slope and a curvature in each element of that."""
    make = getattr(xp, name.partition("_of_")[0])
    return slope_and_curvature(w * make(a), a, along)


@family(
    det_of_a_number={"a": ONE, "along": [[1.5]]},
    det_of_two_rows={"a": TWO, "along": WEIGHTS_2},
    det_of_three_rows={"a": THREE, "along": WEIGHTS_3},
    det_of_four_rows={"a": FOUR, "along": FOUR},
    det_of_a_batch={"a": BATCH, "along": BATCH_WEIGHTS},
    logabsdet_of_a_number={"a": ONE, "along": [[1.5]]},
    logabsdet_of_two_rows={"a": TWO, "along": WEIGHTS_2},
    logabsdet_of_three_rows={"a": THREE, "along": WEIGHTS_3},
    logabsdet_of_four_rows={"a": FOUR, "along": WEIGHTS_4},
    logabsdet_of_a_batch={"a": BATCH, "along": BATCH_WEIGHTS},
)
def number_of_each_matrix(xp, name, a, along):
    """A determinant has a slope and a curvature in each element of its matrix."""
    y = xp.exp(0.25 * getattr(xp, name.partition("_of_")[0])(a))
    return slope_and_curvature(y, a, along)


@family(
    vector={"a": THREE, "b": [1.0, -0.5, 2.0]},
    columns={"a": THREE, "b": WEIGHTS_32},
    one_row={"a": ONE, "b": [[2.0, 0.5]]},
    batch={"a": BATCH, "b": BATCH_WEIGHTS},
    upper={"a": THREE, "b": WEIGHTS_32},
    upper_vector={"a": THREE, "b": [1.0, -0.5, 2.0]},
    upper_batch={"a": BATCH, "b": BATCH_WEIGHTS},
    upper_of_ones={"a": THREE, "b": WEIGHTS_32},
    lower={"a": THREE, "b": WEIGHTS_32},
    lower_of_ones={"a": THREE, "b": WEIGHTS_32},
    lower_batch_of_ones={"a": BATCH, "b": BATCH_WEIGHTS},
)
def solution_of_a_system(xp, name, a, b):
    """The solution of linear equations has slopes in its matrix and in its right side."""
    if name.startswith(("upper", "lower")):
        x = xp.solve_triangular(a, b, lower=name.startswith("lower"),
                                unit_diagonal=name.endswith("of_ones"))
    else:
        x = xp.solve(a, b)
    y = b * x + x**2
    dy_da = grad(y, a)
    return {
        "dy/da": dy_da,
        "dy/db": grad(y, b),
        "d2y/da2": grad(dy_da * (1 + a), a),
        "d2y/dbda": grad(dy_da * (1 + a), b),
    }


def definite(xp, a, n):
    """A symmetric positive definite matrix."""
    return a @ xp.matrix_transpose(a) + 0.5 * xp.asarray(
        [[float(i == j) for j in range(n)] for i in range(n)])


@family(
    number={"a": ONE, "b": [0.75]},
    vector={"a": TWO, "b": [1.0, -0.5]},
    columns={"a": WEIGHTS_3, "b": WEIGHTS_32},
    batch={"a": BATCH, "b": BATCH_WEIGHTS},
)
def solution_by_cholesky(xp, name, a, b):
    """A factor and the system that is solved with it lead back to the definite matrix."""
    factor = xp.cholesky(definite(xp, a, {"number": 1, "columns": 3}.get(name, 2)))
    y = b * xp.cholesky_solve(b, factor)
    dy_da = grad(y, a)
    return {"dy/da": dy_da, "dy/db": grad(y, b), "d2y/da2": grad(dy_da * (1 + a), a)}


@case(b=[[1.0, -0.5], [2.0, 0.25]], factor=TWO)
def only_the_lower_triangle_is_a_factor(xp, b, factor):
    """What stands above the diagonal of a Cholesky factor is not read and has no slope."""
    y = b * xp.cholesky_solve(b, factor)
    return {"dy/db": grad(y, b), "dy/dfactor": grad(y, factor)}


@family(
    one_row={"a": ONE, "w": [[0.75]]},
    two_rows={"a": TWO, "w": WEIGHTS_2},
    three_rows={"a": WEIGHTS_3, "w": THREE},
    batch={"a": BATCH, "w": BATCH_WEIGHTS},
)
def factor_of_a_definite_matrix(xp, name, a, w):
    """Every element of a Cholesky factor depends on the elements before it."""
    factor = xp.cholesky(definite(xp, a, {"one_row": 1, "three_rows": 3}.get(name, 2)))
    return slope_and_curvature(w * factor, a, w)


@family(
    one_row={"a": ONE, "w": [0.75]},
    two_rows={"a": TWO, "w": [0.75, -1.5]},
    three_rows={"a": THREE, "w": [0.75, -1.5, 2.0]},
    batch={"a": BATCH, "w": [[0.75, -1.5], [2.0, 0.5]]},
)
def eigenvalues_of_a_symmetric_matrix(xp, name, a, w):
    """The slope of an eigenvalue is the square of its eigenvector, whose slope has the gaps."""
    y = w * xp.eigvalsh(a + xp.matrix_transpose(a))
    return slope_and_curvature(y, a, 1 + a)


@family(
    two_rows={"a": TWO, "w": [0.75, -1.5]},
    three_rows={"a": THREE, "w": [0.75, -1.5, 2.0]},
    tall_matrix={"a": TALL, "w": [0.75, -1.5]},
    wide_matrix={"a": WIDE, "w": [0.75, -1.5]},
    batch={"a": BATCH, "w": [[0.75, -1.5], [2.0, 0.5]]},
)
def singular_values(xp, name, a, w):
    """Distinct singular values other than zero are smooth in every element of their matrix."""
    return slope_and_curvature(w * xp.svdvals(a), a, 1 + a)


@family(
    fro={"a": WIDE}, nuc={"a": WIDE}, two={"a": TALL}, minus_two={"a": TALL}, one={"a": WIDE},
    minus_one={"a": WEIGHTS_23}, inf={"a": TALL}, minus_inf={"a": TALL}, fro_kept={"a": BATCH},
    two_of_a_batch={"a": BATCH},
)
def norm_of_a_matrix(xp, name, a):
    """A norm of a matrix is smooth away from ties and from zero."""
    ord = {"one": 1, "minus_one": -1, "inf": xp.inf, "minus_inf": -xp.inf, "minus_two": -2,
           "nuc": "nuc"}.get(name, 2 if name.startswith("two") else "fro")
    y = xp.exp(0.5 * xp.matrix_norm(a, ord=ord, keepdims=name.endswith("kept")))
    return slope_and_curvature(y, a, 1 + a)


@family(
    one={"a": TWO}, two={"a": TWO}, three={"a": TWO}, five={"a": [[0.5, -0.75], [1.25, 0.25]]},
    minus_one={"a": TWO}, minus_three={"a": TWO}, two_of_a_batch={"a": BATCH},
)
def power_of_a_matrix(xp, name, a):
    """A power of a matrix differentiates one factor at a time, a negative one its inverse."""
    n = {"one": 1, "three": 3, "five": 5, "minus_one": -1, "minus_three": -3}.get(name, 2)
    y = xp.matrix_power(a, n=n) * xp.asarray(WEIGHTS_2)
    return slope_and_curvature(y**2 + y, a, 1 + a)


@case(a=TWO)
def inverse_on_both_sides(xp, a):
    """The slope of an inverse has the inverse on both sides of the weights."""
    w = xp.asarray(WEIGHTS_2)
    y = w * xp.inv(a)
    return {"dy/da": grad(y, a) == -xp.inv(a).T @ w @ xp.inv(a).T}


@case(a=THREE)
def logarithm_of_a_determinant(xp, a):
    """The slope of the logarithm of a determinant is the inverse, transposed."""
    return {
        "logabsdet": grad(xp.logabsdet(a), a) == xp.inv(a).T,
        "det": grad(xp.det(a), a) == xp.det(a) * xp.inv(a).T,
    }


@case(a=[[1.0, 2.0], [2.0, 4.0]])
def determinant_of_a_singular_matrix(xp, a):
    """The slope of a determinant is the matrix of cofactors, also where the determinant is zero."""
    cofactors = xp.asarray([[4.0, -2.0], [-2.0, 1.0]])
    return {"dy/da": grad(xp.det(a), a) == cofactors}


@case(a=[[-5.0, 1.0], [0.5, -6.0]])
def exponential_of_a_large_matrix(xp, a):
    """The exponential of a matrix of norm seven has its slopes to full precision."""
    y = xp.asarray(WEIGHTS_2) * xp.matrix_exp(a)
    return {"dy/da": grad(y, a)}


@case(t=0.75)
def rotation_by_exponential(xp, t):
    """The exponential of a skew matrix turns by an angle."""
    y = xp.matrix_exp(t * xp.asarray([[0.0, -1.0], [1.0, 0.0]]))[0, 0]
    dy_dt = grad(y, t)
    return {"dy/dt": dy_dt == -xp.sin(t), "d2y/dt2": grad(dy_dt, t) == -xp.cos(t)}


@case(a=TALL, b=[1.0, -0.5, 2.0])
def least_squares_by_normal_equations(xp, a, b):
    """The residual of a least squares solution is orthogonal to what the solution moves."""
    x = xp.solve(a.T @ a, a.T @ b)
    residual = b - a @ x
    y = residual @ residual
    return {
        "dy/db": grad(y, b) == 2 * residual,
        "dy/da": grad(y, a) == -2 * xp.expand_dims(residual, axis=1) * x,
        "by pseudoinverse": grad((b - a @ (xp.pinv(a) @ b)) ** 2, b) == 2 * residual,
    }


@case(x=[0.5, -1.25, 1.0], scale=variable(0.75), noise=0.25)
def evidence_of_a_gaussian_process(xp, x, scale, noise):
    """A Gaussian log-likelihood weighs a fit against the log-determinant of its kernel."""
    targets = xp.asarray([0.25, -0.5, 1.5])
    gaps = xp.expand_dims(x, axis=1) - x
    kernel = xp.exp(-((gaps / scale) ** 2)) + noise * xp.asarray(
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    factor = xp.cholesky(kernel)
    fit = xp.solve_triangular(factor, targets, lower=True)
    diagonal = xp.stack([factor[0, 0], factor[1, 1], factor[2, 2]])
    y = 0.5 * (fit @ fit) + xp.sum(xp.log(diagonal))
    dy_dscale = grad(y, scale)
    return {
        "dy/dx": grad(y, x),
        "dy/dscale": dy_dscale,
        "dy/dnoise": grad(y, noise),
        "by determinant": grad(0.5 * xp.logabsdet(kernel), noise)
        == 0.5 * (xp.inv(kernel)[0, 0] + xp.inv(kernel)[1, 1] + xp.inv(kernel)[2, 2]),
        "d2y/dscale2": grad(dy_dscale, scale),
    }


@case(a=TWO, b=WEIGHTS_2)
def volume_of_a_change_of_variables(xp, a, b):
    """A linear map inside of a smooth one adds its log-determinant to that of the density."""
    z = xp.tanh(a @ b)
    y = xp.logabsdet(a) + xp.sum(xp.log(1 - z**2))
    return {"dy/da": grad(y, a), "dy/db": grad(y, b)}
