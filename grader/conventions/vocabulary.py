"""Words that courses use for what a layer is made of and called with: each word, without case and underscores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

QUANTITIES = {
    "in_features": (
        "in_features input_dim in_dim n_in nin input_size in_size dim_in d_in num_inputs n_inputs "
        "input_features n_input fan_in n_features num_features inputs d"
    ),
    "out_features": (
        "out_features output_dim out_dim n_out nout output_size out_size dim_out d_out num_outputs n_outputs "
        "output_features n_output fan_out units outputs m num_classes n_classes"
    ),
    "in_channels": (
        "in_channels channels_in c_in n_in_channels num_in_channels input_channels in_ch n_in in_c "
        "input_depth depth channels num_channels c in_planes in_maps"
    ),
    "out_channels": (
        "out_channels channels_out c_out n_out_channels num_out_channels output_channels out_ch n_out out_c "
        "filters num_filters n_filters num_kernels n_kernels f out_planes out_maps"
    ),
    "kernel_size": (
        "kernel_size kernel k ksize filter_size size window window_size pool_size pool field_size f "
        "kernel_shape"
    ),
    "kernel_height": "kernel_height kernel_h kh filter_height pool_height hh k_h pool_h",
    "kernel_width": "kernel_width kernel_w kw filter_width pool_width ww k_w pool_w",
    "stride": "stride strides s",
    "padding": "padding pad p zero_padding",
    "features": (
        "num_features n_features features dim d size normalized_shape num_channels channels c input_dim "
        "in_dim in_features feature_dim hidden_dim num_neurons n_neurons neurons n_out shape"
    ),
    "rows": "num_embeddings vocab_size vocab vocabulary_size v n_tokens num_tokens n_embeddings",
    "dim": "embedding_dim embed_dim dim d emb_dim embedding_size embed_size emb_size e output_dim",
    "hidden_size": "hidden_size hidden_dim hidden_units n_hidden num_hidden h d_hidden units hidden",
    "p": "p rate prob drop_prob p_drop dropout_rate drop_rate",
    "keep": "keep keep_prob keep_p p_keep keep_rate keep_ratio keep_probability",
    "alpha": "alpha negative_slope slope a leak",
    "delta": "delta margin",
    "eps": "eps epsilon",
    "training": "training train is_training",
    "nonlinearity": "nonlinearity activation",
    "causal": "causal is_causal",
    "scale": "scale",
    "x": (
        "x input inputs inp z scores logits data a x_in features images pred preds prediction predictions "
        "y_hat y_pred yhat outputs a_prev h prev s"
    ),
    "weight": (
        "w weight weights kernel kernels filters filter theta embedding embeddings table emb matrix coef "
        "w_embed"
    ),
    "bias": "b bias biases intercept",
    "gamma": "gamma g gain gains scale weight w bw a multiplier",
    "beta": "beta shift shifts offset bias b bb",
    "labels": "labels y label target targets t y_true classes truth yy y_batch",
    "target": "target targets y t y_true labels truth y_batch",
    "indices": "indices x idx index ids tokens inputs input token_ids word_ids",
    "hidden": "hidden h prev_h h_prev hx h_0 h0 state hidden_state",
    "cell": "cell c prev_c c_prev cx c_0 c0 cell_state",
    "weight_ih": "weight_ih w_ih wx w_x w_xh wxh wih weight_x w_input u w_ax wax",
    "weight_hh": "weight_hh w_hh wh w_h whh weight_h w_hidden w_aa waa",
    "bias_ih": "bias_ih b_ih b bias b_x bx bih b_h bh ba",
    "bias_hh": "bias_hh b_hh bhh",
    "query": "query q queries",
    "key": "key k keys",
    "value": "value v values",
    "mask": "mask attn_mask attention_mask",
    "running_mean": "running_mean moving_mean mean running_avg",
    "running_var": "running_var moving_var var running_variance moving_variance",
    "cotangent": (
        "dout dy d_out grad grad_output upstream dz g grad_out dscores douts output_grad d_output "
        "grad_outputs delta da dh dnext_h dh_next da_next dhidden dloss upstream_grad out_grad dl_dy dl_dout dvalues d_values "
        "accum_grad error"
    ),
    "cotangent_cell": "cotangent_cell dnext_c dc_next dc dcell d_cell grad_c dc_t grad_cell",
    "cache": "cache ctx context saved memory memo cached tape",
    "output": "output out y a result act yhat y_hat probs o h",
}
"""The words for each quantity, the most telling first."""

DICTS: dict[str, dict[str, object]] = {
    "convparam": {"stride": "stride", "pad": "padding"},
    "poolparam": {"pool_height": "kernel_height", "pool_width": "kernel_width", "stride": "stride"},
    "bnparam": {"mode": "'train'", "eps": "eps"},
    "lnparam": {"eps": "eps"},
    "dropoutparam": {"mode": "mode", "p": "keep"},
    "hparameters": {"stride": "stride", "pad": "padding", "f": "kernel_size"},
    "hparams": {"stride": "stride", "pad": "padding", "f": "kernel_size"},
}
"""Arguments that are dictionaries in well-known homework (CS231n, deeplearning.ai): key to quantity."""

GRADIENTS = (
    "d{0}", "d_{0}", "grad_{0}", "{0}_grad", "{0}grad", "grad{0}", "g{0}", "{0}_g", "delta_{0}",
    "dl_d{0}", "dloss_d{0}", "grad_wrt_{0}",
)  # fmt: skip
GRADIENT_DICTS = ("grads", "gradients", "grad", "dparams")


def bare(word: str) -> str:
    """A word without case, underscores and a number at its end: ``W_1`` is ``w``."""
    plain = word.lower().replace("_", "")
    return re.sub(r"(?<=[a-z])\d+$", "", plain)


def words_of(quantity: str) -> tuple[str, ...]:
    """The words for a quantity, the most telling first."""
    return tuple(
        dict.fromkeys([bare(quantity), *(bare(word) for word in QUANTITIES.get(quantity, "").split())])
    )


def meant(word: str, quantities: Iterable[str]) -> str | None:
    """Which of the quantities a word is for, or None; where several take it, the one that it is most telling for."""
    plain = bare(word)
    ranked = [(words.index(plain), name) for name in quantities if plain in (words := words_of(name))]
    return min(ranked)[1] if ranked else None


def gradient_names(names: Sequence[str]) -> tuple[str, ...]:
    """Bare names under which the gradient of something with these names is kept."""
    return tuple(dict.fromkeys(bare(form.format(bare(name))) for name in names for form in GRADIENTS))
