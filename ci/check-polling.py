"""Holds the tables of docs/performance.md equal to what examples/tables/polling.rs prints.

    python3 ci/check-polling.py            compares, exits 1 on a difference
    python3 ci/check-polling.py --write    writes the tables into the page

CARGO names another cargo. The simulation is deterministic: the tables are the same everywhere.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PAGE = HERE / "docs" / "performance.md"


def main():
    command = [os.environ.get("CARGO", "cargo"), "run", "--quiet", "--example", "tables", "polling"]
    printed = subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.PIPE, text=True).stdout
    page, wrong = PAGE.read_text(), []
    for block in printed.split("<!-- begin ")[1:]:
        name = block.split(" -->")[0]
        block = "<!-- begin " + block.strip()
        end = f"<!-- end {name} -->"
        start, stop = page.find(f"<!-- begin {name} -->"), page.find(end)
        if start < 0 or stop < 0:
            sys.exit(f"{PAGE.name} has no place for the table `{name}`")
        if page[start : stop + len(end)] != block:
            wrong.append(name)
            page = page[:start] + block + page[stop + len(end) :]
    if "--write" in sys.argv:
        PAGE.write_text(page)
    elif wrong:
        sys.exit(f"{PAGE.name}: {', '.join(wrong)}: not what the simulation prints; run with --write")
    print("the tables are what the simulation prints")


if __name__ == "__main__":
    main()
