"""Observations of a layer with a planted fault, as the probes of a check would make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grader.diagnose import Observation
from reference.layers import LAYERS

Array = np.ndarray[Any, Any]
Backward = Callable[..., Mapping[str, Any]]
Forward = Callable[..., Any]


def observe(
    layer_name: str, *, backward: Backward | None = None, forward: Forward | None = None, seed: int = 0
) -> list[Observation]:
    """One observation per case of the layer; what is not planted is right.

    A planted `backward` takes `dout` and the layer's arguments by name and returns gradients by name; the
    ones that it leaves out are right. A planted `forward` takes the same arguments without `dout`.
    """
    layer = LAYERS[layer_name]
    rng = np.random.default_rng(seed)
    observations: list[Observation] = []
    for case in layer.cases:
        options = layer.settings(case.options)
        point = layer.point(rng, case, clearance=0.01)
        output = layer.forward(**point, **options)
        dout = rng.standard_normal(np.shape(output)) + (2.0 if np.ndim(output) == 0 else 0.0)
        wanted = layer.backward(dout, **point, **options)
        got: dict[str, Any] = dict(wanted)
        if backward is not None:
            made = planted(backward, dout, point, options)
            got.update(dict.fromkeys(wanted) if made is None else made)
        observations.append(
            Observation(
                probe=case.name,
                layer=layer_name,
                tensors={name: point[name] for name in layer.tensors},
                constants={name: point[name] for name in layer.constants if name in point},
                options=options,
                cotangent=dout,
                output_got=output if forward is None else np.asarray(forward(**point, **options)),
                output_want=output,
                grads_got=got,
                grads_want=wanted,
                before=observations[-1] if observations else None,
            )
        )
    return observations


def planted(
    backward: Backward, dout: Array, point: Mapping[str, Array], options: Mapping[str, object]
) -> dict[str, Any] | None:
    """What the faulty backward returns; None where it raises."""
    try:
        with np.errstate(all="ignore"):
            made = backward(dout, **point, **options)
    except ValueError:
        return None
    return {name: None if value is None else np.asarray(value) for name, value in made.items()}
