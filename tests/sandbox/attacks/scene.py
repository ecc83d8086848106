"""What surrounds an attack: secrets, neighbours, servers, a process to kill; and what became of them."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.worker.cleaning import remove_tree

_LOOT = re.compile("loot-[0-9a-f]{24}")
MARKER_VARIABLE = "GRADMARK_ATTACK_SCENE"


class Scene:
    """One attack's surroundings."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.marker = secrets.token_hex(12)
        self.truth = folder / "truth"
        self.truth.mkdir()
        self.secret = self.truth / "labels.txt"
        self.secret.write_text(f"loot-{self.marker}")
        self.neighbour = folder / "submissions" / "alice"
        self.neighbour.mkdir(parents=True)
        (self.neighbour / "modules.py").write_text(f"# loot-{self.marker}")
        self.open_folder = folder / "outside"
        self.open_folder.mkdir()
        self.open_folder.chmod(0o777)
        (self.open_folder / "results.json").write_text("{}")
        (self.open_folder / "results.json").chmod(0o666)
        self.submission = folder / "submissions" / "mallory"
        self.submission.mkdir()
        self.servers = self._servers()
        self.victim = subprocess.Popen(["sleep", "600"])

    def _servers(self) -> dict[str, socket.socket]:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        path, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        path.bind(str(self.folder / "socket"))
        (self.folder / "socket").chmod(0o777)
        abstract.bind(f"\0{self.marker}")
        for server in (path, abstract):
            server.listen()
        for server in (tcp, udp, path, abstract):
            server.setblocking(False)
        return {"tcp": tcp, "udp": udp, "path": path, "abstract": abstract}

    def facts(self) -> bytes:
        """``facts.py`` for the attacker: everything but the secret."""
        known = {
            "SECRET": str(self.secret),
            "TRUTH": str(self.truth),
            "NEIGHBOUR": str(self.neighbour),
            "OUTSIDE": str(self.open_folder),
            "TCP": self.servers["tcp"].getsockname()[1],
            "UDP": self.servers["udp"].getsockname()[1],
            "SOCKET": str(self.folder / "socket"),
            "ABSTRACT": self.marker,
            "GRADER": os.getpid(),
            "VICTIM": self.victim.pid,
            "CHECKOUT": str(Path(__file__).parents[3]),
        }
        return "\n".join(f"{name} = {value!r}" for name, value in known.items()).encode()

    def holds_loot(self, text: str) -> bool:
        """Whether a text holds a secret of this scene, or of an earlier one that somebody's memory still
        holds.
        """
        return _LOOT.search(text) is not None

    def traces(self) -> list[str]:
        """What was touched outside."""
        found = [name for name, server in self.servers.items() if _was_reached(server)]
        if sorted(path.name for path in self.open_folder.iterdir()) != ["results.json"]:
            found.append("file written outside")
        if (self.open_folder / "results.json").read_text() != "{}":
            found.append("results overwritten")
        if not self.secret.exists() or self.secret.read_text() != f"loot-{self.marker}":
            found.append("truth changed")
        if self.victim.poll() is not None:
            found.append("victim killed")
        elif os.getpriority(os.PRIO_PROCESS, self.victim.pid) != os.getpriority(os.PRIO_PROCESS, 0):
            found.append("victim slowed")
        return found

    def close(self) -> None:
        """Take everything down."""
        self.victim.kill()
        self.victim.wait()
        for server in self.servers.values():
            server.close()


def _was_reached(server: socket.socket) -> bool:
    try:
        if server.type == socket.SOCK_DGRAM:
            return bool(server.recv(100))
        server.accept()[0].close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def scene() -> Iterator[Scene]:
    """A scene in a temporary folder."""
    folder = tempfile.mkdtemp(prefix="gradmark-scene-")
    built = Scene(Path(folder))
    try:
        yield built
    finally:
        built.close()
        remove_tree(folder)
