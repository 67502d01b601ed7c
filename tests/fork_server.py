"""A program that takes long to start, started once: each call is a child of that process, which has imported it.

``serve`` runs in the program's own environment, started by ``Started`` as a module with the path of a socket. A call is
its standard streams and one line of JSON (arguments, environment, working folder); the answer is its exit code. A shell
finds the program under its name in the folder of ``Started``.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_CLIENT = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    socket.send_fds(server, [b"1"], [0, 1, 2])
    call = {{"words": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd()}}
    server.sendall(json.dumps(call).encode() + b"\\n")
    sys.exit(int(server.recv(16)))
"""


def _answer(connection: socket.socket, run: Callable[[list[str]], int]) -> int:
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    call = json.loads(connection.makefile().readline())
    os.environ.clear()
    os.environ.update(call["environment"])
    os.chdir(call["folder"])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    try:
        code = run(call["words"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 — as a program of its own would end
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code)


def serve(path: str, run: Callable[[list[str]], int]) -> None:
    """Answer calls until SIGTERM, whatever whoever started this makes of it. ``run`` takes the arguments and gives the
    exit code."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            child = os.fork()
            if child == 0:
                code = 255
                try:
                    code = _answer(connection, run)
                finally:
                    connection.sendall(str(code).encode())
                    os._exit(0)
            connection.close()
            os.waitpid(child, 0)


class Started:
    """A program that was started. ``folder`` holds it under its name."""

    def __init__(self, name: str, python: Path, module: str, environment: Mapping[str, str]) -> None:
        # The path of a socket may have about a hundred letters, so it is none of pytest's folders.
        self._made = tempfile.TemporaryDirectory(prefix=f"{name}-")
        self.folder = Path(self._made.name)
        path = str(self.folder / "socket")
        self._server = subprocess.Popen(
            [str(python), "-m", module, path], stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == "ready\n"
        client = self.folder / name
        client.write_text(_CLIENT.format(python=sys.executable, path=path))
        client.chmod(0o755)

    def stop(self) -> None:
        self._server.terminate()
        self._server.communicate()
        self._made.cleanup()
