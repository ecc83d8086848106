"""Zips: what they list, and the bytes of one member within a bound."""

from __future__ import annotations

import bz2
import copy
import lzma
import stat
import struct
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import IO

from grader.submission.member import Member, read_within

MAX_LIST_BYTES = 8 << 20  # of the list of a zip's members
MAX_RATIO = 200
MAX_LZMA_MEMORY = 64 << 20


def open_zip(file: Path | IO[bytes]) -> zipfile.ZipFile:
    """A zip whose list of members is not larger than what is ever read of one; 40 MB of list become 700,000 objects.

    Raises:
        BadZipFile: it is none, or lists too much.
    """
    if isinstance(file, Path):
        with file.open("rb") as opened:
            _refuse_long_list(opened)
    else:
        _refuse_long_list(file)
    return zipfile.ZipFile(file)


def _refuse_long_list(file: IO[bytes]) -> None:
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if end is not None and end[5] > MAX_LIST_BYTES:
        raise zipfile.BadZipFile(f"its list of members has {end[5]:,} bytes")


def zip_members(archive: zipfile.ZipFile) -> list[Member]:
    """Everything that a zip lists."""
    return [zip_member(archive, member) for member in archive.infolist()]


def zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Member:
    """One entry of a zip that stays open."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    odd = (
        "Not a regular file" if kind not in (0, stat.S_IFREG) else "Encrypted" if member.flag_bits & 1 else ""
    )
    return Member(member.filename, partial(read_member, archive, member), member.is_dir(), odd)


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes | None:
    """The bytes of one member; None if they are more than the limit or more than a real file can be packed to.

    Raises:
        BadZipFile: it is damaged; also what decompression raises then.
    """
    limit = min(limit, MAX_RATIO * max(member.compress_size, 1) + (1 << 20))
    if member.compress_type in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        return _read_in_one(archive, member, limit)
    with archive.open(member) as file:
        return read_within(file, limit)


def _read_in_one(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes | None:
    """The same for two methods of which ``zipfile`` unpacks 64 KiB at once, to 70 GB if they are made for it."""
    if member.compress_size > limit:
        return None
    stored = copy.copy(member)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, member.compress_size
    del stored.CRC  # of the unpacked bytes
    with archive.open(stored) as file:
        packed = file.read()
    if member.compress_type == zipfile.ZIP_BZIP2:
        data = bz2.BZ2Decompressor().decompress(packed, limit + 1)
    else:
        data = _lzma(packed, member, limit + 1)
    if len(data) > limit:
        return None
    if len(data) != member.file_size or zlib.crc32(data) != member.CRC:
        raise zipfile.BadZipFile(f"Bad CRC-32 for file {member.filename!r}")
    return data


def _lzma(packed: bytes, member: zipfile.ZipInfo, limit: int) -> bytes:
    """LZMA as a zip holds it: two bytes of version, the length of the properties, the properties, the data."""
    if len(packed) < 9 or packed[2:4] != b"\5\0":
        raise zipfile.BadZipFile("its LZMA properties cannot be read")
    marked = member.flag_bits & 2  # the data say where they end
    size = struct.pack("<q", -1 if marked else member.file_size)
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MAX_LZMA_MEMORY)
    return decompressor.decompress(packed[4:9] + size + packed[9:], limit)
