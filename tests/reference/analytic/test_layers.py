"""Every matrix gradient against autograd, at sizes that differ and with a random cotangent."""

import numpy as np
import pytest
import torch

from reference.analytic import ANALYTIC

S, M, N, C = 5, 4, 3, 6


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def tensor(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def agree(got, want):
    want = want.numpy() if isinstance(want, torch.Tensor) else np.asarray(want)
    assert np.shape(got) == want.shape
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)


def test_linear(rng):
    x, w, b = (tensor(rng.standard_normal(s)) for s in ((S, M), (N, M), (1, N)))
    dy = rng.standard_normal((S, N))
    (x @ w.T + b).backward(torch.tensor(dy))
    agree(ANALYTIC["linear_dw"](x.detach().numpy(), dy), w.grad)
    agree(ANALYTIC["linear_db"](dy), b.grad)
    agree(ANALYTIC["linear_dx"](dy, w.detach().numpy()), x.grad)


def test_elementwise(rng):
    x, dy = tensor(rng.standard_normal((S, M))), rng.standard_normal((S, M))
    torch.tanh(x).backward(torch.tensor(dy))
    agree(ANALYTIC["elementwise_dx"](x.detach().numpy(), dy, lambda z: 1 - np.tanh(z) ** 2), x.grad)


def test_relu(rng):
    x, dy = tensor(rng.standard_normal((S, M))), rng.standard_normal((S, M))
    torch.relu(x).backward(torch.tensor(dy))
    agree(ANALYTIC["relu_dx"](x.detach().numpy(), dy), x.grad)


def test_softmax(rng):
    x, dy = tensor(rng.standard_normal((S, C))), rng.standard_normal((S, C))
    y = torch.softmax(x, dim=1)
    y.backward(torch.tensor(dy))
    agree(ANALYTIC["softmax_dx"](y.detach().numpy(), dy), x.grad)


def targets(rng):
    t = rng.uniform(0.1, 1.0, (S, C))
    return t / t.sum(axis=1, keepdims=True)


def test_cross_entropy(rng):
    t = rng.uniform(0.1, 1.0, (S, C))  # rows need not sum to 1 here
    x = tensor(rng.uniform(0.1, 0.9, (S, C)))
    (-(torch.tensor(t) * torch.log(x)).sum() / S).backward()
    agree(ANALYTIC["cross_entropy_dx"](x.detach().numpy(), t), x.grad)


def test_softmax_with_cross_entropy(rng):
    z, t = tensor(rng.standard_normal((S, C))), targets(rng)
    (-(torch.tensor(t) * torch.log_softmax(z, dim=1)).sum() / S).backward()
    y = torch.softmax(z.detach(), dim=1).numpy()
    agree(ANALYTIC["softmax_cross_entropy_dz"](y, t), z.grad)
    alpha, m = ANALYTIC["softmax_cross_entropy_alpha"](S), ANALYTIC["softmax_cross_entropy_m"](y, t)
    assert alpha > 0
    agree(alpha * m, z.grad)


def test_softmax_with_cross_entropy_needs_rows_that_sum_to_one(rng):
    z, t = tensor(rng.standard_normal((S, C))), rng.uniform(0.1, 1.0, (S, C))
    (-(torch.tensor(t) * torch.log_softmax(z, dim=1)).sum() / S).backward()
    y = torch.softmax(z.detach(), dim=1).numpy()
    assert not np.allclose(ANALYTIC["softmax_cross_entropy_dz"](y, t), z.grad.numpy())
    general = (y * t.sum(axis=1, keepdims=True) - t) / S  # the seed's own form holds for every T
    agree(general, z.grad)


def test_batch_norm_over_a_batch(rng):
    layer = torch.nn.BatchNorm1d(N, eps=1e-14, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(rng.standard_normal(N)))
    x, dy = rng.standard_normal((S, N)), rng.standard_normal((S, N))
    layer(torch.tensor(x)).backward(torch.tensor(dy))
    xhat = (x - x.mean(axis=0)) / x.std(axis=0)
    np.testing.assert_allclose(ANALYTIC["batch_norm_dgamma"](xhat, dy)[0], layer.weight.grad, rtol=1e-9)
    agree(ANALYTIC["batch_norm_dbeta"](dy)[0], layer.bias.grad)
    assert not np.allclose(ANALYTIC["batch_norm_dgamma"](x, dy)[0], layer.weight.grad.numpy())


def test_batch_norm_of_one_sample_is_the_chain_rule(rng):
    xhat, dy = rng.standard_normal(N), rng.standard_normal(N)
    gamma, beta = tensor(rng.standard_normal(N)), tensor(rng.standard_normal(N))
    (gamma * torch.tensor(xhat) + beta).backward(torch.tensor(dy))
    agree(ANALYTIC["batch_norm_dgamma_one"](xhat, dy), gamma.grad)
    agree(ANALYTIC["batch_norm_dbeta_one"](dy), beta.grad)


def test_the_batch_gradient_is_not_the_one_sample_chain_rule(rng):
    xhat, dy = rng.standard_normal((S, N)), rng.standard_normal((S, N))
    for s in range(S):
        one = ANALYTIC["batch_norm_dgamma_one"](xhat[s], dy[s])
        assert not np.allclose(one, ANALYTIC["batch_norm_dgamma"](xhat, dy)[0])
