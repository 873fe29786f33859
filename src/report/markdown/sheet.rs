//! A document of pieces that fits a limit by construction.
//!
//! Pieces stand in the order of the document and each has a rank. They are taken in the order of
//! their ranks until one doesn't fit; it and all after it are left out and counted. A piece is
//! rendered only when it is its turn, so that ten thousand transcripts that don't fit cost nothing.

use std::collections::BTreeMap;

use crate::text;

/// What the notice on left out pieces may take.
const NOTICE: usize = 600;

/// A document as it grows.
#[derive(Default)]
pub(super) struct Sheet<'a> {
    entries: Vec<Entry<'a>>,
}

enum Entry<'a> {
    Piece(Piece<'a>),
    /// The end of the piece at this place, if that is taken.
    Close(usize),
    /// Where it is said what was left out.
    Notice,
}

struct Piece<'a> {
    rank: u8,
    /// What it is, for the count of what was left out; none for what nobody would miss.
    noun: Option<&'static str>,
    render: Box<dyn Fn() -> String + 'a>,
    close: &'static str,
}

/// A piece that is still open.
#[must_use]
pub(super) struct Open(usize);

impl<'a> Sheet<'a> {
    /// A piece of the frame, taken before all others.
    pub(super) fn fixed(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.open(0, None, "", move || text.clone());
    }

    /// A piece that stands alone; `noun` counts it where it is left out.
    pub(super) fn add(&mut self, rank: u8, noun: &'static str, render: impl Fn() -> String + 'a) {
        self.open(rank, Some(noun), "", render);
    }

    /// A piece that [`Sheet::close`] ends further down with `close`.
    pub(super) fn fold(
        &mut self,
        rank: u8,
        noun: &'static str,
        close: &'static str,
        render: impl Fn() -> String + 'a,
    ) -> Open {
        Open(self.open(rank, Some(noun), close, render))
    }

    /// The end of a piece.
    pub(super) fn close(&mut self, piece: &Open) {
        self.entries.push(Entry::Close(piece.0));
    }

    /// Where it is said what was left out, if anything was.
    pub(super) fn notice(&mut self) {
        self.entries.push(Entry::Notice);
    }

    fn open(
        &mut self,
        rank: u8,
        noun: Option<&'static str>,
        close: &'static str,
        render: impl Fn() -> String + 'a,
    ) -> usize {
        self.entries.push(Entry::Piece(Piece { rank, noun, render: Box::new(render), close }));
        self.entries.len() - 1
    }

    /// The document, of at most `limit` bytes. `cut` says so where something is left out.
    pub(super) fn finish(self, limit: usize, cut: &str) -> String {
        let mut order: Vec<(u8, usize, &Piece<'_>)> = Vec::with_capacity(self.entries.len());
        for (place, entry) in self.entries.iter().enumerate() {
            if let Entry::Piece(piece) = entry {
                order.push((piece.rank, place, piece));
            }
        }
        order.sort_by_key(|(rank, place, _)| (*rank, *place));

        let mut room = limit.saturating_sub(NOTICE);
        let mut full = false;
        let mut taken: BTreeMap<usize, (String, &'static str)> = BTreeMap::new();
        let mut left_out: BTreeMap<&'static str, usize> = BTreeMap::new();
        for (_, place, piece) in order {
            if !full {
                let text = (piece.render)();
                match room.checked_sub(text.len() + piece.close.len()) {
                    Some(rest) => {
                        room = rest;
                        taken.insert(place, (text, piece.close));
                        continue;
                    }
                    None => full = true,
                }
            }
            if let Some(noun) = piece.noun {
                *left_out.entry(noun).or_default() += 1;
            }
        }
        let mut out = String::with_capacity(limit - room);
        for (place, entry) in self.entries.iter().enumerate() {
            match entry {
                Entry::Piece(_) => out.extend(taken.get(&place).map(|(text, _)| text.as_str())),
                Entry::Close(of) => out.extend(taken.get(of).map(|(_, close)| *close)),
                Entry::Notice => out.extend(notice(cut, &left_out)),
            }
        }
        out
    }
}

fn notice(cut: &str, left_out: &BTreeMap<&'static str, usize>) -> Option<String> {
    let parts: Vec<String> = left_out.iter().map(|(noun, n)| text::count(*n, noun)).collect();
    (!parts.is_empty()).then(|| {
        format!("> {cut}. Left out: {}. All of it is in `result.json`.\n\n", text::list(&parts))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet<'static> {
        let mut sheet = Sheet::default();
        sheet.fixed("head\n");
        sheet.notice();
        let fold = sheet.fold(1, "run", "</run>\n", || "<run>\n".to_owned());
        sheet.add(2, "transcript", || "words ".repeat(100));
        sheet.close(&fold);
        sheet.add(1, "row", || "row\n".to_owned());
        sheet
    }

    #[test]
    fn pieces_simulator_order_when_all_fit() {
        let expected = format!("head\n<run>\n{}</run>\nrow\n", "words ".repeat(100));
        assert_eq!(sheet().finish(10_000, "It is cut"), expected);
    }

    #[test]
    fn the_lower_ranks_go_first_and_are_counted() {
        insta::assert_snapshot!(sheet().finish(NOTICE + 100, "It is cut"), @r"
        head
        > It is cut. Left out: 1 transcript. All of it is in `result.json`.

        <run>
        </run>
        row
        ");
    }

    #[test]
    fn the_limit_holds_whatever_is_added() {
        for limit in (0..2000).step_by(7) {
            assert!(sheet().finish(limit, "It is cut").len() <= limit.max(NOTICE), "{limit}");
        }
    }
}
