//! Pages, and the selection of keys by `ql`.

use serde_json::{Map, Value, json};

use super::{Call, Reply};

const PAGE_SIZE: u64 = 20;
const MOST: u64 = 1000;

/// One page of the items, with the links to its neighbours.
pub(super) fn page<T>(call: &Call, items: &[T], show: impl Fn(&T) -> Value) -> Reply {
    let size = call.number("page_size").unwrap_or(PAGE_SIZE).clamp(1, MOST);
    let number = match call.query("page") {
        None => 1,
        Some(text) => match text.parse::<u64>() {
            Ok(number) if number > 0 => number,
            _ => return Reply::detail(404, "Invalid page."),
        },
    };
    let count = items.len() as u64;
    let from = (number - 1).saturating_mul(size);
    if number > 1 && from >= count {
        return Reply::detail(404, "Invalid page.");
    }
    let skipped = items.iter().skip(usize::try_from(from).unwrap_or(usize::MAX));
    let results: Vec<Value> =
        skipped.take(usize::try_from(size).unwrap_or(usize::MAX)).map(show).collect();
    let next = (from.saturating_add(size) < count).then(|| link(call, number + 1));
    let previous = (number > 1).then(|| link(call, number - 1));
    let body = json!({ "count": count, "next": next, "previous": previous, "results": results });
    Reply::ok(&body)
}

/// The address of another page of the same list.
fn link(call: &Call, page: u64) -> String {
    let query = call.target.split_once('?').map_or("", |(_, query)| query);
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("page="))
        .map(str::to_owned)
        .collect();
    pairs.push(format!("page={page}"));
    format!("http://{}{}?{}", call.host, call.path, pairs.join("&"))
}

/// The keys that a `ql` such as `{id,metadata{ended_reason}}` selects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection(Vec<(String, Option<Selection>)>);

impl Selection {
    /// Reads a `ql`; none when its braces do not match.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (selection, rest) = Self::inner(text.strip_prefix('{')?)?;
        rest.is_empty().then_some(selection)
    }

    /// Reads up to the closing brace, which is taken.
    fn inner(mut text: &str) -> Option<(Self, &str)> {
        let mut keys = Vec::new();
        loop {
            let end = text.find(['{', '}', ','])?;
            let (name, rest) = text.split_at_checked(end)?;
            let mut deeper = None;
            text = rest;
            if let Some(inside) = text.strip_prefix('{') {
                let (selection, rest) = Self::inner(inside)?;
                deeper = Some(selection);
                text = rest;
            }
            if !name.is_empty() {
                keys.push((name.to_owned(), deeper));
            }
            match text.strip_prefix('}') {
                Some(rest) => return Some((Self(keys), rest)),
                None => text = text.strip_prefix(',')?,
            }
        }
    }

    /// What is left of a value.
    pub(super) fn apply(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let mut left = Map::new();
                for (key, deeper) in &self.0 {
                    if let Some(field) = fields.get(key) {
                        let field = match deeper {
                            Some(selection) => selection.apply(field),
                            None => field.clone(),
                        };
                        left.insert(key.clone(), field);
                    }
                }
                Value::Object(left)
            }
            Value::Array(items) => items.iter().map(|item| self.apply(item)).collect(),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_keeps_only_its_keys() {
        let selection = Selection::parse("{id, metadata{ended_reason}}").unwrap();
        let run = json!({"id": 1, "name": "x", "metadata": {"ended_reason": "y", "z": 1}});
        assert_eq!(selection.apply(&run), json!({"id": 1, "metadata": {"ended_reason": "y"}}));
    }

    #[test]
    fn braces_that_do_not_match_are_no_selection() {
        for text in ["", "id", "{id", "{id}}", "{a{b}"] {
            assert_eq!(Selection::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_page_links_to_its_neighbours() {
        let call = Call {
            path: "/x/".into(),
            target: "/x/?tags=a%2Cb&page=2&page_size=2".into(),
            query: vec![("page".into(), "2".into()), ("page_size".into(), "2".into())],
            host: "127.0.0.1:9".into(),
            ..Call::default()
        };
        let reply = page(&call, &[1, 2, 3, 4, 5], |n| json!(n));
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(body["results"], json!([3, 4]));
        assert_eq!(body["next"], "http://127.0.0.1:9/x/?tags=a%2Cb&page_size=2&page=3");
        assert_eq!(body["previous"], "http://127.0.0.1:9/x/?tags=a%2Cb&page_size=2&page=1");
    }
}
