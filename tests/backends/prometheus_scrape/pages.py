"""Pages of metrics, saved once and served again as they were.

    pages.py save --folder pages --from node=http://127.0.0.1:9100/metrics …   each in every format that it has
    pages.py serve --folder pages --port 9999                                  at /<name>/<format>, whatever is asked for
"""

import argparse
import json
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ACCEPT = {
    "text": "text/plain;version=0.0.4",
    "openmetrics": "application/openmetrics-text;version=1.0.0",
    "protobuf": "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
}


def save(folder: Path, name: str, url: str) -> None:
    for form, accept in ACCEPT.items():
        request = urllib.request.Request(url, headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=20) as response:
            kind, body = response.headers["Content-Type"], response.read()
        if kind.split(";")[0] == accept.split(";")[0]:
            put(folder, name, form, kind, body)


def put(folder: Path, name: str, form: str, kind: str, body: bytes) -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / form).write_bytes(body)
    (folder / name / f"{form}.type").write_text(kind)


def saved(folder: Path) -> list[tuple[str, str]]:
    """Names and formats of the pages."""
    return sorted((kind.parent.name, kind.stem) for kind in folder.glob("*/*.type"))


def serve(folder: Path, port: int) -> None:
    pages = {f"/{name}/{form}": (folder / name / form).read_bytes() for name, form in saved(folder)}
    kinds = {f"/{name}/{form}": (folder / name / f"{form}.type").read_text() for name, form in saved(folder)}

    class Page(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            body = pages.get(path, b"no such page\n")
            self.send_response(200 if path in pages else 404)
            self.send_header("Content-Type", kinds.get(path, "text/plain"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Page).serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("save", "serve"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--from", dest="sources", nargs="*", default=[])
    given = parser.parse_args()
    if given.command == "serve":
        serve(given.folder, given.port)
        return
    for source in given.sources:
        save(given.folder, *source.split("=", 1))
    for page in Path(__file__).parent.glob("pages/*.*"):
        form = {".txt": "text", ".om": "openmetrics"}[page.suffix]
        kind = ACCEPT[form].replace(";", "; ") + "; charset=utf-8"
        put(given.folder, page.stem, form, kind, page.read_bytes())
    print(json.dumps(saved(given.folder)))


if __name__ == "__main__":
    main()
