"""The programs in JAX under jit; Hessian times vector is forward over reverse."""

import jax
import jax.numpy as jnp

LEFT_OUT = {}
LAYOUTS = {}
variable = source = data = jnp.asarray


def set_threads(count):
    """XLA reads the environment."""


def call(program, inputs):
    return lambda: jax.block_until_ready(program(*inputs))


def to_numpy(result):
    return result


def with_gradients(loss, count):
    """The compiled function that returns `loss` and its gradients by the first `count` inputs."""
    function = jax.value_and_grad(loss, argnums=tuple(range(count)))

    def flat(*inputs):
        value, gradients = function(*inputs)
        return value, *gradients

    return jax.jit(flat)


@jax.jit
def notebook_sum_square(x):
    return jax.grad(lambda x: jnp.sum(x) ** 2)(x), jax.grad(jnp.sum)(x)


@jax.jit
def chained_powers(x):
    def y(x):
        return x**2

    return jax.grad(lambda x: y(x) ** 2)(x), jax.grad(y)(x)


@jax.jit
def second_derivative(x):
    dy_dx = jax.grad(lambda x: x**3)
    return dy_dx(x), jax.grad(dy_dx)(x)


sum_of_squares = with_gradients(lambda x: jnp.sum(x * x), 1)


def chain(x, w, b):
    for _ in range(40):
        x = 0.5 * jnp.exp(jnp.sin(w * x + b))
    return x


scalar_chain = with_gradients(chain, 3)


def mlp_loss(w1, b1, w2, b2, x, target):
    hidden = jnp.tanh(x @ w1 + b1)
    return jnp.mean(jnp.square(hidden @ w2 + b2 - target))


mlp = with_gradients(mlp_loss, 4)


@jax.jit
def mlp_hessian_vector(*inputs):
    parameters, vector, examples = inputs[:4], inputs[4:8], inputs[8:]
    gradient = jax.grad(lambda parameters: mlp_loss(*parameters, *examples))
    return jax.jvp(gradient, (parameters,), (vector,))[1]


def softmax_loss(logits, labels):
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
    return -jnp.mean(chosen)


cross_entropy = with_gradients(softmax_loss, 1)


def recurrent_loss(wx, wh, b, x):
    def cell(h, step):
        return jnp.tanh(step @ wx + h @ wh + b), None

    h, _ = jax.lax.scan(cell, jnp.zeros(x.shape[1:]), x)
    return jnp.mean(jnp.square(h))


recurrent = with_gradients(recurrent_loss, 3)


def log_likelihood(weights, means, log_scales, lower, x, below, eye):
    whiten = (lower * below + jnp.exp(log_scales)[:, :, None] * eye).mT
    white = (x - means[:, None, :]) @ whiten
    height = (weights + jnp.sum(log_scales, axis=1))[:, None]
    terms = height - 0.5 * jnp.sum(jnp.square(white), axis=2)
    total = jnp.sum(jax.nn.logsumexp(terms, axis=0))
    return total - x.shape[0] * jax.nn.logsumexp(weights)


mixture = with_gradients(log_likelihood, 4)


def convolution_loss(x, weight):
    y = jax.lax.conv_general_dilated(x, weight, window_strides=(1, 1), padding="SAME")
    return jnp.mean(jnp.square(y))


conv2d = with_gradients(convolution_loss, 2)
