"""Reports to test the reporters on: every verdict, every kind of evidence, a submission that means harm."""

from __future__ import annotations

import math

from grader.model import (
    Audience,
    Band,
    CheckResult,
    Curve,
    DataUsed,
    Diagnosis,
    Evidence,
    FormulaReading,
    HintLevel,
    Isolation,
    Layer,
    Matrix,
    PartResult,
    Report,
    Verdict,
)

SECRET = "batch of thirteen"  # in the title, message and evidence of a hidden check
SECRET_NUMBER = 0.40417

WANT = tuple(tuple(round(math.sin(3 * i + j) / 2, 4) for j in range(4)) for i in range(3))
GOT = tuple(tuple(value * (3 if j == 2 else 1) for j, value in enumerate(row)) for row in WANT)

MEASURED = CheckResult(
    id="numpy.linear.gradient",
    title="Linear: gradients of input, weight and bias",
    kind="gradient",
    verdict=Verdict.FAILED,
    points=3,
    message="dL/db is wrong; dL/dx and dL/dW are right",
    where="modules.py:57",
    detail="compared with autograd of the reference and with central differences of your own forward",
    evidence=(
        Evidence(what="dL/dx against autograd", agreed=True, tensor="x", tolerance=1e-7, abs_error=2.2e-16),
        Evidence(
            what="dL/db against autograd",
            agreed=False,
            detail="the same elements are off against central differences of your own forward",
            probe="batch of 3",
            tensor="bias",
            shape=(3, 4),
            worst_index=(2, 2),
            got=GOT[2][2],
            want=WANT[2][2],
            abs_error=0.9894,
            rel_error=2.0,
            rel_to="max |want|",
            off=3,
            total=12,
            tolerance=1e-7,
            tolerance_reason="float64, 60 roundings",
            got_matrix=Matrix(shape=(3, 4), rows=GOT),
            want_matrix=Matrix(shape=(3, 4), rows=WANT),
        ),
    ),
    diagnoses=(
        Diagnosis(
            id="G103",
            title="bias gradient is not summed over the batch",
            hint="What shape has db for a batch of one, and what shape for a batch of seven?",
            tensor="bias",
            explains=1.0,
        ),
    ),
    repeat="grade submission/ --only numpy.linear.gradient --seed 7",
    output="epoch 1\nshape (3, 4)\n",
    seconds=0.41,
)

TRAINED = CheckResult(
    id="training.numpy",
    title="NumPy MLP: accuracy within the budget",
    kind="training",
    verdict=Verdict.PARTIAL,
    points=10,
    earned=6,
    message="accuracy 38.1 % on images that the submission never saw; 45 % earns all points",
    evidence=(Evidence(what="test accuracy", agreed=False, got=0.381, want=0.45, detail="2,000 images"),),
    curves=(
        Curve(name="submission: training loss", x=(1, 2, 3, 4), y=(2.31, 1.98, 1.81, 1.72), y_label="loss"),
        Curve(name="reference: training loss", x=(1, 2, 3, 4), y=(2.12, 1.71, 1.52, 1.41), y_label="loss"),
        Curve(
            name="submission: validation accuracy",
            x=(1, 2, 3, 4),
            y=(0.18, 0.29, 0.35, 0.38),
            y_label="accuracy",
        ),
        Curve(
            name="reference: validation accuracy",
            x=(1, 2, 3, 4),
            y=(0.31, 0.41, 0.46, 0.48),
            y_label="accuracy",
        ),
    ),
    bands=(Band(at_least=0.3, share=0.6), Band(at_least=0.45, share=1.0)),
    repeat="grade submission/ --only training.numpy --seed 7",
    output="Epoch 4: 100%|##########| loss 1.72\n",
    seconds=31.2,
)

FORMULA = CheckResult(
    id="written.1a",
    title="Question 1a: gradient with respect to the weights",
    kind="formula",
    verdict=Verdict.FAILED,
    points=2,
    message="the result differs from the derivative on random inputs",
    formula=FormulaReading(
        source=r"\frac{\partial L}{\partial W} = X^T \frac{\partial L}{\partial Y}",
        read_as="Xᵀ (∂L/∂Y)",
        latex=r"X^{\mathsf{T}} \frac{\partial L}{\partial Y}",
        shape="M × N",
        file="answers.md",
        note="numerator layout",
    ),
    diagnoses=(Diagnosis(id="W101", title="the transpose of the right result", hint="Which shape has W?"),),
    hint="Write down the shapes of X, Y and W first.",
    repeat="grade submission/ --only written.1a --seed 7",
)


def check(
    name: str, title: str, kind: str, verdict: Verdict, points: float, earned: float = 0.0, **more: object
) -> CheckResult:
    """A check with what its case needs."""
    return CheckResult.model_validate(
        {
            "id": name,
            "title": title,
            "kind": kind,
            "verdict": verdict,
            "points": points,
            "earned": earned,
            **more,
        }
    )


def report(*parts: PartResult, **more: object) -> Report:
    """A report of an instructor around these parts."""
    fields: dict[str, object] = {
        "gradmark": "0.1.0",
        "submission": "submission",
        "submission_hash": "5f" * 32,
        "rubric": "uva_dl1_a1",
        "rubric_title": "UvA Deep Learning 1, assignment 1",
        "rubric_hash": "a7" * 32,
        "variant": "elu",
        "variant_reason": "found: ELUModule takes alpha",
        "data": DataUsed(kind="stand-in", description="offline stand-in (generated; not CIFAR-10)"),
        "device": "cpu",
        "isolation": Isolation(
            level=3,
            name="namespaced",
            gaps=("disk_over_limit",),
            layers=(Layer(name="seccomp", on=True), Layer(name="cgroup", on=False, reason="not delegated")),
        ),
        "seed": 7,
        "audience": "instructor",
        "parts": parts,
        **more,
    }
    return Report.model_validate(fields)


def everything() -> Report:
    """Every verdict, public and hidden checks, evidence of every kind."""
    numpy_part = PartResult(
        id="numpy",
        title="NumPy modules",
        checks=(
            check("numpy.linear.forward", "Linear: forward", "forward", Verdict.PASSED, 2, 2, seconds=0.1),
            MEASURED,
            check(
                "numpy.linear.secret",
                f"Linear: {SECRET}",
                "contract",
                Verdict.FAILED,
                1,
                audience=Audience.HIDDEN,
                message=f"forward is wrong for a {SECRET}: want {SECRET_NUMBER}",
                evidence=(Evidence(what=SECRET, agreed=False, got=1.0, want=SECRET_NUMBER),),
                diagnoses=(Diagnosis(id="G999", title=f"never saw a {SECRET}"),),
                repeat="grade submission/ --only numpy.linear.secret --seed 7",
                output=f"printed on {SECRET}",
            ),
            check(
                "numpy.softmax.forward",
                "Softmax: forward",
                "forward",
                Verdict.ERRORED,
                2,
                message="TypeError: unsupported operand type(s) for -: 'NoneType' and 'float'",
                where="modules.py:88",
                detail='File "modules.py", line 88, in forward\n    e = np.exp(x - m)\nTypeError: ...',
                repeat="grade submission/ --only numpy.softmax.forward --seed 7",
            ),
            check(
                "numpy.softmax.gradient",
                "Softmax: gradient",
                "gradient",
                Verdict.SKIPPED,
                2,
                needs=("numpy.softmax.forward", "numpy.linear.secret"),
                message="needs numpy.softmax.forward and numpy.linear.secret, which did not pass",
            ),
            check(
                "numpy.elu",
                "ELU",
                "forward",
                Verdict.MISSING,
                2,
                message="ELUModule.forward still is the template",
            ),
        ),
    )
    written = PartResult(
        id="written",
        title="Written questions",
        checks=(
            FORMULA,
            check(
                "written.1b",
                "Question 1b: derivation",
                "manual",
                Verdict.MANUAL,
                4,
                work="Since Y = XW + b, ...",
            ),
            check(
                "written.1c", "Question 1c", "formula", Verdict.INTERNAL, 1, message="KeyError in the grader"
            ),
        ),
    )
    training = PartResult(id="training", title="Training", checks=(TRAINED,))
    notes = ("found in the sub-folder assignment_1/code", "left out: data/cifar10.tar (over 20 MB)")
    return report(numpy_part, training, written, notes=notes, seconds=34.5)


def full_marks() -> Report:
    """Everything passed."""
    checks = tuple(
        check(f"numpy.{layer}", f"{layer.title()}: forward", "forward", Verdict.PASSED, 2.5, 2.5)
        for layer in ("linear", "elu", "softmax")
    )
    return report(PartResult(id="numpy", title="NumPy modules", checks=checks), submission="full_marks")


MARKUP = "[bold red]FULL MARKS[/bold red] [link=https://evil.example]x[/link]"
ANSI = "\x1b[2J\x1b[1;32mpassed\x1b[0m\x1b]8;;https://evil.example\x07link\x1b]8;;\x07\x9b31m \x1b[1A\x1b[2K"
HTML = "\"'><script>alert(1)</script><img src=x onerror=alert(2)><a href='javascript:alert(3)'>y</a></style>"
SHEET = '=HYPERLINK("https://evil.example","10")'
XML = "]]></failure></testcase><testcase name='forged'/>\x00\x08\x0c\ufffe\udc80&#0;<!-- -->"
WORKFLOW = "\n::set-output name=result::pass\n::error::forged\n::add-mask::0\r\n::stop-commands::x"
BIDI = "name\u202e\u2066gpj.exe\u2069\u200f"
MARKDOWN = (
    "| a | b |\n```\n# FULL MARKS\n[x](javascript:alert(1)) ![i](https://evil.example/i.png) @everyone <b>"
)
JINJA = "{{ 7*7 }}{% include '/etc/passwd' %}${7*7}"
HOSTILE = {
    "markup": MARKUP,
    "ansi": ANSI,
    "html": HTML,
    "sheet": SHEET,
    "xml": XML,
    "workflow": WORKFLOW,
    "bidi": BIDI,
    "markdown": MARKDOWN,
    "jinja": JINJA,
    "long": "A" * 30_000,
    "lines": "\n" * 300,
    "zalgo": "e" + "\u0301" * 500,
}


def hostile(text: str) -> Report:
    """A report in which every text that a submission can choose is `text`."""
    evil = check(
        "evil.check",
        text,
        "gradient",
        Verdict.FAILED,
        2,
        message=text,
        detail=text,
        hint=text,
        output=text,
        work=text,
        where=text,
        repeat=f"grade {text}",
        evidence=(
            Evidence(what=text, agreed=False, detail=text, probe=text, rel_to=text, tolerance_reason=text),
        ),
        diagnoses=(Diagnosis(id="G103", title=text, hint=text, tensor=text),),
        curves=(Curve(name=text, x=(1, 2, 3), y=(1, math.nan, math.inf), x_label=text, y_label=text),),
        formula=FormulaReading(source=text, read_as=text, latex=text, shape=text, file=text, note=text),
        hint_level=HintLevel.FULL,
    )
    errored = evil.model_copy(update={"id": "evil.errored", "verdict": Verdict.ERRORED})
    manual = evil.model_copy(update={"id": "evil.manual", "verdict": Verdict.MANUAL})
    part = PartResult(id="evil", title=text, checks=(evil, errored, manual))
    return report(part, submission=text, notes=(text,), variant=text, variant_reason=text)
