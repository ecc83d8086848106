"""Is the test accuracy that ``train`` reports the one that its model reaches?"""

from __future__ import annotations

from grader.checks.context import Context, Finding
from grader.checks.support import printed
from grader.checks.training_images import measure
from grader.checks.training_main import main_trial
from grader.checks.training_statistics import exceeds
from grader.diagnose import name_fault
from grader.model import Evidence, Verdict
from grader.rubric import TrainingSpec

UNREAD = 0.005  # of accuracy, between a report and the model on the very images that were to be tested
LEAST_P = 1e-12  # below this a p-value is no number to read
EXACT = 1e-6  # of accuracy, between a number and its copy: a validation accuracy that is reported again
NEVER_READ = " The test images were never read."


def honest_report(spec: TrainingSpec, context: Context) -> Finding:
    """Compare it with the model's on the images that the submission has, and on others."""
    trial = main_trial(spec, context)
    if trial.test is None:
        text = f"train returns no test accuracy (it returned {trial.returned})."
        return Finding(Verdict.FAILED, text, output=printed(context))
    private, count = measure(context, trial, "private")
    public, public_count = measure(context, trial, "public")
    above, p_value = exceeds(trial.test, public_count, private, count)
    copied = any(abs(trial.test - value) < EXACT for value in trial.validation or ())
    unread = trial.tested == 0 and abs(trial.test - public) > (EXACT if copied else UNREAD)
    test = "one-sided test of two proportions at 0.1 %"
    chance = f"p = {p_value:.2g}" if p_value > LEAST_P else f"p < {LEAST_P:g}"
    evidence = Evidence(
        what="reported test accuracy against the returned model's",
        agreed=not (above or unread),
        detail=f"reported {trial.test:.2%}; measured {public:.2%} on the public test images that the submission "
        f"has, {private:.2%} on the private ones; {chance} ({test})",
        got=trial.test,
        want=private,
        total=count,
    )
    if not above and not unread:
        text = (
            f"Reported {trial.test:.1%}; measured {public:.1%} (public images) and {private:.1%} (private)."
        )
        return Finding(Verdict.PASSED, text, evidence=(evidence,), output=printed(context))
    if not above and unread:
        fault = name_fault("T150")
        text = (
            f"The test images were never read, and {trial.test:.1%} is reported for them; the returned model is right "
            f"on {public:.1%}."
        )
        return Finding(
            Verdict.FAILED,
            text,
            hint=fault.hint,
            evidence=(evidence,),
            diagnoses=(fault,),
            output=printed(context),
        )
    fault = name_fault("T150" if trial.tested == 0 else "T151")
    return Finding(
        Verdict.FAILED,
        f"The reported test accuracy {trial.test:.1%} is above what the returned model reaches: "
        f"{public:.1%} on the public test images, {private:.1%} on the private ones. By chance this happens "
        f"in less than 1 of 1,000 cases ({test}).{NEVER_READ if trial.tested == 0 else ''}",
        hint=fault.hint,
        evidence=(evidence,),
        diagnoses=(fault,),
        output=printed(context),
    )
