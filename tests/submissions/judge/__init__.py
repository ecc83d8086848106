"""An independent judge of the corpus: autograd and plain comparisons, nothing of the grader."""
