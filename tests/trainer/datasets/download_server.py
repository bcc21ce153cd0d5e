"""A server on loopback that answers well or badly."""

import http.server
import socket
import struct
import threading
import time

from tests.trainer.datasets.made_up_emodb import ENTRIES, zipped


class Server:
    """A server that answers every request with `body` in the manner `mode` says."""

    def __init__(self) -> None:
        self.body = zipped(ENTRIES)
        self.mode = "whole"
        self.requests = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests += 1
                outer.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/download.zip"
        self.released = threading.Event()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        if self.mode == "mute":
            self.released.wait()
            return
        if self.mode == "hang up":
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        if self.mode == "redirect" and request.path != "/moved.zip":
            request.send_response(302)
            request.send_header("Location", "/moved.zip")
            request.end_headers()
            return
        if self.mode.isdigit():
            request.send_error(int(self.mode))
            return
        request.send_response(200)
        if self.mode == "no number":
            request.send_header("Content-Length", "many")
        elif self.mode != "cut without a length":
            request.send_header("Content-Length", str(len(self.body)))
        request.end_headers()
        half = len(self.body) // 2
        request.wfile.write(self.body[:half])
        request.wfile.flush()
        if self.mode == "stall":
            self.released.wait()
        elif self.mode == "reset":
            time.sleep(0.1)
            linger = struct.pack("ii", 1, 0)
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif not self.mode.startswith("cut"):
            request.wfile.write(self.body[half:])

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
