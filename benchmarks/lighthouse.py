"""Asks Lighthouse about the built pages: fast, accessible, found, as browsers like it?

    make book && python benchmarks/lighthouse.py     all pages, and keep what it says
    python benchmarks/lighthouse.py --only claims    pages whose path has this; not kept

Pages are served with gzip and seen on a desktop and a phone, in both languages, with
Chromium. npx (of Node.js) fetches Lighthouse. Only performance depends on what else the
machine does: each row says the load, and is worth reading where that is below 1.
"""

import argparse
import datetime
import gzip
import json
import os
import statistics
import subprocess
import sys
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from explore_transformers import benchmarks

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from transformer import keep, name_of_processor  # noqa: E402

from builder.pdf import CHROMIUM_ARGS, chromium  # noqa: E402

SITE = ROOT / "_build" / "html"
VERSION = "13.5.0"
TRIES = 3
# With the Node.js that it asks for, which is newer than that of many systems.
COMMAND = f"npx --yes --package node@22.23.3 --package lighthouse@{VERSION} lighthouse"
PAGES = ["book/{}/index", "notebooks/{}/04_transformer", "book/{}/claims"]
PAGES += ["book/{}/playground"]
SCREENS = {"desktop": ["--preset=desktop"], "mobile": []}
SAID = ["performance", "accessibility", "best-practices", "seo"]
TEXTS = ("text/", "image/svg", "application/json", "application/xml")


class Gzipped(SimpleHTTPRequestHandler):
    """Serves as GitHub Pages does: compressed, kept for ten minutes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        kind = self.guess_type(path)
        packed = kind.startswith(TEXTS)
        body = compressed(path) if packed else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        return self.wfile.write(body)

    def log_message(self, *args):
        pass


@cache
def compressed(path):
    return gzip.compress(path.read_bytes())


def serve(site):
    """Serve the folder on this computer; return the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Gzipped, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def ask(url, screen):
    """Return Lighthouse's report of one visit.

    Raises SystemExit when there is none even at the third try: on a busy machine
    Chromium may answer too late.
    """
    command = [*COMMAND.split(), url, "--output=json", "--quiet", *SCREENS[screen]]
    command += [f"--only-categories={','.join(SAID)}"]
    command += [f"--chrome-flags=--headless {' '.join(CHROMIUM_ARGS)}"]
    environment = os.environ | {"CHROME_PATH": chromium()}
    for _ in range(TRIES):
        done = subprocess.run(
            command, env=environment, capture_output=True, encoding="utf-8"
        )
        if not done.returncode:
            return json.loads(done.stdout)
    raise SystemExit(f"{url}: {done.stderr[-2000:]}")


def to_row(page, screen, reports, load):
    """The medians of the scores, of 100, and what the last report found wrong."""
    scores = {
        name: statistics.median(100 * r["categories"][name]["score"] for r in reports)
        for name in SAID
    }
    return {
        "page": page,
        "screen": screen,
        "load": round(load, 1),
        **{name.replace("-", "_"): round(score) for name, score in scores.items()},
        "wrong": wrong(reports[-1]),
    }


def wrong(report):
    """The audits that cost points, but for performance, which is about seconds."""
    named = [
        ref["id"]
        for name in SAID[1:]
        for ref in report["categories"][name]["auditRefs"]
        if ref["weight"]
    ]
    scores = {name: report["audits"][name]["score"] for name in named}
    return [name for name, score in scores.items() if score is not None and score < 1]


def pages(part=""):
    """The paths in the site whose name has this part, of both editions."""
    korean = [f"{page.format('ko')}.html" for page in PAGES]
    english = [f"en/{page.format('en')}.html" for page in PAGES]
    return [path for path in [*korean, *english] if part in path]


def measure(site, paths, rounds):
    """Yield a row for each page and screen."""
    server = serve(site)
    for path in paths:
        for screen in SCREENS:
            url = f"http://127.0.0.1:{server.server_port}/{path}"
            reports = [ask(url, screen) for _ in range(rounds)]
            yield to_row(path, screen, reports, os.getloadavg()[0])
    server.shutdown()


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="what a page's path contains")
    parser.add_argument("--rounds", type=int, default=3, help="visits of each page")
    parser.add_argument("--site", type=Path, default=SITE, help="the built book")
    chosen = parser.parse_args(arguments)
    rows = []
    for row in measure(chosen.site, pages(chosen.only), chosen.rounds):
        rows.append(row)
        print(*row.values(), flush=True)
    if chosen.only:
        return print("not all pages: nothing is kept")
    record = {
        "rows": rows,
        "rounds": chosen.rounds,
        "machine": name_of_processor(),
        "lighthouse": VERSION,
        "made": datetime.date.today().isoformat(),
    }
    return keep(record, Path(benchmarks.__file__).parent / "lighthouse.json")


if __name__ == "__main__":
    main()
