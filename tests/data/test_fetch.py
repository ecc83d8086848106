"""The download, from a server of our own: resumed, checked, atomic."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from grader.data.fetch import ARCHIVE, fetch
from grader.errors import DataError

CONTENT = bytes(range(256)) * 4_000
MD5 = hashlib.md5(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT; breaks off after ``server.at_most`` bytes."""

    def do_GET(self) -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.server.starts.append(start)  # type: ignore[attr-defined]
        if start >= len(CONTENT):
            self.send_error(416)
            return
        if self.path == "/no-http":
            self.wfile.write(b"HELLO\r\n\r\n")
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : start + self.server.at_most])  # type: ignore[attr-defined]

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.starts, made.at_most = [], len(CONTENT)  # type: ignore[attr-defined]
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/archive"


def test_fetches_once_and_tells_progress(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    found = fetch(
        cache_dir=tmp_path, url=url(server), md5=MD5, progress=lambda *figures: told.append(figures)
    )
    assert found == tmp_path / ARCHIVE
    assert found.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert fetch(cache_dir=tmp_path, url=url(server), md5=MD5) == found
    assert len(server.starts) == 1  # type: ignore[attr-defined]


def test_resumes_where_it_broke_off(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    server.at_most = 300_000  # type: ignore[attr-defined]
    with pytest.raises(DataError, match="run it again to resume"):
        fetch(cache_dir=tmp_path, url=url(server), md5=MD5)
    assert not (tmp_path / ARCHIVE).exists()
    server.at_most = len(CONTENT)  # type: ignore[attr-defined]
    assert fetch(cache_dir=tmp_path, url=url(server), md5=MD5).read_bytes() == CONTENT
    assert server.starts == [0, 300_000]  # type: ignore[attr-defined]


def test_another_content_is_not_kept(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="what came is not the release: its MD5 is not 0000"):
        fetch(cache_dir=tmp_path, url=url(server), md5="0" * 32)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:9/archive", r"cannot be fetched \(.*refused\).* or give --data"),
        ("{server}/../no-http", r"cannot be fetched \(HELLO\)"),
        (
            "nonsense",
            r"cannot be fetched \(unknown url type: 'nonsense'\); expected an address such as https",
        ),
    ],
)
def test_no_server_says_what_to_do(
    address: str, said: str, server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    address = address.replace("{server}/..", url(server).removesuffix("/archive"))
    with pytest.raises(DataError, match=said):
        fetch(cache_dir=tmp_path, url=address, md5=MD5)


def test_two_runs_at_once_do_not_mix_what_they_fetch(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    said: list[str] = []

    def again(done: int, total: int) -> None:
        if not said:
            with pytest.raises(DataError) as error:
                fetch(cache_dir=tmp_path, url=url(server), md5=MD5)
            said.append(str(error.value))

    assert fetch(cache_dir=tmp_path, url=url(server), md5=MD5, progress=again).read_bytes() == CONTENT
    assert "another run is fetching it just now" in said[0]
