"""Show a folder in the browser: python serve.py FOLDER PORT."""

from __future__ import annotations

import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


def main(folder: str, port: str) -> None:
    """Serve the folder on this machine until Ctrl-C, or say why that is not possible."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
    try:
        server = ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    except (OSError, OverflowError, ValueError) as error:
        sys.exit(f"Port {port} cannot be used ({error}): name another one, make serve PORT=8001")
    print(f"The book is at http://localhost:{server.server_port} until you press Ctrl-C.")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main(*sys.argv[1:])
