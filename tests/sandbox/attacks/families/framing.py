"""Attacks on the protocol: bytes written straight to the pipe that replies travel on."""

from textwrap import dedent

from tests.sandbox.attacks.attack import Attack, Sign, attack

_PIPE = """
import json, os, struct, sys, time

REPLIES = 4

def request_id():
    frame = sys._getframe()
    while frame:
        header = frame.f_locals.get("header")
        if isinstance(header, dict) and "id" in header:
            return header["id"]
        frame = frame.f_back
    return 0

def raw(header, payload=b"", header_length=None, payload_length=None, magic=b"GMK1"):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    prefix = struct.pack("<4sIQ", magic, len(text) if header_length is None else header_length,
                         len(payload) if payload_length is None else payload_length)
    return prefix + text + payload

def write(data):
    view = memoryview(data)
    while len(view):
        view = view[os.write(REPLIES, view[:65536]):]

def reply(values=(), arrays=(), **more):
    return dict({"kind": "reply", "id": request_id(), "values": list(values), "error": None, "errors": {},
                 "arrays": list(arrays)}, **more)
"""


def _frame(name: str, body: str, sign: Sign = Sign.HARM) -> Attack:
    return attack(name, "framing", sign, _PIPE + dedent(body), naive=False)


def _write_once(name: str, expression: str) -> Attack:
    return _frame(name, f"def attack():\n    write({expression})\n    time.sleep(1000)")


FRAMING = (
    _frame(
        "forged_reply_with_the_right_id",
        """
        import numpy
        class LinearModule:
            def __init__(self, *a): self.params = {}
            def forward(self, x):
                zeros = numpy.zeros((4, 3))
                write(raw(reply([["y", ["a", 0]]], [["<f8", [4, 3]]]), zeros.tobytes()))
                time.sleep(1000)
        """,
        Sign.VERDICT,
    ),
    _frame(
        "answers_before_the_question",
        """
        import numpy, threading
        class LinearModule:
            def __init__(self, *a): self.params = {}
            def forward(self, x):
                write(raw(dict(reply(), id=1)))
                return numpy.zeros((4, 3))
        """,
        Sign.VERDICT,
    ),
    _write_once("wrong_magic", "raw(reply(), magic=b'EVIL')"),
    _write_once("wrong_id", "raw(dict(reply(), id=request_id() + 1))"),
    _write_once("id_as_float", "raw(dict(reply(), id=float(request_id())))"),
    _write_once("id_true", "raw(dict(reply(), id=True))"),
    _write_once("header_of_four_gigabytes", "raw(reply(), header_length=0xFFFFFFFF)"),
    _write_once(
        "payload_of_many_exabytes", "raw(reply(arrays=[['<f8', [1 << 60]]]), payload_length=1 << 63)"
    ),
    _write_once("payload_just_over_its_cap", "raw(reply(), payload_length=(64 << 20) + 1)"),
    _write_once(
        "announces_more_than_it_sends", "raw(reply(arrays=[['<f8', [1000]]]), b'x' * 10, payload_length=8000)"
    ),
    _write_once("arrays_do_not_fill_the_payload", "raw(reply(arrays=[['<f8', [2]]]), b'x' * 100)"),
    _write_once("dimensions_that_overflow", "raw(reply(arrays=[['<f8', [1 << 33, 1 << 33]]]), b'x' * 8)"),
    _write_once("zero_times_enormous", "raw(reply([['loot', ['a', 0]]], [['<f8', [0, 1 << 39, 1 << 39]]]))"),
    _write_once("negative_dimension", "raw(reply(arrays=[['<f8', [-1, -8]]]), b'x' * 64)"),
    _write_once("object_dtype", "raw(reply([['loot', ['a', 0]]], [['|O', [1]]]), b'x' * 8)"),
    _write_once("void_dtype", "raw(reply([['loot', ['a', 0]]], [['|V0', [1000000000]]]))"),
    _write_once("structured_dtype", "raw(reply([['loot', ['a', 0]]], [['<f8,<f8', [1]]]), b'x' * 16)"),
    _write_once("dtype_that_is_no_text", "raw(reply([['loot', ['a', 0]]], [[['<f8'], [1]]]), b'x' * 8)"),
    _write_once("forty_dimensions", "raw(reply([['loot', ['a', 0]]], [['<f8', [1] * 40]]), b'x' * 8)"),
    _write_once("pickle_in_the_header", "raw(b'\\x80\\x04cos\\nsystem\\n(S\"true\"\\ntR.')"),
    _write_once("header_is_a_list", "raw(b'[1, 2]')"),
    _write_once("header_nested_deep", "raw(b'[' * 200_000 + b']' * 200_000)"),
    _write_once(
        "value_nested_deep",
        "raw(json.dumps(reply()).replace('\"values\": []', '\"values\": [[\"loot\", ' + '[\"l\", [' * 45 + '[\"n\"]' + ']]' * 45 + ']]').encode())",
    ),
    _write_once(
        "number_of_a_million_digits",
        "raw(json.dumps(reply())[:-1].encode() + b', \"n\": ' + b'9' * 900_000 + b'}')",
    ),
    _write_once("not_a_number_as_json", "raw(json.dumps(reply())[:-1].encode() + b', \"n\": NaN}')"),
    _write_once("bytes_that_are_no_text", "raw(b'\\xff\\xfe' * 50)"),
    _write_once("names_that_nobody_asked_for", "raw(reply([['points', ['f', 10.0]]]))"),
    _write_once("name_that_is_a_list", "raw(reply([[['loot'], ['n']]]))"),
    _write_once("kind_that_is_a_list", "raw(dict(reply(), kind=['reply']))"),
    _write_once("errors_that_are_a_list", "raw(reply(errors=[1]))"),
    _write_once("the_same_name_twice", "raw(reply([['loot', ['n']], ['loot', ['n']]]))"),
    _write_once("array_that_is_not_there", "raw(reply([['loot', ['a', 5]]]))"),
    _write_once("negative_array_index", "raw(reply([['loot', ['a', -1]]], [['<f8', [1]]]), b'x' * 8)"),
    _write_once("unknown_node", "raw(reply([['loot', ['exec', 'print(1)']]]))"),
    _write_once("node_that_is_no_list", "raw(reply([['loot', {'__reduce__': 'x'}]]))"),
    _write_once(
        "lone_surrogates",
        "raw(json.dumps(reply([['loot', ['s', 'x']]])).replace('\"x\"', '\"\\\\ud800\"').encode())",
    ),
    _write_once(
        "error_with_strange_fields",
        "raw(reply(error={'type': 1, 'message': [], 'at': 'x', 'frames': {}, 'missing': None}))",
    ),
    _write_once("unknown_kind", "raw(dict(reply(), kind='verdict', passed=True))"),
    _write_once("five_thousand_arrays", "raw(reply(arrays=[['|u1', [0]]] * 5000))"),
    _frame(
        "progress_without_end",
        "def attack():\n    data = raw({'kind': 'progress', 'id': request_id(), 'fields': {'epoch': 1}, 'arrays': []}) * 100\n    while True: write(data)",
    ),
    _write_once(
        "progress_of_enormous_text",
        "raw({'kind': 'progress', 'id': request_id(), 'fields': {'x': 'y' * 100_000}, 'arrays': []})",
    ),
    _write_once(
        "progress_nested",
        "raw({'kind': 'progress', 'id': request_id(), 'fields': {'x': [[[]]]}, 'arrays': []})",
    ),
    _frame(
        "one_byte_at_a_time",
        "def attack():\n    for byte in raw(reply()) * 100:\n        os.write(REPLIES, bytes([byte]))\n        time.sleep(0.05)",
    ),
    _frame("garbage_without_end", "def attack():\n    while True: os.write(REPLIES, os.urandom(65536))"),
    _frame("two_replies", "def attack():\n    write(raw(reply()) * 2)\n    time.sleep(1000)"),
    _frame("closes_the_pipe", "def attack():\n    os.close(REPLIES)\n    time.sleep(1000)"),
    _frame(
        "replaces_the_pipe",
        "def attack():\n    os.dup2(os.open('x', os.O_CREAT | os.O_RDWR), REPLIES)\n    return 'x' * 100",
    ),
    _frame(
        "patches_the_encoder",
        "def attack():\n    for name, module in list(sys.modules.items()):\n        if name.startswith('_gradmark'):\n            for key in list(vars(module)):\n                if callable(vars(module)[key]): setattr(module, key, lambda *a, **k: None)\n    return 1",
    ),
    _frame(
        "patches_json",
        "import json as j\ndef attack():\n    j.dumps = lambda *a, **k: '{\"passed\": true}'\n    return 1",
    ),
    _frame(
        "bytes_named_many_times",
        """
        def attack():
            payload = b"x" * (8 << 20)
            nodes = ["l", [["y", 0]] * 100]
            write(raw(reply([["loot", nodes]], [["|u1", [len(payload)]]]), payload))
            time.sleep(1000)
        """,
    ),
    _frame(
        "enormous_bytes_as_a_key",
        """
        def attack():
            payload = bytes(50 << 20)
            write(raw(reply([["loot", ["d", [[["y", 0], ["n"]]]]]], [["|u1", [len(payload)]]]), payload))
            time.sleep(1000)
        """,
    ),
    _frame(
        "thousands_of_keys_that_equal_nothing",
        """
        def attack():
            write(raw(reply([["loot", ["d", [[["f", "nan"], ["n"]]] * 13000]]])))
            time.sleep(1000)
        """,
    ),
    _frame(
        "progress_with_a_payload",
        """
        def attack():
            payload = bytes(60 << 20)
            header = {"kind": "progress", "id": request_id(), "fields": {}, "arrays": [["|u1", [len(payload)]]]}
            while True: write(raw(header, payload))
        """,
    ),
    _frame(
        "packets_in_the_pipe",
        """
        def attack():
            import fcntl
            fcntl.fcntl(REPLIES, fcntl.F_SETFL, os.O_DIRECT | os.O_NONBLOCK)
            return "x" * 10_000
        """,
    ),
)
