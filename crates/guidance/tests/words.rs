//! Names of the closed vocabularies and of the languages.

use sekisho_guidance::{Harm, Label, Language, Level, Scope, Severity};

#[test]
fn names_are_read_back() {
    for word in Harm::ALL {
        assert_eq!(word.name().parse(), Ok(*word));
    }
    for word in Level::ALL {
        assert_eq!(word.name().parse(), Ok(*word));
        assert_eq!(word.to_string(), word.name());
    }
    for word in Scope::ALL {
        assert_eq!(word.name().parse(), Ok(*word));
    }
    let unknown = "severe".parse::<Severity>().unwrap_err();
    assert_eq!(unknown.to_string(), "`severe` is none of info, low, medium, high, critical");
}

#[test]
fn severities_and_labels_are_ordered() {
    assert!(Severity::ALL.is_sorted() && Severity::Critical > Severity::High);
    assert!(Label::ALL.is_sorted() && Label::Declared > Label::Assumed);
}

#[test]
fn languages_are_read_from_tags_and_locales() {
    for (text, language) in [
        ("en", Language::En),
        ("en_US.UTF-8", Language::En),
        ("C", Language::En),
        ("C.UTF-8", Language::En),
        ("POSIX", Language::En),
        ("ja", Language::Ja),
        ("ja_JP.UTF-8", Language::Ja),
        ("ja_JP@euro", Language::Ja),
        ("zh-TW", Language::ZhTw),
        ("zh_TW", Language::ZhTw),
        ("zh_TW.Big5", Language::ZhTw),
        ("zh-Hant", Language::ZhTw),
        ("zh-Hant-HK", Language::ZhTw),
        ("ZH-tw", Language::ZhTw),
        ("zh", Language::ZhTw),
    ] {
        assert_eq!(text.parse(), Ok(language), "{text}");
    }
    for text in ["", "fr", "zh-CN", "zh_CN.UTF-8", "zh-Hans", "japanese"] {
        assert!(text.parse::<Language>().is_err(), "{text}");
    }
    for language in Language::ALL {
        assert_eq!(language.name().parse(), Ok(*language));
    }
}
