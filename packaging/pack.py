#!/usr/bin/env python3
"""Packs released binaries for those who install them.

    packaging/pack.py BINARIES OUT [TARGET...]

BINARIES has a directory for each target with the binary in it. OUT gets

    release/    archives, checksums.txt, install.sh and cekura-gate.rb (the Homebrew formula)
    pypi/       a wheel for each target
    npm/        a package for each target and the one that picks among them, to be packed by npm

Nothing is compiled: every package carries the binary byte for byte, so that one attestation holds
for all of them. The same binaries give the same files. Each target of TARGETS (or of those named)
must be there.
"""

import base64
import gzip
import hashlib
import io
import json
import pathlib
import re
import shutil
import sys
import tarfile
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
HERE = ROOT / "packaging"
NAME = "cekura-gate"
# A static Linux binary runs with either C library. For each target the wheel's tags, and the
# system and the processor as npm names them.
TARGETS = {
    "x86_64-unknown-linux-musl": ("manylinux_2_17_x86_64.musllinux_1_1_x86_64", "linux", "x64"),
    "aarch64-unknown-linux-musl": ("manylinux_2_17_aarch64.musllinux_1_1_aarch64", "linux", "arm64"),
    "x86_64-apple-darwin": ("macosx_10_12_x86_64", "darwin", "x64"),
    "aarch64-apple-darwin": ("macosx_11_0_arm64", "darwin", "arm64"),
    "x86_64-pc-windows-msvc": ("win_amd64", "win32", "x64"),
}
LICENSES = ["LICENSE-APACHE", "LICENSE-MIT"]
# The earliest time that a ZIP file can hold.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def package():
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]


def python_version(version):
    """`0.1.0-rc.1` as Python writes it: `0.1.0rc1`."""
    found = re.fullmatch(r"(\d+\.\d+\.\d+)(?:-(alpha|beta|rc)\.(\d+))?", version)
    if not found:
        raise SystemExit(f"pack: version {version} is neither X.Y.Z nor X.Y.Z-rc.N (alpha, beta)")
    number, kind, count = found.groups()
    return number + ({"alpha": "a", "beta": "b", "rc": "rc"}[kind] + count if kind else "")


def archive(binary, target, version, out):
    """The binary and its licenses, without a directory around them."""
    with (
        open(out / f"{NAME}-{version}-{target}.tar.gz", "wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
        tarfile.open(mode="w", fileobj=packed, format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in [binary, *(ROOT / license for license in LICENSES)]:
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            entry.mode = 0o755 if path == binary else 0o644
            tar.addfile(entry, io.BytesIO(path.read_bytes()))


def wheel(binary, target, about, out):
    tags, _, _ = TARGETS[target]
    version = python_version(about["version"])
    stem = f"cekura_gate-{version}"
    info = f"{stem}.dist-info"
    metadata = [
        "Metadata-Version: 2.4",
        f"Name: {NAME}",
        f"Version: {version}",
        f"Summary: {about['description']}",
        f"Keywords: {','.join(about['keywords'])}",
        f"License-Expression: {about['license']}",
        *(f"License-File: {license}" for license in LICENSES),
        "Requires-Python: >=3.8",
        f"Project-URL: Source, {about['repository']}",
        f"Project-URL: Changelog, {about['repository']}/blob/main/CHANGELOG.md",
        "Description-Content-Type: text/markdown",
        "",
        (HERE / "README.md").read_text(),
    ]
    description = ["Wheel-Version: 1.0", "Generator: cekura-gate packaging/pack.py", "Root-Is-Purelib: false"]
    description += [f"Tag: py3-none-{tag}" for tag in tags.split(".")]
    files = {
        f"{stem}.data/scripts/{binary.name}": binary.read_bytes(),
        **{f"{info}/licenses/{license}": (ROOT / license).read_bytes() for license in LICENSES},
        f"{info}/METADATA": "\n".join(metadata).encode(),
        f"{info}/WHEEL": ("\n".join(description) + "\n").encode(),
    }
    record = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record.append(f"{name},sha256={digest},{len(data)}\n")
    files[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    with zipfile.ZipFile(out / f"{stem}-py3-none-{tags}.whl", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if "/scripts/" in name else 0o100644) << 16
            packed.writestr(entry, data)


def npm(binaries, about, out):
    common = {
        "version": about["version"],
        "license": about["license"],
        "homepage": f"{about['repository']}#readme",
        "repository": {"type": "git", "url": f"git+{about['repository']}.git"},
    }

    def write(name, keys, files):
        home = out / name
        home.mkdir(parents=True)
        for path in [HERE / "README.md", *(ROOT / license for license in LICENSES), *files]:
            shutil.copy(path, home / path.name)
        (home / "package.json").write_text(json.dumps({"name": name, **common, **keys}, indent=2) + "\n")
        return home

    for target, binary in binaries.items():
        _, system, processor = TARGETS[target]
        home = write(
            f"{NAME}-{system}-{processor}",
            {
                "description": f"The binary of {NAME} for {system} on {processor}",
                "os": [system],
                "cpu": [processor],
                "preferUnplugged": True,
            },
            [binary],
        )
        (home / binary.name).chmod(0o755)
    write(
        NAME,
        {
            "description": about["description"],
            "keywords": about["keywords"],
            "engines": {"node": ">=18"},
            "bin": {NAME: f"{NAME}.js"},
            "optionalDependencies": {
                f"{NAME}-{system}-{processor}": about["version"] for _, system, processor in TARGETS.values()
            },
        },
        [HERE / f"npm/{NAME}.js"],
    )


def fill(template, version, sums, out):
    """A template with the version and the checksums in it."""
    url = f"https://github.com/cekura-ai/cekura-gate/releases/download/v{version}"
    text = template.read_text().replace("@VERSION@", version)
    text = text.replace("@CHECKSUMS@", "\n".join(f"{sum}  {name}" for name, sum in sums.items()))
    for target in TARGETS:
        name = f"{NAME}-{version}-{target}.tar.gz"
        text = text.replace(f"@URL:{target}@", f"{url}/{name}")
        # Only a rehearsal packs less than all targets.
        text = text.replace(f"@SUM:{target}@", sums.get(name, "0" * 64))
    (out / template.name).write_text(text)
    shutil.copymode(template, out / template.name)


def main():
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    binaries = {}
    for target in sys.argv[3:] or TARGETS:
        binaries[target] = source / target / (f"{NAME}.exe" if "windows" in target else NAME)
        if not binaries[target].is_file():
            raise SystemExit(f"pack: there is no {binaries[target]}")
    about = package()
    for part in ("release", "pypi", "npm"):
        (out / part).mkdir(parents=True)
    for target, binary in binaries.items():
        archive(binary, target, about["version"], out / "release")
        wheel(binary, target, about, out / "pypi")
    npm(binaries, about, out / "npm")
    sums = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((out / "release").iterdir())
    }
    (out / "release/checksums.txt").write_text("".join(f"{sum}  {name}\n" for name, sum in sums.items()))
    fill(HERE / "install.sh", about["version"], sums, out / "release")
    fill(HERE / "cekura-gate.rb", about["version"], sums, out / "release")


if __name__ == "__main__":
    main()
