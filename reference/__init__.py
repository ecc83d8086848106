"""The truth, in NumPy and PyTorch: layers, networks, optimizers, metrics, analytic answers. Knows no grading."""
