"""The model that ``train`` returned, which stays in the worker: its outputs on images whose labels the worker lacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import printed, raised
from grader.checks.training_budget import CLASSES, Floats
from grader.checks.training_images import FORMS, formed, formed_shape, predicted
from grader.data import normalise
from grader.model import Verdict
from grader.sandbox import Program, Ref, Worker


@dataclass(frozen=True)
class TrainedModel:
    """A model in the worker, PyTorch's or not, asked in batches of the size that it was trained with."""

    context: Context
    worker: Worker
    model: Ref
    is_torch: bool
    batch_size: int
    seconds: float  # for one request

    def form(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> str:
        """The form of input that the model takes; of several, the one in which it is right most often."""
        scores: dict[str, float] = {}
        refusals: list[CannotJudge] = []
        for form in FORMS:
            try:
                outputs = self.outputs(images, form)
            except CannotJudge as refused:
                refusals.append(refused)
                continue
            scores[form] = float(np.mean(predicted(outputs) == labels))
            if scores[form] > 0.2:
                break
        if not scores:
            raise refusals[0]
        return max(scores, key=lambda form: scores[form])

    def outputs(self, images: NDArray[np.uint8], form: str) -> Floats:
        """(N, C) what the model gives for images (N, 3, 32, 32), in batches of the size it was trained with."""
        count, size = len(images), self.batch_size
        padded = images[np.arange(-(-count // size) * size) % count]  # some models take full batches only
        batches = formed(normalise(padded), form).reshape(-1, size, *formed_shape(form))
        program = Program()
        with program.attempt("forward"), program.sweep(x=batches) as row:
            if self.is_torch:
                given = program.tensor(row["x"], device=self.context.device)
                program.collect("outputs", program.call(self.model, given))
            else:
                program.collect("outputs", program.call(self.model.attr("forward"), row["x"]))
        reply = self.worker.run(program, timeout=self.seconds)
        if reply.error or reply.errors:
            error = reply.error or reply.errors["forward"]
            doing = f"the model that {self.context.target[1]} returned, on images ({form}),"
            raise CannotJudge(raised(error, doing=doing, output=printed(self.context)))
        outputs = reply.values.get("outputs")
        if not isinstance(outputs, np.ndarray) or outputs.shape != (len(batches), size, CLASSES):
            shape = outputs.shape[1:] if isinstance(outputs, np.ndarray) else "no array"
            text = (
                f"the model that {self.context.target[1]} returned gives {shape} for {size} images; "
                f"expected {(size, CLASSES)}."
            )
            raise CannotJudge(Finding(Verdict.FAILED, text, output=printed(self.context)))
        return outputs.reshape(-1, CLASSES)[:count].astype(np.float64)
