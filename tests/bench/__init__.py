"""Benches: figures, ratios measured side by side in one run, and counts. ``make bench`` runs them."""
