"""A wire forwards what it is given, until somebody cuts it."""

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from fraudstream.chaos.proxy import Wire

TIMEOUT = 10.0


class _Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line.upper())


@pytest.fixture
def server() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as echo:
        echo.daemon_threads = True
        thread = threading.Thread(target=echo.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield echo.server_address[1]
        echo.shutdown()
        thread.join(TIMEOUT)


@pytest.fixture
def wire(server: int) -> Iterator[Wire]:
    with Wire(server) as opened:
        yield opened


def client(wire: Wire) -> socket.socket:
    return socket.create_connection(("127.0.0.1", wire.port), timeout=TIMEOUT)


def ask(connection: socket.socket, word: bytes) -> bytes:
    connection.sendall(word + b"\n")
    return connection.makefile("rb").readline().strip()


def test_both_directions_are_forwarded(wire: Wire) -> None:
    with client(wire) as one, client(wire) as other:
        assert (ask(one, b"first"), ask(other, b"second"), ask(one, b"third")) == (b"FIRST", b"SECOND", b"THIRD")


def test_an_end_of_input_is_forwarded_before_the_answers_end(wire: Wire) -> None:
    with client(wire) as connection:
        connection.sendall(b"last words\n")
        connection.shutdown(socket.SHUT_WR)

        assert connection.makefile("rb").read() == b"LAST WORDS\n"


def test_a_reset_tears_down_every_connection_and_later_ones_work(wire: Wire) -> None:
    with client(wire) as one, client(wire) as other:
        assert (ask(one, b"a"), ask(other, b"b")) == (b"A", b"B")

        assert wire.reset() == 2
        for connection in (one, other):
            with pytest.raises(ConnectionError):
                assert ask(connection, b"c") or _raise()
    with client(wire) as fresh:
        assert ask(fresh, b"d") == b"D"


def test_while_it_is_cut_nobody_is_let_through(wire: Wire) -> None:
    wire.cut = True
    with pytest.raises(ConnectionError), client(wire) as connection:
        assert ask(connection, b"a") or _raise()
    wire.cut = False
    with client(wire) as connection:
        assert ask(connection, b"b") == b"B"


def test_answers_are_held_back(wire: Wire) -> None:
    wire.delay = 0.2
    with client(wire) as connection:
        begun = time.monotonic()

        assert ask(connection, b"a") == b"A"
        assert time.monotonic() - begun >= 0.2


def _raise() -> bool:
    raise ConnectionResetError("the connection ended without a word")


def test_whoever_waits_for_an_answer_hears_that_the_server_was_killed() -> None:
    """The system tears down a killed server's connections, which is no end of input but an error."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        Wire(listening.getsockname()[1]) as wire,
        client(wire) as connection,
    ):
        connection.sendall(b"a question\n")
        server, _ = listening.accept()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()

        assert connection.recv(1) == b""
