"""A server in AWS's place that answers whatever a test says."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Gateway(ThreadingHTTPServer):
    """Answers everything with one status and body; before that, once each, with what `first` holds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.says: tuple[int, bytes] = 200, b""
        self.first: list[tuple[int, bytes]] = []
        self.asked: list[bytes] = []


class _Request(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        self.server.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        status, body = self.server.first.pop(0) if self.server.first else self.server.says
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
