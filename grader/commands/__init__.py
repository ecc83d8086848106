"""The commands ``grade`` and ``grader``: arguments to calls to exit code. No logic lives here.

Each module holds one command or one group of them; ``grader.cli`` puts them together. Modules that take long to import
are imported by the command that needs them.
"""
