"""The untrusted side: what runs next to a submission.

The host sends the sources of these modules over a pipe to a bare interpreter, which knows them as
``_gradmark``; the packages ``grader`` and ``reference`` are never importable there. Everything here imports
the standard library, numpy and torch alone, and runs on Python 3.8 or newer, because a course may pin an old
environment. A submission can read and patch all of it: nothing that comes out of a worker is trusted.
"""
