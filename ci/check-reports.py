"""Reads sample reports as their readers do; used by check-junit.sh.

JUnit: junitparser's counts agree with the file's own, and names are unique.
Markdown: GitHub's renderer, told to let HTML through, makes nothing active of hostile text.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options
from junitparser import Error, Failure, JUnitXml, Skipped

OURS = {
    "h2", "h3", "h4", "p", "ul", "li", "strong", "em", "br", "code", "blockquote",
    "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "a",
}
VOID = {"br"}


def check_junit(path):
    seen, totals = set(), {"failures": 0, "errors": 0, "skipped": 0, "tests": 0}
    for suite in JUnitXml.fromfile(str(path)):
        counts = dict.fromkeys(totals, 0)
        for case in suite:
            key = (suite.name, case.classname, case.name)
            assert key not in seen, f"{path}: {key} twice"
            seen.add(key)
            counts["tests"] += 1
            assert len(case.result) <= 1, f"{path}: {key} ended twice"
            for end in case.result:
                kind = {Failure: "failures", Error: "errors", Skipped: "skipped"}[type(end)]
                counts[kind] += 1
                assert "\n" not in (end.message or ""), f"{path}: {key}: message of several lines"
        for name, count in counts.items():
            assert getattr(suite, name) == count, f"{path}: {suite.name}: {name}"
            totals[name] += count
    return totals


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.path, self.open, self.text = path, [], []

    def handle_starttag(self, tag, attributes):
        assert tag in OURS, f"{self.path}: <{tag}>"
        for name, value in attributes:
            link = (tag, name) == ("a", "href") and value.startswith("https://dashboard.cekura.ai/")
            assert link or name == "align", f"{self.path}: <{tag} {name}={value!r}>"
        if tag in VOID:
            self.text.append("\n")
        else:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open and self.open.pop() == tag, f"{self.path}: </{tag}> ends something else"

    def handle_data(self, data):
        self.text.append(data)


def check_markdown(path):
    source = path.read_text()
    assert len(source.encode()) <= 1_048_576, f"{path}: over 1 MiB"
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    html = cmarkgfm.markdown_to_html_with_extensions(
        source, options=options, extensions=["table", "autolink", "strikethrough", "tasklist"]
    )
    page = Page(path)
    page.feed(html)
    page.close()
    assert not page.open, f"{path}: left open: {page.open}"
    text = "".join(page.text)
    # GitHub looks for these in the finished text.
    assert not re.search(r"(?:^|\W)@\w", text), f"{path}: a mention"
    assert not re.search(r"(?:^|\W)(?:#|GH-)\d", text), f"{path}: a reference"
    widths = [line.count("<td") for line in html.replace("</tr>", "\n").splitlines()]
    return len(source), sum(widths)


def main():
    samples = Path(sys.argv[1])
    for path in sorted(samples.glob("*.xml")):
        print(path.name, check_junit(path))
    for path in sorted(samples.glob("*.md")):
        print(path.name, "{} bytes, {} cells".format(*check_markdown(path)))


main()
