"""The programs in HIPS autograd; Hessian times vector is forward over reverse."""

import autograd
import autograd.numpy as np
from autograd.scipy.special import logsumexp

LEFT_OUT = {"conv2d": "autograd has SciPy's convolve, no convolution layer"}
LAYOUTS = {}
variable = source = data = np.array


def set_threads(count):
    """NumPy's BLAS reads the environment."""


def call(program, inputs):
    return lambda: program(*inputs)


def to_numpy(result):
    return result


def with_gradients(loss, count):
    """The function that returns `loss` and its gradients by the first `count` inputs."""
    function = autograd.value_and_grad(loss, argnum=tuple(range(count)))

    def flat(*inputs):
        value, gradients = function(*inputs)
        return value, *gradients

    return flat


def square_of_sum(x):
    return np.sum(x) ** 2


def notebook_sum_square(x):
    return autograd.grad(square_of_sum)(x), autograd.grad(np.sum)(x)


def second_power(x):
    return x**2


def fourth_power(x):
    return second_power(x) ** 2


def chained_powers(x):
    return autograd.grad(fourth_power)(x), autograd.grad(second_power)(x)


def second_derivative(x):
    dy_dx = autograd.grad(lambda x: x**3)
    d2y_dx2, value = autograd.grad(dy_dx)(x), dy_dx(x)
    return value, d2y_dx2


sum_of_squares = with_gradients(lambda x: np.sum(x * x), 1)


def chain(x, w, b):
    for _ in range(40):
        x = 0.5 * np.exp(np.sin(w * x + b))
    return x


scalar_chain = with_gradients(chain, 3)


def mlp_loss(w1, b1, w2, b2, x, target):
    hidden = np.tanh(x @ w1 + b1)
    return np.mean((hidden @ w2 + b2 - target) ** 2)


mlp = with_gradients(mlp_loss, 4)


def mlp_hessian_vector(*inputs):
    parameters, vector, examples = inputs[:4], inputs[4:8], inputs[8:]

    def loss(parameters):
        return mlp_loss(*parameters, *examples)

    return autograd.make_jvp(autograd.grad(loss))(parameters)(vector)[1]


def softmax_loss(logits, labels):
    chosen = logits[np.arange(len(labels)), labels]
    return np.mean(logsumexp(logits, axis=1) - chosen)


cross_entropy = with_gradients(softmax_loss, 1)


def recurrent_loss(wx, wh, b, x):
    h = np.zeros(x.shape[1:], x.dtype)
    for step in x:
        h = np.tanh(step @ wx + h @ wh + b)
    return np.mean(h**2)


recurrent = with_gradients(recurrent_loss, 3)


def log_likelihood(weights, means, log_scales, lower, x, below, eye):
    whiten = np.swapaxes(lower * below + np.exp(log_scales)[:, :, None] * eye, 1, 2)
    white = np.matmul(x - means[:, None, :], whiten)
    height = (weights + np.sum(log_scales, axis=1))[:, None]
    terms = height - 0.5 * np.sum(white**2, axis=2)
    return np.sum(logsumexp(terms, axis=0)) - x.shape[0] * logsumexp(weights)


mixture = with_gradients(log_likelihood, 4)
