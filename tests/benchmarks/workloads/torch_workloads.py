"""The programs in eager PyTorch; Hessian times vector is reverse over reverse."""

import torch
import torch.nn.functional as F

LEFT_OUT = {}
LAYOUTS = {}


def set_threads(count):
    torch.set_num_threads(count)


def variable(array):
    return torch.tensor(array, requires_grad=True)


source = variable


def data(array):
    return torch.tensor(array)


def call(program, inputs):
    return lambda: program(*inputs)


def to_numpy(result):
    return result.detach().numpy()


def notebook_sum_square(x):
    y = torch.sum(x)
    z = y**2
    (dz_dx,) = torch.autograd.grad(z, x, retain_graph=True)
    (dy_dx,) = torch.autograd.grad(y, x)
    return dz_dx, dy_dx


def chained_powers(x):
    y = x**2
    z = y**2
    (dz_dx,) = torch.autograd.grad(z, x, retain_graph=True)
    (dy_dx,) = torch.autograd.grad(y, x)
    return dz_dx, dy_dx


def second_derivative(x):
    y = x**3
    (dy_dx,) = torch.autograd.grad(y, x, create_graph=True)
    (d2y_dx2,) = torch.autograd.grad(dy_dx, x)
    return dy_dx, d2y_dx2


def sum_of_squares(x):
    loss = torch.sum(x * x)
    return loss, *torch.autograd.grad(loss, [x])


def scalar_chain(x, w, b):
    y = x
    for _ in range(40):
        y = 0.5 * torch.exp(torch.sin(w * y + b))
    return y, *torch.autograd.grad(y, [x, w, b])


def mlp_loss(w1, b1, w2, b2, x, target):
    hidden = torch.tanh(x @ w1 + b1)
    return torch.mean(torch.square(hidden @ w2 + b2 - target))


def mlp(*inputs):
    loss = mlp_loss(*inputs)
    return loss, *torch.autograd.grad(loss, inputs[:4])


def mlp_hessian_vector(*inputs):
    parameters, vector, examples = inputs[:4], inputs[4:8], inputs[8:]
    loss = mlp_loss(*parameters, *examples)
    gradients = torch.autograd.grad(loss, parameters, create_graph=True)
    return torch.autograd.grad(gradients, parameters, grad_outputs=vector)


def cross_entropy(logits, labels):
    loss = F.cross_entropy(logits, labels)
    return loss, *torch.autograd.grad(loss, [logits])


def recurrent(wx, wh, b, x):
    h = x.new_zeros(x.shape[1:])
    for step in x:
        h = torch.tanh(step @ wx + h @ wh + b)
    loss = torch.mean(torch.square(h))
    return loss, *torch.autograd.grad(loss, [wx, wh, b])


def mixture(weights, means, log_scales, lower, x, below, eye):
    whiten = (lower * below + torch.exp(log_scales)[:, :, None] * eye).mT
    white = (x - means[:, None, :]) @ whiten
    height = (weights + torch.sum(log_scales, dim=1))[:, None]
    terms = height - 0.5 * torch.sum(torch.square(white), dim=2)
    loss = torch.sum(torch.logsumexp(terms, dim=0)) - x.shape[0] * torch.logsumexp(weights, dim=0)
    return loss, *torch.autograd.grad(loss, [weights, means, log_scales, lower])


def conv2d(x, weight):
    loss = torch.mean(torch.square(F.conv2d(x, weight, padding=1)))
    return loss, *torch.autograd.grad(loss, [x, weight])
