"""A submission that looks for labels everywhere it can: in its memory, on the disk, beside the data set.

It is told what to look for, as 255 minus each label, and never builds the labels themselves, so that what it finds is
not its own copy.
"""

import ctypes  # noqa: I001
import gc
import os

import numpy as np
import torch

import cifar10_utils

NEEDLES = {"public": PUBLIC, "private": PRIVATE}  # noqa: F821  # lists of 255 minus a label
ROOT_FOLDER = ROOT  # noqa: F821
PLACES = (
    os.path.dirname(ROOT_FOLDER),
    os.getcwd(),
    "/tmp",
    "/root",
    "/home",
    "/var",
    "/dev/shm",
    "/proc/self/fd",
)
CHUNK = 1 << 24  # bytes


def holds(content, needle):
    """Whether bytes hold the labels in a row, as integers of 1, 4 or 8 bytes."""
    for kind in (np.uint8, np.int32, np.int64):
        numbers = np.frombuffer(content, kind, len(content) // np.dtype(kind).itemsize)
        places = np.flatnonzero(numbers[: len(numbers) - len(needle)] == 255 - needle[0])
        for offset in range(1, len(needle)):
            places = places[numbers[places + offset] == 255 - needle[offset]]
            if not len(places):
                break
        else:
            return True
    return False


def in_files(needle):
    for folder in PLACES:
        for place, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(place, name)
                try:
                    if os.path.isfile(path) and os.path.getsize(path) < 1 << 28:
                        with open(path, "rb") as file:
                            while content := file.read(CHUNK):
                                if holds(content, needle):
                                    return True
                except OSError:
                    continue
    return False


def in_memory(needle):
    arrays = [
        item for item in gc.get_objects() if isinstance(item, (list, tuple)) and len(item) >= len(needle)
    ]
    if any(type(item[0]) is int and holds(as_bytes(item), needle) for item in arrays):
        return True
    return any(holds(copied(start, size), needle) for start, size in regions())


def copied(start, size):
    """What lies there now; the kernel refuses instead of crashing where nothing does."""
    with open("copy", "wb+") as file:
        ctypes.CDLL(None).write(file.fileno(), ctypes.c_void_p(start), ctypes.c_size_t(size))
        file.seek(0)
        return file.read()


def as_bytes(numbers):
    try:
        return np.array(numbers, np.int64).tobytes()
    except (ValueError, TypeError, OverflowError):
        return b""


def regions():
    """Start and size of what can be read of this process, in pieces; nothing where /proc is closed."""
    try:
        with open("/proc/self/maps") as file:
            lines = [line.split() for line in file.readlines()]
    except OSError:
        return
    for region in lines:
        if not region[1].startswith("rw") or ".so" in region[-1]:
            continue
        start, end = (int(part, 16) for part in region[0].split("-"))
        for place in range(start, min(end, start + (1 << 30)), CHUNK):
            yield place, min(CHUNK, end - place)


def anywhere(needle):
    return in_files(needle) or in_memory(needle)


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    test = cifar10_utils.get_cifar10(data_dir)["test"]
    kept = np.array(test.targets)  # for the search of memory to find
    found = {
        "public": in_memory(NEEDLES["public"]) and in_files(NEEDLES["public"]),
        "private": anywhere(NEEDLES["private"]),
    }
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 10))
    return model, [float(found["public"]), float(found["private"])], 0.1, {"kept": len(kept)}
