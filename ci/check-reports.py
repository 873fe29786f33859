"""Reads sample reports as their readers do; used by check-junit.sh.

JUnit: an XML parser of the C library reads every file; junitparser's counts agree with the file's
own, and names are unique; junit2html and xunit-viewer make pages of them in which no text of the
samples has become an element.
Markdown: GitHub's renderer, told to let HTML through, makes nothing active of hostile text.
"""

import re
import sys
import xml.dom.minidom
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options
from junit2htmlreport.parser import Junit
from junitparser import Error, Failure, JUnitXml, Skipped

OURS = {
    "h2", "h3", "h4", "p", "ul", "li", "strong", "em", "br", "code", "pre",
    "blockquote", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "a",
}
VOID = {"br"}
# What the samples try to bring into a page.
FORGED = {"img", "svg", "iframe", "object", "embed"}


def check_xml(path):
    """Every element is one of JUnit's, and the parser finds nothing to resolve."""
    document = xml.dom.minidom.parse(str(path))
    assert document.doctype is None, f"{path}: a document type"
    known = {
        "testsuites", "testsuite", "testcase", "properties", "property", "failure", "error",
        "skipped", "system-out", "system-err", "flakyFailure", "flakyError", "rerunFailure",
        "rerunError", "stackTrace",
    }
    for element in document.getElementsByTagName("*"):
        assert element.tagName in known, f"{path}: <{element.tagName}>"


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


class Elements(HTMLParser):
    """The elements of a page, and whether one of them runs something of its own."""

    def __init__(self, path):
        super().__init__()
        self.path, self.names = path, []

    def handle_starttag(self, tag, attributes):
        self.names.append(tag)
        for name, value in attributes:
            assert not name.startswith("on"), f"{self.path}: <{tag} {name}={value!r}>"
            assert "evil.example" not in (value or "") or name in {"title", "id", "name"}, (
                f"{self.path}: <{tag} {name}={value!r}>"
            )


def elements(path, page):
    parser = Elements(path)
    parser.feed(page)
    parser.close()
    return parser.names


def check_junit2html(path):
    names = elements(path, Junit(str(path)).html())
    assert not FORGED.intersection(names) and "script" not in names, f"{path}: {set(names)}"


def check_xunit_viewer(tame, hostile):
    """xunit-viewer keeps the results in a script of its page: the page of all samples has the
    elements of the page of a tame one, and no other."""
    expected, names = (elements(page, page.read_text()) for page in (tame, hostile))
    assert names == expected, f"{hostile}: {set(names)}"


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.path, self.open, self.text = path, [], []

    def handle_starttag(self, tag, attributes):
        assert tag in OURS, f"{self.path}: <{tag}>"
        for name, value in attributes:
            link = (tag, name) == ("a", "href") and value.startswith("https://dashboard.cekura.ai/")
            block = (tag, name) == ("code", "class") and value in {"language-sh", "language-diff"}
            assert link or block or name == "align", f"{self.path}: <{tag} {name}={value!r}>"
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
    is_comment = path.name.endswith(".comment.md")
    limit = 65_536 if is_comment else 1_048_576
    assert len(source.encode()) <= limit, f"{path}: over {limit} bytes"
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    html = cmarkgfm.markdown_to_html_with_extensions(
        source, options=options, extensions=["table", "autolink", "strikethrough", "tasklist"]
    )
    if is_comment:
        marker, html = html.split("\n", 1)
        assert re.fullmatch(r"<!-- cekura-gate: [0-9A-Za-z%]* -->", marker), f"{path}: {marker}"
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
        check_xml(path)
        counts = check_junit(path)
        check_junit2html(path)
        print(path.name, counts)
    for path in sorted(samples.glob("*.md")):
        print(path.name, "{} bytes, {} cells".format(*check_markdown(path)))
    if len(sys.argv) > 2:
        check_xunit_viewer(Path(sys.argv[2]), Path(sys.argv[3]))
        print("xunit-viewer's page holds nothing but its own elements")


main()
