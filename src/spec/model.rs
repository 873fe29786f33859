//! The types of a spec: what Cekura's `cekura.tests.json` may hold.
//!
//! The JSON Schema that is generated from them must agree with the one that Cekura publishes; a
//! test holds both against a corpus of specs. Text here becomes the schema's descriptions.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value, json};

use super::words::{CaseType, Language, Provider, Slug, Tool, Version, VoiceModel};

/// Test cases, versioned in the repository. Which agent they test is said elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Cekura test suite")]
pub struct Spec {
    /// Where the schema of this file is.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Version of the spec format. Always "1".
    pub version: Version,
    /// What the suite is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<About>,
    /// What holds for every case that does not say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Defaults>,
    /// The test cases.
    #[schemars(length(min = 1, max = 200))]
    pub scenarios: Vec<Case>,
}

/// What a suite of test cases is called.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct About {
    /// Name of the suite.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub name: Option<String>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What holds for every case that does not say otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// How many times each case runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub frequency: Option<u32>,
    /// How many calls may run at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub concurrency_limit: Option<u32>,
    /// The caller's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Longest call in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_duration: Option<u64>,
    /// Metrics that score each case, by id or slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub metrics: Option<Vec<MetricRef>>,
    /// The caller's personality: its id, or one defined here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personality: Option<Personality>,
    /// Tags of each case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32), inner(length(max = 64)))]
    pub tags: Option<Vec<String>>,
    /// Test data: the id of a test profile, or data defined here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_profile: Option<TestProfile>,
}

/// A test case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "if" = json!({ "properties": { "type": { "const": CONDITIONAL } }, "required": ["type"] }),
    "then" = json!({ "required": ["conditional_actions", "language"] }),
    "else" = json!({ "required": ["instructions"] }),
))]
pub struct Case {
    /// What identifies the case from commit to commit. Default: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub key: Option<String>,
    /// Name of the case. No two cases share one.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// How the case says what the caller does. Default: instruction.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub case_type: Option<CaseType>,
    /// What the simulated caller does. Needed unless `type` is conditional_actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// What the caller does turn by turn. Needed where `type` is conditional_actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditional_actions: Option<Map<String, Value>>,
    /// What the caller says first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_message: Option<String>,
    /// What a good call looks like, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_outcome: Option<String>,
    /// The caller's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Metrics that score the case, by id or slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub metrics: Option<Vec<MetricRef>>,
    /// The caller's personality: its id, or one defined here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personality: Option<Personality>,
    /// Test data: the id of a test profile, or data defined here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_profile: Option<TestProfile>,
    /// What the caller can do besides talking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub tools: Option<Vec<Tool>>,
    /// Tags of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32), inner(length(max = 64)))]
    pub tags: Option<Vec<String>>,
    /// How many times it runs. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub frequency: Option<u32>,
    /// Longest call in seconds. Default: the project's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_duration: Option<u64>,
}

/// The `type` of a case that is scripted turn by turn.
pub(super) const CONDITIONAL: &str = "conditional_actions";

/// What a personality needs that is not based on another.
pub(super) const OF_A_NEW_PERSONALITY: [&str; 5] =
    ["prompt", "language", "voice_model", "voice_id", "background_noise"];

/// A metric of the account, by its id or its slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricRef {
    /// Its id.
    Id(u64),
    /// Its slug.
    Slug(Slug),
}

/// The caller's personality.
#[derive(Debug, Clone, PartialEq)]
pub enum Personality {
    /// One of the account's, by its id.
    Id(u64),
    /// One that is made up for this run.
    Inline(Box<NewPersonality>),
}

/// Test data of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum TestProfile {
    /// A profile of the account, by its id.
    Id(u64),
    /// Data that is made up for this run.
    Inline(Box<NewTestProfile>),
}

/// A personality for this run only: another with changes, or a new one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend(
    "if" = json!({ "not": { "required": ["base"] } }),
    "then" = json!({ "required": OF_A_NEW_PERSONALITY }),
))]
pub struct NewPersonality {
    /// Id of the personality to change. Without it the personality is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub base: Option<u64>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub name: Option<String>,
    /// How the caller behaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub prompt: Option<String>,
    /// The caller's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The caller's accent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub accent: Option<String>,
    /// Whose voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// The model that makes the voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice_model: Option<VoiceModel>,
    /// Which voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub voice_id: Option<String>,
    /// How fast the caller speaks; 1 is the normal pace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.8, max = 1.2))]
    pub speed: Option<f64>,
    /// `off`, `office`, or the URL of a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_noise: Option<String>,
    /// Whether the caller may hang up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_call_enabled: Option<bool>,
}

/// Test data for this run only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1))]
pub struct NewTestProfile {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub name: Option<String>,
    /// Variables that the agent under test is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_variables: Option<Map<String, Value>>,
    /// Variables for the caller alone: `{{test_profile.<key>}}` in its instructions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_variables: Option<Map<String, Value>>,
}

impl Case {
    /// What identifies the case from commit to commit.
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.name)
    }
}

impl Spec {
    /// A spec of cases that stand in a suite.
    pub fn of_cases(cases: &[Case], frequency: Option<u32>, concurrency: Option<u32>) -> Self {
        let defaults =
            Defaults { frequency, concurrency_limit: concurrency, ..Defaults::default() };
        Self {
            schema: None,
            version: Version("1".to_owned()),
            suite: None,
            defaults: (defaults != Defaults::default()).then_some(defaults),
            scenarios: cases.to_vec(),
        }
    }

    /// How many times a case runs.
    pub fn frequency(&self, case: &Case) -> usize {
        let default = self.defaults.as_ref().and_then(|defaults| defaults.frequency);
        case.frequency.or(default).unwrap_or(1) as usize
    }

    /// The tags of a case, those that all cases have unless it has its own.
    pub fn tags(&self, case: &Case) -> Vec<String> {
        let default = || self.defaults.as_ref().and_then(|defaults| defaults.tags.clone());
        case.tags.clone().or_else(default).unwrap_or_default()
    }

    /// How many runs there are in all.
    pub fn runs(&self) -> usize {
        let runs = self.scenarios.iter().map(|case| self.frequency(case));
        runs.fold(0, usize::saturating_add)
    }

    /// Some of the cases, each so often.
    #[must_use]
    pub fn again(&self, keys: &[String], frequency: u32) -> Self {
        let mut spec = self.clone();
        spec.scenarios.retain(|case| keys.iter().any(|key| key == case.key()));
        for case in &mut spec.scenarios {
            case.frequency = Some(frequency);
        }
        spec
    }
}

/// Text or number to an id; an object to what is made up.
fn id_or_inline<'de, D: Deserializer<'de>, T: de::DeserializeOwned>(
    deserializer: D,
) -> Result<Result<u64, T>, D::Error> {
    match Value::deserialize(deserializer)? {
        inline @ Value::Object(_) => serde_json::from_value(inline).map(Err),
        id => serde_json::from_value(id).map(Ok),
    }
    .map_err(de::Error::custom)
}

fn id_schema(description: &str) -> Schema {
    json_schema!({ "type": "integer", "minimum": 1, "description": description })
}

macro_rules! id_or_inline {
    ($name:ident, $inline:ty, $about:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $name::Id(id) => id.serialize(serializer),
                    $name::Inline(inline) => inline.serialize(serializer),
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                id_or_inline(deserializer).map(|read| match read {
                    Ok(id) => $name::Id(id),
                    Err(inline) => $name::Inline(Box::new(inline)),
                })
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let inline = generator.subschema_for::<$inline>();
                json_schema!({ "anyOf": [id_schema($about), inline] })
            }
        }
    };
}

id_or_inline!(Personality, NewPersonality, "Id of a personality.");
id_or_inline!(TestProfile, NewTestProfile, "Id of a test profile.");

impl Serialize for MetricRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            MetricRef::Id(id) => id.serialize(serializer),
            MetricRef::Slug(slug) => slug.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for MetricRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(slug) => Ok(MetricRef::Slug(Slug(slug))),
            id => serde_json::from_value(id).map(MetricRef::Id).map_err(de::Error::custom),
        }
    }
}

impl JsonSchema for MetricRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MetricRef".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A metric of the account: its id, or its slug.",
            "anyOf": [id_schema("Id of a metric."), Slug::schema()],
        })
    }
}
