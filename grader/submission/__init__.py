"""What was handed in: read with caps and without trusting a single name, and outlined without running a line.

``reading`` puts a submission together from ``folders`` and ``packed`` (zips), under names that ``file_names`` made safe
and ``module_files`` matched with what the homework asks for; ``sources`` and ``outline`` tell what its files define.
"""

from grader.submission.reading import Submission, load_submission, submission_from_files

__all__ = ["Submission", "load_submission", "submission_from_files"]
