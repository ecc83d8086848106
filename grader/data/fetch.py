"""Downloads the release of CIFAR-10: resumed where it broke off, checked against its published MD5."""

from __future__ import annotations

import fcntl
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from grader.data.store import cache_folder
from grader.errors import DataError

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
MD5 = "c58f30108f718f92721af3b95e74349a"
ARCHIVE = "cifar-10-python.tar.gz"
CHUNK = 256 * 1024  # bytes
TIMEOUT = 30.0  # seconds without a byte

Progress = Callable[[int, int], None]  # bytes so far, bytes in all (0: unknown)


def fetch(
    *,
    cache_dir: Path | None = None,
    url: str = URL,
    md5: str = MD5,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Download the archive into the cache unless a checked one is there; return its path.

    Raises:
        DataError: if the server cannot be reached, or what it sends has another MD5.
    """
    import pooch  # type: ignore[import-untyped]  # here, because it takes a while to import

    cache = cache_folder(cache_dir)
    pooch.get_logger().setLevel("WARNING")

    def download(address: str, output_file: str, _: object) -> None:
        part = cache / f"{ARCHIVE}.part"
        with part.open("ab") as held:
            _lock(held)
            _resume(address, part, progress)
        shutil.move(part, output_file)

    try:
        found = pooch.retrieve(url, known_hash=f"md5:{md5}", fname=ARCHIVE, path=cache, downloader=download)
    except (OSError, http.client.HTTPException) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split()) or type(error).__name__
        raise DataError(
            f"{url}: cannot be fetched ({reason}); run it again to resume, or give --data"
        ) from error
    except ValueError as error:
        if "hash" not in str(error):  # no URL at all, or none of http
            raise DataError(
                f"{url}: cannot be fetched ({error}); expected an address such as {URL}"
            ) from error
        raise DataError(
            f"{url}: what came is not the release: its MD5 is not {md5}; nothing was kept"
        ) from error
    return Path(found)


def _lock(stream: IO[bytes]) -> None:
    """Hold a file while this process writes it.

    Raises:
        OSError: another process holds it.
    """
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError("another run is fetching it just now") from None


def _resume(address: str, part: Path, progress: Progress) -> None:
    """Append what is missing of ``address`` to ``part``."""
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        reply = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # the part is whole already, or longer than the file: the MD5 decides
            return
        raise
    with reply:
        if have and reply.status != 206:  # the server does not resume
            have = 0
        total = have + int(reply.headers.get("Content-Length") or 0)
        with part.open("ab" if have else "wb") as stream:
            while chunk := reply.read(CHUNK):
                stream.write(chunk)
                have += len(chunk)
                progress(have, total)
    if have < total:
        raise OSError(f"the connection ended after {have:,} of {total:,} bytes")
