"""Written answers: read a formula, evaluate it on random inputs, compare it with the truth, explain."""
