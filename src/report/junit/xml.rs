//! A small writer of indented XML. Values are escaped here and nowhere else.

use crate::report::escape::xml;

/// XML as it grows.
pub(super) struct Xml {
    out: String,
    depth: usize,
}

impl Xml {
    pub(super) fn new() -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), depth: 0 }
    }

    pub(super) fn open(&mut self, element: &str, attributes: &[(&str, String)]) {
        self.start(element, attributes);
        self.out.push_str(">\n");
        self.depth += 1;
    }

    pub(super) fn close(&mut self, element: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.indent();
        self.put(&["</", element, ">\n"]);
    }

    pub(super) fn empty(&mut self, element: &str, attributes: &[(&str, String)]) {
        self.start(element, attributes);
        self.out.push_str("/>\n");
    }

    /// An element with text of at most about `bytes` bytes.
    pub(super) fn text(
        &mut self,
        element: &str,
        attributes: &[(&str, String)],
        text: &str,
        bytes: usize,
    ) {
        self.start(element, attributes);
        self.put(&[">", &xml::text_within(text, bytes), "</", element, ">\n"]);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn start(&mut self, element: &str, attributes: &[(&str, String)]) {
        self.indent();
        self.put(&["<", element]);
        for (name, value) in attributes {
            self.put(&[" ", name, "=\"", &xml::attribute(value), "\""]);
        }
    }

    fn put(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.out.push_str(part));
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }
}
