"""What the site needs besides MkDocs: blocks of code and links as GitHub reads them."""

import posixpath
import re

REPOSITORY = "https://github.com/cekura-ai/cekura-gate/blob/main/"
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown, page, **_):
    """Lets a link that leaves docs/ lead to the file in the repository."""
    directory = posixpath.dirname("docs/" + page.file.src_uri)

    def link(match):
        target = posixpath.normpath(posixpath.join(directory, match[1]))
        if target.startswith("docs/"):
            return match[0]
        return f"]({REPOSITORY}{target}{match[2] or ''})"

    # Only the language of a block: MkDocs takes one with a second word for no block.
    markdown = re.sub(r"(?m)^(\s*```)([a-z]+) .*$", r"\1\2", markdown)
    # Not in blocks of code.
    parts = re.split(r"(?ms)(^```.*?^```)", markdown)
    return "".join(part if part.startswith("```") else LINK.sub(link, part) for part in parts)
