//! The languages of all texts.

use std::str::FromStr;

use crate::control::Text;
use crate::words::UnknownWord;

/// A language in which sekisho speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
    /// Traditional Chinese.
    ZhTw,
}

impl Language {
    /// All of them.
    pub const ALL: &'static [Language] = &[Language::En, Language::Ja, Language::ZhTw];

    /// The tag of the language (BCP 47).
    pub const fn name(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Ja => "ja",
            Language::ZhTw => "zh-TW",
        }
    }
}

impl FromStr for Language {
    type Err = UnknownWord;

    /// Reads a tag (`zh-TW`, `zh-Hant`) or a locale (`ja_JP.UTF-8`, `C`), in any case.
    ///
    /// Chinese without a region is Traditional here; a locale of mainland China or
    /// Singapore, which use Simplified Chinese, is unknown.
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let locale = text.split(['.', '@']).next().unwrap_or_default();
        let lower = locale.to_ascii_lowercase().replace('_', "-");
        let mut parts = lower.split('-');
        let language = parts.next().unwrap_or_default();
        let simplified = |part: &str| matches!(part, "hans" | "cn" | "sg" | "my");
        match language {
            "en" | "c" | "posix" => Ok(Language::En),
            "ja" => Ok(Language::Ja),
            "zh" if !parts.any(simplified) => Ok(Language::ZhTw),
            _ => Err(UnknownWord { word: text.to_owned(), known: &["en", "ja", "zh-TW"] }),
        }
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl Text {
    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Ja => &self.ja,
            Language::ZhTw => &self.zh_tw,
        }
    }
}
