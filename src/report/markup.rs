//! Elements, attributes and text to HTML or SVG that is well-formed by construction.
//!
//! Names of elements and attributes are the program's own and fixed; whatever comes from outside is
//! an attribute's value or text, and both are escaped here, at the only place that writes them. So
//! no text can open an element, end one, or add an attribute. It knows no page and no plot.

use crate::escape::xml;

/// The attributes of an element: fixed names, any values.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

/// Markup that is being written.
#[derive(Debug)]
pub(super) struct Markup {
    out: String,
}

impl Markup {
    /// Markup that begins with a declaration of the program's own, such as a doctype.
    pub(super) fn new(declaration: &'static str) -> Self {
        Self { out: declaration.to_owned() }
    }

    /// The finished text.
    pub(super) fn finish(self) -> String {
        self.out
    }

    /// An element with what stands inside.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        inside: impl FnOnce(&mut Self),
    ) {
        self.open(name, attributes);
        self.out.push('>');
        inside(self);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// An element that holds text only.
    pub(super) fn words(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) {
        self.element(name, attributes, |inside| inside.text(text));
    }

    /// An element that holds nothing, such as `<img>` or `<rect>`.
    pub(super) fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.open(name, attributes);
        self.out.push_str("/>");
    }

    /// Text, escaped.
    pub(super) fn text(&mut self, text: &str) {
        self.out.push_str(&xml::text(text));
    }

    /// A line break in the source, so that a page can be read and compared line by line.
    pub(super) fn line_break(&mut self) {
        self.out.push('\n');
    }

    fn open(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.out.push_str(&xml::attribute(value));
            self.out.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::tests::hostile;

    #[test]
    fn text_and_values_are_escaped_and_elements_closed() {
        let mut markup = Markup::new("<!doctype html>");
        markup.element("p", &[("title", "a \"b\"\n<c>")], |p| {
            p.text("1 < 2 & ");
            p.empty("br", &[]);
            p.words("b", &[], "</b>");
        });
        assert_eq!(
            markup.finish(),
            "<!doctype html><p title=\"a &quot;b&quot; &lt;c&gt;\">1 &lt; 2 &amp; <br/>\
             <b>&lt;/b&gt;</b></p>"
        );
    }

    proptest! {
        #[test]
        fn hostile_text_forges_neither_tag_nor_attribute(text in hostile(), value in hostile()) {
            let mut markup = Markup::new("");
            markup.element("p", &[("title", &value)], |p| p.text(&text));
            let out = markup.finish();
            prop_assert_eq!(out.matches('<').count(), 2);
            prop_assert_eq!(out.matches('>').count(), 2);
            prop_assert_eq!(out.matches('"').count(), 2 + text_quotes(&out));
        }
    }

    /// Double quotes within the element's text, where they need no escape.
    fn text_quotes(out: &str) -> usize {
        let text = out.split_once('>').map_or("", |(_, rest)| rest);
        text.matches('"').count()
    }
}
