from .curves import plot_curves
