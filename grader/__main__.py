"""``python -m grader``: the program `grader`, where its script is not on the path."""

from grader.cli import main

main()
