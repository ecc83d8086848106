"""What a course puts into Gradescope, GitHub Actions or GitLab so that they grade by a rubric."""

from __future__ import annotations

from grader.packaging.ci import github_workflow, gitlab_pipeline
from grader.packaging.gradescope import package_gradescope

__all__ = ["github_workflow", "gitlab_pipeline", "package_gradescope"]
