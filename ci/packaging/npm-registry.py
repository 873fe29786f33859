#!/usr/bin/env python3
"""An npm registry for one rehearsal: takes what `npm publish` sends, and gives it back.

    ci/packaging/npm-registry.py PORT-FILE

Everything is in memory. It knows the published packages only: any other name is a 404.
"""

import base64
import http.server
import json
import pathlib
import sys
import urllib.parse

packages, archives = {}, {}


class Registry(http.server.BaseHTTPRequestHandler):
    def answer(self, code, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).strip("/")
        if path in archives:
            self.answer(200, archives[path], "application/octet-stream")
        elif path in packages:
            self.answer(200, packages[path])
        else:
            self.answer(404, {"error": f"no package {path}"})

    def do_PUT(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = packages.setdefault(sent["name"], {**sent, "versions": {}})
        for version, about in sent["versions"].items():
            if version in known["versions"]:
                self.answer(403, {"error": f"{sent['name']} {version} is published already"})
                return
            (attachment,) = sent["_attachments"].values()
            path = f"{sent['name']}/-/{sent['name']}-{version}.tgz"
            archives[path] = base64.b64decode(attachment["data"])
            about["dist"]["tarball"] = f"http://127.0.0.1:{self.server.server_port}/{path}"
            known["versions"][version] = about
        known["dist-tags"] = {**known.get("dist-tags", {}), **sent["dist-tags"]}
        known.pop("_attachments", None)
        self.answer(201, {"ok": True})

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
pathlib.Path(sys.argv[1]).write_text(str(server.server_port))
server.serve_forever()
