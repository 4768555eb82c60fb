//! Values of a case that have more than one form.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// JSON kept as text, equal keys and all: what a policy means is not this format's business.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Json(pub String);

/// A policy document, perhaps with a name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Named {
    /// The policy's name.
    pub name: Option<String>,
    /// The document as JSON text.
    pub document: Json,
}

/// The values of a condition key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Values {
    /// One value.
    One(String),
    /// A key with several values, also with one or none.
    Many(Vec<String>),
}

impl Json {
    fn quoted(text: &str) -> String {
        serde_json::Value::from(text).to_string()
    }

    fn map(entries: &[(String, Self)]) -> Self {
        let body: Vec<String> =
            entries.iter().map(|(key, value)| format!("{}:{}", Self::quoted(key), value.0)).collect();
        Self(format!("{{{}}}", body.join(",")))
    }
}

fn entries<'de, A: MapAccess<'de>>(mut map: A) -> Result<Vec<(String, Json)>, A::Error> {
    let mut entries = Vec::new();
    while let Some(entry) = map.next_entry::<String, Json>()? {
        entries.push(entry);
    }
    Ok(entries)
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, is: bool) -> Result<Json, E> {
        Ok(Json(is.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json(serde_json::Value::from(number).to_string()))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json("null".to_owned()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json(Json::quoted(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Json>()? {
            items.push(item.0);
        }
        Ok(Json(format!("[{}]", items.join(","))))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Json, A::Error> {
        Ok(Json::map(&entries(map)?))
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamedVisitor)
    }
}

struct NamedVisitor;

impl<'de> Visitor<'de> for NamedVisitor {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy document, its JSON text, or {name, document}")
    }

    fn visit_str<E>(self, text: &str) -> Result<Named, E> {
        Ok(Named { name: None, document: Json(text.to_owned()) })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Named, A::Error> {
        let entries = entries(map)?;
        if !entries.iter().any(|(key, _)| key == "document") {
            return Ok(Named { name: None, document: Json::map(&entries) });
        }
        let mut named = Named::default();
        for (key, value) in entries {
            // A text is a document or a name that is written as JSON text.
            let text = || serde_json::from_str::<String>(&value.0);
            match key.as_str() {
                "name" => named.name = Some(text().map_err(|_| de::Error::custom("`name` is not a text"))?),
                "document" => named.document = text().map_or_else(|_| value.clone(), Json),
                other => return Err(de::Error::unknown_field(other, &["name", "document"])),
            }
        }
        Ok(named)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a boolean, a number, or a list of them")
    }

    fn visit_bool<E>(self, is: bool) -> Result<Values, E> {
        Ok(Values::One(is.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Values, E> {
        Ok(Values::One(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Values, E> {
        Ok(Values::One(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Values, E> {
        Ok(Values::One(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Values, E> {
        Ok(Values::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element::<Self::Value>()? {
            match value {
                Values::One(text) => values.push(text),
                Values::Many(_) => return Err(de::Error::custom("a list within a list")),
            }
        }
        Ok(Values::Many(values))
    }
}

impl Values {
    /// The values.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::case::{Case, Verdict};

    use super::*;

    #[test]
    fn documents_in_every_form() {
        for text in [
            r#"{"Version":"2012-10-17","Statement":[]}"#,
            r#"{"document":{"Version":"2012-10-17","Statement":[]}}"#,
            r#"{"name":"p","document":"{\"Version\":\"2012-10-17\",\"Statement\":[]}"}"#,
            r#""{\"Version\":\"2012-10-17\",\"Statement\":[]}""#,
        ] {
            let named: Named = serde_json::from_str(text).unwrap();
            assert_eq!(named.document.0, r#"{"Version":"2012-10-17","Statement":[]}"#, "{text}");
        }
        assert!(serde_json::from_str::<Named>(r#"{"document":{},"extra":1}"#).is_err());
    }

    #[test]
    fn equal_keys_are_kept_for_the_policy_reader() {
        let json: Json = serde_json::from_str(r#"{"a":1,"a":[true,null,"x\n"]}"#).unwrap();
        assert_eq!(json.0, r#"{"a":1,"a":[true,null,"x\n"]}"#);
    }

    #[test]
    fn a_case() {
        let case: Case = serde_json::from_str(
            r#"{"principal":{"arn":"arn:aws:iam::111122223333:role/app"},"action":"s3:GetObject",
                "resource":"arn:aws:s3:::b/k","context":{"aws:TagKeys":["a","b"],"aws:SecureTransport":true,"aws:SourceIp":null},
                "expected":"denied"}"#,
        )
        .unwrap();
        assert_eq!(case.expected.map(|expected| expected.decision), Some(Verdict::Denied));
        assert_eq!(case.context["aws:SecureTransport"], Some(Values::One("true".to_owned())));
        assert_eq!(case.context["aws:SourceIp"], None);
        assert!(serde_json::from_str::<Case>(r#"{"principle":{}}"#).is_err());
    }
}
