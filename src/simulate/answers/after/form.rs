//! Reads the fields of a body as the API does, and collects what is wrong with them.

use serde_json::{Map, Value, json};

use super::Reply;

/// The fields of a body.
pub(super) struct Form<'a> {
    fields: &'a Map<String, Value>,
    faults: Map<String, Value>,
}

const REQUIRED: &str = "This field is required.";

impl<'a> Form<'a> {
    pub(super) fn new(fields: &'a Map<String, Value>) -> Self {
        Self { fields, faults: Map::new() }
    }

    pub(super) fn fault(&mut self, field: &str, message: impl Into<String>) {
        let message = Value::String(message.into());
        match self.faults.get_mut(field) {
            Some(Value::Array(messages)) => messages.push(message),
            _ => drop(self.faults.insert(field.to_owned(), json!([message]))),
        }
    }

    /// The refusal, if anything is wrong.
    pub(super) fn refusal(self) -> Option<Reply> {
        (!self.faults.is_empty()).then(|| Reply::json(400, &Value::Object(self.faults)))
    }

    /// A field as it came; a missing one that must be there is a fault.
    pub(super) fn required(&mut self, field: &str) -> Option<&'a Value> {
        let value = self.fields.get(field);
        if value.is_none() {
            self.fault(field, REQUIRED);
        }
        value
    }

    /// A truth value that may be null.
    pub(super) fn truth(&mut self, field: &str) -> Option<bool> {
        match self.required(field)? {
            Value::Null => None,
            Value::Bool(truth) => Some(*truth),
            _ => {
                self.fault(field, "Must be a valid boolean.");
                None
            }
        }
    }

    /// A text that may be missing or null.
    pub(super) fn text(&mut self, field: &str) -> Option<&'a str> {
        match self.fields.get(field)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            _ => {
                self.fault(field, "Not a valid string.");
                None
            }
        }
    }

    /// An id that must be there.
    pub(super) fn id(&mut self, field: &str) -> Option<u64> {
        let id = self.required(field)?.as_u64();
        if id.is_none() {
            self.fault(field, "A valid integer is required.");
        }
        id
    }

    /// An id that may be missing.
    pub(super) fn optional_id(&mut self, field: &str) -> Option<u64> {
        self.fields.get(field).filter(|value| !value.is_null())?;
        self.id(field)
    }

    /// A list of ids, as numbers or as text, that must hold one at least.
    pub(super) fn ids(&mut self, field: &str, as_text: bool) -> Vec<u64> {
        let Some(value) = self.required(field) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.fault(field, "Expected a list of items.");
            return Vec::new();
        };
        let read = |item: &Value| match item {
            Value::String(text) if as_text => text.parse().ok(),
            other => other.as_u64(),
        };
        let ids: Option<Vec<u64>> = items.iter().map(read).collect();
        if ids.is_none() {
            self.fault(field, "A valid integer is required.");
        } else if items.is_empty() {
            self.fault(field, "This list may not be empty.");
        }
        ids.unwrap_or_default()
    }

    /// Objects in a list that must be there.
    pub(super) fn objects(&mut self, field: &str) -> Vec<&'a Map<String, Value>> {
        let Some(value) = self.required(field) else { return Vec::new() };
        let items = value.as_array();
        let objects: Option<Vec<_>> =
            items.and_then(|items| items.iter().map(Value::as_object).collect());
        if objects.is_none() {
            self.fault(field, "Expected a list of items.");
        }
        objects.unwrap_or_default()
    }
}
