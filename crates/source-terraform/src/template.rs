//! Text put together from pieces that are not all known.

use std::sync::Arc;

use crate::functions::{MAX_TEXT, describe};
use crate::value::{Part, Value};

/// Puts text together.
#[derive(Default)]
pub(crate) struct Builder {
    text: String,
    parts: Vec<Part>,
    length: usize,
}

impl Builder {
    /// Adds known text.
    pub(crate) fn text(&mut self, text: &str) {
        self.text.push_str(text);
        self.length += text.len();
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Literal(Arc::from(self.text.as_str())));
            self.text.clear();
        }
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Literal(text) => self.text(text),
            Part::Hole(_) => {
                self.flush();
                self.parts.push(part.clone());
            }
        }
    }

    /// Adds a value as text; what is not known becomes a hole.
    pub(crate) fn value(&mut self, value: &Value) -> Result<(), String> {
        match value.plain() {
            Value::String(text) => self.text(text),
            Value::Bool(_) | Value::Number(_) => {
                if let Some(text) = value.text() {
                    self.text(&text);
                }
            }
            Value::Template(parts) => parts.iter().for_each(|part| self.part(part)),
            Value::Json(inner) => {
                crate::json_text::parts(&inner.value).iter().for_each(|part| self.part(part));
            }
            plain @ (Value::Null | Value::List(_) | Value::Map(_)) => {
                return Err(format!("{} cannot be part of text", describe(plain)));
            }
            Value::Reference(_) | Value::Unknown(_) | Value::Choice(_) | Value::Sensitive(_) => {
                self.flush();
                self.parts.push(Part::Hole(value.clone()));
            }
        }
        if self.length > MAX_TEXT {
            Err(format!("the text would be longer than {MAX_TEXT} bytes"))
        } else {
            Ok(())
        }
    }

    /// The text, a [`Value::Template`] if it has holes.
    pub(crate) fn finish(mut self) -> Result<Value, String> {
        if self.length > MAX_TEXT {
            return Err(format!("the text would be longer than {MAX_TEXT} bytes"));
        }
        if self.parts.is_empty() {
            return Ok(Value::String(Arc::from(self.text)));
        }
        self.flush();
        Ok(Value::Template(Arc::new(self.parts)))
    }
}
