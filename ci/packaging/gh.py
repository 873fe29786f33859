#!/usr/bin/env python3
"""GitHub's command line as far as packaging/release.sh uses it, for a rehearsal.

Its state is in the directory REHEARSAL_GITHUB: `ci` holds the conclusion of CI, `TAG/` a release
with its files and `TAG/.draft` where it is a draft; `down` is there while it does not answer. An argument that it does not know ends it.
"""

import json
import os
import pathlib
import shutil
import sys

home = pathlib.Path(os.environ["REHEARSAL_GITHUB"])
args = sys.argv[1:]


def option(name):
    at = args.index(name)
    value = args[at + 1]
    del args[at : at + 2]
    return value


def flag(name):
    if name not in args:
        raise SystemExit(f"gh: {name} is missing")
    args.remove(name)


if (home / "down").exists():
    raise SystemExit("gh: the rehearsal's GitHub is down")

if args[:1] == ["api"]:
    sha = os.environ["GITHUB_SHA"]
    if f"head_sha={sha}" not in args or "event=push" not in args or "branch=main" not in args:
        raise SystemExit(f"gh: asks for another run: {args}")
    print((home / "ci").read_text().strip())
    sys.exit(0)

if args[:1] != ["release"]:
    raise SystemExit(f"gh: unknown: {args}")
command, tag = args[1:3]
del args[:3]
release = home / tag
if command == "view":
    if not release.is_dir():
        raise SystemExit("release not found")
    if (option("--json"), option("--jq")) != ("isDraft", ".isDraft"):
        raise SystemExit("gh: unknown view")
    print(json.dumps((release / ".draft").exists()))
elif command == "create":
    flag("--draft")
    if option("--target") != os.environ["GITHUB_SHA"] or option("--notes-file") != "-":
        raise SystemExit("gh: another target, or no notes")
    option("--title")
    notes = sys.stdin.read()
    if not notes.strip():
        raise SystemExit("gh: the notes are empty")
    release.mkdir()
    (release / ".draft").write_text(notes)
elif command == "upload":
    flag("--clobber")
    if not (release / ".draft").exists():
        raise SystemExit("gh: the release is published: no file of it is replaced")
    while args:
        shutil.copy(args.pop(0), release)
elif command == "edit":
    flag("--draft=false")
    flag("--verify-tag")
    (release / ".draft").unlink()
else:
    raise SystemExit(f"gh: unknown: {command}")
if args:
    raise SystemExit(f"gh: unknown arguments: {args}")
