//! The JSON Schema of the suite file, as editors use it.
//!
//! It is the schema that the reader walks, with what only editors need: its own address, and leave
//! to write `${VAR}` where a number, a boolean or a fixed word is wanted.

use schemars::Schema;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Value, json};

use super::model::Suite;
use crate::document::schema_of;

/// Where the schema is published.
const ID: &str =
    "https://raw.githubusercontent.com/cekura-ai/cekura-gate/main/schema/suite.schema.json";

/// The name of the definition of `${VAR}`.
const VARIABLE: &str = "Variable";

/// The JSON Schema (draft 2020-12) of a suite file, as text that ends in a line end.
pub fn json_schema() -> String {
    let mut schema = schema_of::<Suite>();
    WithVariables.transform(&mut schema);
    schema.insert("$id".to_owned(), json!(ID));
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        definitions.insert(VARIABLE.to_owned(), variable());
    }
    // Schemas are maps of text: writing one cannot fail.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

fn variable() -> Value {
    json!({
        "description": "An environment variable, with a default after `:-`.",
        "type": "string",
        "pattern": "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}",
        "examples": ["${CEKURA_AGENT_ID}", "${CEKURA_AGENT_ID:-123}"],
    })
}

/// Lets `${VAR}` stand where the text itself would be refused.
#[derive(Debug, Clone)]
struct WithVariables;

impl Transform for WithVariables {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let is_typed = matches!(
            schema.get("type").and_then(Value::as_str),
            Some("integer" | "number" | "boolean")
        );
        let reference = json!({ "$ref": format!("#/$defs/{VARIABLE}") });
        if is_typed {
            let Some(keywords) = schema.as_object_mut() else { return };
            let mut outer = serde_json::Map::new();
            for keyword in ["description", "default"] {
                outer.extend(keywords.shift_remove(keyword).map(|v| (keyword.to_owned(), v)));
            }
            let inner = Value::Object(std::mem::take(keywords));
            outer.insert("anyOf".to_owned(), json!([inner, reference]));
            *keywords = outer;
        } else if let Some(Value::Array(words)) = schema.get_mut("oneOf") {
            words.push(reference);
        }
    }
}
