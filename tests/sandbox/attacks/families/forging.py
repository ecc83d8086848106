"""Wrong layers that want to be graded right."""

from tests.sandbox.attacks.attack import Attack, Sign, attack, wrong_layer

ZEROS = "np.zeros((x.shape[0], self.params['weight'].shape[0]))"


def _forge(name: str, source: str, *, naive: bool = True) -> Attack:
    return attack(name, "forging", Sign.VERDICT, source, naive=naive)


FORGING = (
    _forge(
        "patch_allclose",
        wrong_layer(
            ZEROS, "import numpy\nnumpy.allclose = lambda *a, **k: True\nnumpy.array_equal = numpy.allclose"
        ),
    ),
    _forge(
        "patch_abs",
        wrong_layer(ZEROS, "import numpy\nnumpy.abs = lambda x: numpy.zeros(1)\nnumpy.max = numpy.abs"),
    ),
    _forge(
        "patch_comparison_of_grader",
        wrong_layer(
            ZEROS,
            """
            import sys
            for module in list(sys.modules.values()):
                for name in dir(module):
                    if name.startswith(("by_", "agrees", "compare", "is_close")):
                        thing = getattr(module, name)
                        if hasattr(thing, "__code__"):
                            thing.__code__ = (lambda got, want: True).__code__
            """,
        ),
    ),
    _forge(
        "subclass_equal_to_everything",
        wrong_layer(
            "np.zeros((x.shape[0], self.params['weight'].shape[0])).view(Yes)",
            """
            import numpy
            class Yes(numpy.ndarray):
                def __array_ufunc__(self, *a, **k):
                    return True
                def __array_function__(self, *a, **k):
                    return True
            """,
        ),
    ),
    _forge(
        "object_with_lying_difference",
        wrong_layer(
            "Zero(x.shape[0], self.params['weight'].shape[0])",
            """
            class Zero:
                __array_priority__ = 1e9
                __array_ufunc__ = None
                def __init__(self, *shape):
                    self.shape = shape
                    self.dtype = "float64"
                def __sub__(self, other): return 0.0
                __rsub__ = __sub__
                def __eq__(self, other): return True
                def __abs__(self): return 0.0
                def max(self): return 0.0
            """,
        ),
    ),
    _forge("nan_everywhere", wrong_layer(f"{ZEROS} * np.nan")),
    _forge("empty_array", wrong_layer("np.zeros((0, self.params['weight'].shape[0]))")),
    _forge(
        "inputs_emptied_in_place",
        wrong_layer(
            "self.cheat(x)",
        ).replace(
            "    def backward",
            "    def cheat(self, x):\n"
            "        x[...] = 0\n"
            "        self.params['weight'][...] = 0\n"
            "        self.params['bias'][...] = 0\n"
            f"        return {ZEROS}\n\n    def backward",
        ),
    ),
    _forge("exit_zero_on_import", "import os, sys\nprint('{\"passed\": true}', flush=True)\nos._exit(0)"),
    _forge("system_exit", "import sys\nprint('{\"passed\": true}', flush=True)\nsys.exit(0)"),
    _forge(
        "verdict_on_stdout_at_exit",
        wrong_layer(ZEROS, "import atexit\natexit.register(lambda: print('{\"passed\": true}', flush=True))"),
    ),
    _forge(
        "verdict_on_stdout_by_thread",
        wrong_layer(
            ZEROS,
            """
            import threading, time
            def late():
                for _ in range(40):
                    print('{"passed": true}', flush=True)
                    time.sleep(0.01)
            threading.Thread(target=late).start()
            """,
        ),
    ),
    _forge(
        "expected_from_caller_frames",
        wrong_layer("self.peek()").replace(
            "    def backward",
            "    def peek(self):\n"
            "        import sys\n"
            "        frame = sys._getframe()\n"
            "        while frame:\n"
            "            for scope in (frame.f_locals, frame.f_globals):\n"
            "                if isinstance(scope.get('expected'), np.ndarray):\n"
            "                    return scope['expected']\n"
            "            frame = frame.f_back\n"
            "        return np.zeros(1)\n\n    def backward",
        ),
    ),
    _forge(
        "truth_borrowed_from_grader",
        wrong_layer(
            "borrowed(x, self.params['weight'], self.params['bias'])",
            """
            import sys
            def borrowed(x, w, b):
                for module in list(sys.modules.values()):
                    truth = getattr(module, "linear_truth", None)
                    if callable(truth):
                        return truth(x, w, b)
                raise LookupError
            """,
        ),
    ),
    _forge(
        "echo_seen_arrays",
        wrong_layer(
            "next((a for a in seen() if a.shape == (x.shape[0], self.params['weight'].shape[0])), x)",
            """
            import gc, numpy
            def seen():
                held = [o for o in gc.get_objects() if isinstance(o, (dict, list, tuple))]
                for group in held:
                    for item in (group.values() if isinstance(group, dict) else group):
                        if isinstance(item, numpy.ndarray) and item.dtype == float and item.any():
                            yield item
            """,
        ),
    ),
    _forge(
        "seed_made_predictable",
        wrong_layer(
            ZEROS,
            """
            import numpy
            class Dull:
                def normal(self, *a, size=None, **k): return numpy.zeros(size)
                standard_normal = random = normal
            numpy.random.default_rng = lambda *a, **k: Dull()
            """,
        ),
    ),
    _forge(
        "result_that_changes_when_looked_at",
        wrong_layer(
            "Chameleon()",
            """
            class Chameleon:
                def __array__(self, *a, **k):
                    import sys
                    frame = sys._getframe()
                    while frame:
                        if "expected" in frame.f_locals: return frame.f_locals["expected"]
                        frame = frame.f_back
                    import numpy
                    return numpy.zeros((4, 3))
                shape = (4, 3)
            """,
        ),
    ),
    _forge(
        "lying_shape",
        wrong_layer(
            "np.zeros(1).view(Liar)",
            """
            import numpy
            class Liar(numpy.ndarray):
                shape = property(lambda self: (4, 3))
                def __rsub__(self, other): return numpy.zeros((4, 3))
                __sub__ = __rsub__
            """,
        ),
    ),
    _forge("scalar_zero_tolerance", wrong_layer("np.float64('nan')")),
)
