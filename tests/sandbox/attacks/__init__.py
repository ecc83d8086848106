"""Hostile submissions, the grader that falls for them, and the runs that show that the sandbox does not.

``python -m tests.sandbox.attacks`` writes the table of results for every level that this machine gives.
"""
