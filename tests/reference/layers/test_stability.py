"""Behaviour at the edges, where a generic point does not reach: saturation, kinks, ties, zeros."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reference.layers import LAYERS, twin_backward, twin_forward
from reference.layers.batch_norm import update_running_statistics

LARGE = np.array([[-1000.0, -800.0, -40.0, -1.0, 0.0, 1.0, 40.0, 800.0, 1000.0]])


def rng() -> np.random.Generator:
    """The same draws for every test, whichever run."""
    return np.random.default_rng(11)


def both(name: str, point: dict[str, np.ndarray], *, rounding: float = 1e-15, **options: object) -> None:
    """Raises unless NumPy and PyTorch agree at this point, in output and gradients, and are finite."""
    layer = LAYERS[name]
    settings = layer.settings(options)
    output = layer.forward(**point, **settings)
    dout = np.asarray(rng().standard_normal(output.shape))
    grads = layer.backward(dout, **point, **settings)
    assert np.all(np.isfinite(output))
    np.testing.assert_allclose(output, twin_forward(layer, point, settings), rtol=1e-12, atol=1e-300)
    for tensor, want in twin_backward(layer, dout, point, settings).items():
        assert np.all(np.isfinite(grads[tensor]))
        np.testing.assert_allclose(grads[tensor], want, rtol=1e-9, atol=rounding, err_msg=tensor)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "sigmoid", "tanh", "softmax"])
def test_large_inputs_and_the_kink_at_zero_follow_torch(name: str) -> None:
    both(name, {"x": LARGE})


@pytest.mark.parametrize("alpha", [0.3, 2.0])
def test_elu_at_zero_takes_the_left_derivative_as_torch_does(alpha: float) -> None:
    both("elu", {"x": np.zeros((2, 3))}, alpha=alpha)


@pytest.mark.parametrize("label", range(9))
def test_fused_cross_entropy_is_finite_at_large_logits(label: int) -> None:
    both("softmax_cross_entropy", {"x": LARGE, "labels": np.array([label])})


def test_bce_is_finite_at_large_logits() -> None:
    both("bce_with_logits", {"x": LARGE, "target": np.linspace(0, 1, 9)[None]})


def test_sigmoid_gradient_keeps_its_precision_when_saturated() -> None:
    (grad,) = LAYERS["sigmoid"].backward(np.ones((1, 1)), np.array([[40.0]]))["x"][0]
    assert grad == pytest.approx(np.exp(-40), rel=1e-12)


def test_softmax_ignores_an_offset_of_the_row() -> None:
    x = rng().standard_normal((3, 4))
    np.testing.assert_allclose(
        LAYERS["softmax"].forward(x + 2.0**20), LAYERS["softmax"].forward(x), rtol=1e-9
    )


def test_softmax_takes_further_leading_axes() -> None:
    both("softmax", {"x": rng().standard_normal((2, 3, 4))})


def test_linear_takes_further_leading_axes() -> None:
    both("linear", {**LAYERS["linear"].draw(rng()), "x": rng().standard_normal((2, 3, 5))}, rounding=1e-13)


def test_layer_norm_takes_further_leading_axes() -> None:
    both(
        "layer_norm",
        {**LAYERS["layer_norm"].draw(rng()), "x": rng().standard_normal((2, 3, 5))},
        rounding=1e-13,
    )


def test_cross_entropy_of_an_impossible_class_is_infinite_without_a_warning() -> None:
    point = {"x": np.array([[1.0, 0.0]]), "labels": np.array([1])}
    assert LAYERS["cross_entropy"].forward(**point) == np.inf
    assert LAYERS["cross_entropy"].backward(np.array(1.0), **point)["x"].tolist() == [[0.0, -np.inf]]


@pytest.mark.parametrize("name", ["cross_entropy", "softmax_cross_entropy", "hinge"])
def test_labels_that_would_broadcast_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"labels of shape \(1,\), expected \(4,\) for x of shape \(4, 3\)"):
        LAYERS[name].forward(np.ones((4, 3)), np.array([0]))


@pytest.mark.parametrize("name", ["mse", "bce_with_logits"])
def test_targets_that_would_broadcast_are_refused(name: str) -> None:
    for call in (LAYERS[name].forward, lambda *point: LAYERS[name].backward(np.array(1.0), *point)):
        with pytest.raises(ValueError, match=r"target of shape \(4,\), expected \(4, 1\)"):
            call(np.ones((4, 1)), np.ones(4))


def test_max_pool_hands_a_tie_to_the_first_as_torch_does() -> None:
    x = rng().integers(0, 3, (2, 2, 6, 6)).astype(float)
    assert LAYERS["max_pool2d"].distance({"x": x}, {}) == 0
    both("max_pool2d", {"x": x})
    both("max_pool2d", {"x": x}, kernel_size=3, stride=2, padding=1)


def test_hinge_at_a_margin_of_zero() -> None:
    """A margin of exactly 0 has gradient 0 here; PyTorch's multi_margin_loss agrees."""
    both("hinge", {"x": np.array([[1.0, 2.0, 0.5]]), "labels": np.array([1])})


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_dropout_is_torchs_given_torchs_mask(p: float) -> None:
    x = torch.from_numpy(rng().standard_normal((20, 30)))
    torch.manual_seed(0)
    output = torch.nn.functional.dropout(x, p, training=True)
    mask = (output != 0).numpy()
    assert 0 < mask.mean() < 1
    np.testing.assert_allclose(LAYERS["dropout"].forward(x.numpy(), mask, p=p), output.numpy(), rtol=1e-14)


def test_dropout_in_training_needs_its_mask() -> None:
    for call in (LAYERS["dropout"].forward, LAYERS["dropout"].twin):
        with pytest.raises(ValueError, match="needs a mask"):
            call(torch.ones(2, 2))


def test_batch_norm_in_evaluation_needs_running_statistics() -> None:
    with pytest.raises(ValueError, match="needs running_mean and running_var"):
        LAYERS["batch_norm"].forward(np.ones((2, 3)), np.ones(3), np.ones(3), training=False)


def test_batch_norm_of_one_row_is_beta() -> None:
    point = LAYERS["batch_norm"].draw(rng(), n=1, d=3)
    np.testing.assert_array_equal(LAYERS["batch_norm"].forward(**point), point["beta"][None])
    assert not LAYERS["batch_norm"].backward(np.ones((1, 3)), **point)["x"].any()


def test_running_statistics_are_torchs() -> None:
    point = LAYERS["batch_norm"].draw(rng())
    mean, var = (torch.from_numpy(point[name].copy()) for name in ("running_mean", "running_var"))
    torch.nn.functional.batch_norm(torch.from_numpy(point["x"]), mean, var, training=True, momentum=0.3)
    got = update_running_statistics(point["x"], point["running_mean"], point["running_var"], momentum=0.3)
    np.testing.assert_allclose(got, (mean.numpy(), var.numpy()), rtol=1e-13)


def test_attention_without_a_mask_sees_everything() -> None:
    point = LAYERS["attention"].draw(rng())
    assert point["mask"].all()
    want = LAYERS["attention"].forward(**point)
    del point["mask"]
    np.testing.assert_array_equal(LAYERS["attention"].forward(**point), want)
    both("attention", point, rounding=1e-13)


def test_attention_takes_heads_and_large_scores() -> None:
    query, key, value = rng().standard_normal((3, 2, 3, 4, 5))
    point = {"query": query, "key": key, "value": value}
    both("attention", point, rounding=1e-13)
    both("attention", {**point, "query": 1e4 * query}, rounding=1e-10)


def test_a_query_that_sees_no_key_gets_zeros() -> None:
    point = LAYERS["attention"].draw(rng())
    point["mask"][0, 1] = False
    output = LAYERS["attention"].forward(**point)
    assert not output[0, 1].any()
    assert output[0, 0].any()
    grads = LAYERS["attention"].backward(np.ones_like(output), **point)
    assert all(np.isfinite(grad).all() for grad in grads.values())
    assert not grads["query"][0, 1].any()


def test_draw_hides_as_many_keys_as_asked_for() -> None:
    point = LAYERS["attention"].draw(rng(), keys=6, hidden=2)
    assert (point["mask"].sum(axis=-1) == 4).all()
    assert point["mask"][..., 0].all()


def test_draw_of_rnn_cell_says_when_it_finds_no_point() -> None:
    with pytest.raises(ValueError, match="no point with clearance 9"):
        LAYERS["rnn_cell"].draw(rng(), nonlinearity="relu", clearance=9.0)


def test_same_seed_draws_the_same_point() -> None:
    for layer in LAYERS.values():
        first, again = (layer.draw(np.random.default_rng(4)) for _ in range(2))
        for name, value in first.items():
            np.testing.assert_array_equal(value, again[name])
