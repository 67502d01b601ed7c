"""The real AWS CLI, started once: each call is a child of this process, which has imported it already.

Run by the Python that the AWS CLI is installed in, with the path of a socket. A call is its standard streams and one
line of JSON: arguments, environment and working folder; the answer is its exit code. ``client`` is the ``aws`` that a
shell finds.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from pathlib import Path

CLIENT = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    socket.send_fds(server, [b"1"], [0, 1, 2])
    call = {{"words": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd()}}
    server.sendall(json.dumps(call).encode() + b"\\n")
    sys.exit(int(server.recv(16)))
"""


def _answer(connection: socket.socket, driver: object) -> int:
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    call = json.loads(connection.makefile().readline())
    os.environ.clear()
    os.environ.update(call["environment"])
    os.chdir(call["folder"])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    code = driver.main(call["words"])  # type: ignore[attr-defined]
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code)


def main(path: str) -> None:
    from awscli.clidriver import create_clidriver

    driver = create_clidriver()
    # What takes longest: the model of the service that nearly all commands call, and what a call imports.
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        driver.main(["sagemaker", "list-domains"])
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
                    code = _answer(connection, driver)
                finally:
                    connection.sendall(str(code).encode())
                    os._exit(0)
            connection.close()
            os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1])
