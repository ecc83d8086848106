"""Tars, plain or gzipped: what they list, in time and memory that grow with their bytes alone.

``tarfile`` takes a header of any size into memory, and searches it in quadratic time in some versions; so its blocks
are read one by one here, with the two kinds of headers in front of a file that say a long name.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import IO, cast

from grader.submission.member import Member, read_within

BLOCK = tarfile.BLOCKSIZE
MAX_NAME = 1 << 16  # bytes of a header that says a name
_GZIP = b"\x1f\x8b"
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_BESIDE = (tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE)


def is_tar(file: IO[bytes]) -> bool:
    """Whether this is a tar, gzipped or not, by its first block."""
    try:
        return unpacked_from(file).read(BLOCK)[257:262] == b"ustar"
    except (OSError, EOFError, zlib.error):
        return False


def unpacked_from(file: IO[bytes]) -> IO[bytes]:
    """A file from its start, unpacked where it is gzipped."""
    file.seek(0)
    packed = file.read(2) == _GZIP
    file.seek(0)
    return cast(IO[bytes], gzip.GzipFile(fileobj=file)) if packed else file


def read_tar(file: IO[bytes], limit: int) -> bytes | None:
    """All bytes of a tar; None where they are more than the limit.

    Raises:
        OSError: it is damaged; also EOFError and zlib.error.
    """
    return read_within(unpacked_from(file), limit)


def tar_members(data: bytes, most: int) -> list[Member]:
    """The first entries of a tar that is in memory.

    Raises:
        TarError: it is none, or damaged.
    """
    return list(islice(_members(data), most))


def _members(data: bytes) -> Iterator[Member]:
    at, said = 0, ""
    while (info := _header(data, at)) is not None:
        start, at = at + BLOCK, at + BLOCK + -(-info.size // BLOCK) * BLOCK
        if info.type in _NAMES and info.size <= MAX_NAME:
            said = _name(info.type, data[start : start + info.size]) or said
        elif info.type not in _NAMES + _BESIDE:
            odd = "" if info.type in _FILES else "Not a regular file"
            read = partial(_bytes_at, data, start, info.size)
            yield Member(said or info.name, read, info.isdir(), odd)
            said = ""


def _header(data: bytes, at: int) -> tarfile.TarInfo | None:
    """The header at this place; None at the end."""
    try:
        info = tarfile.TarInfo.frombuf(data[at : at + BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        if at and not data[at : at + BLOCK].strip(b"\0"):
            return None
        raise tarfile.ReadError(f"{error} at byte {at:,}") from None
    if info.size < 0 or info.type == tarfile.GNUTYPE_SPARSE:
        raise tarfile.ReadError(f"a file with holes, or of a negative size, at byte {at:,}")
    return info


def _name(kind: bytes, header: bytes) -> str:
    """The path that a header in front of a file gives it, or ""."""
    if kind == tarfile.GNUTYPE_LONGNAME:
        return header.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    at, found = 0, b""
    while at < len(header):  # "23 path=some/where.py\n", its own length in front
        length = header[at : at + 7].partition(b" ")[0]
        if not length.isdigit() or len(length) > 6 or int(length) <= len(length):
            break
        key, _, value = header[at + len(length) + 1 : at + int(length) - 1].partition(b"=")
        found = value if key == b"path" else found
        at += int(length)
    return found.decode("utf-8", "surrogateescape")


def _bytes_at(data: bytes, start: int, size: int, limit: int) -> bytes | None:
    if start + size > len(data):
        raise tarfile.ReadError("it ends before the file does")
    return data[start : start + size] if size <= limit else None
