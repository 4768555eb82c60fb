//! Names of people, only ever behind words for a patient.
//!
//! A list of names cannot be complete, so a name is a guess: both parts of an English name must be
//! on the lists when it is written small, one of them when both are capitalized. A Japanese or
//! Chinese name begins with a family name of the list.

use crate::context::Places;
use crate::{
    CHINESE_FAMILY, Confidence, ENGLISH_FAMILY, ENGLISH_GIVEN, JAPANESE_FAMILY, NOT_NAMES, is_placeholder,
};

/// Reports the names at the places of context.
pub(crate) fn find(text: &str, places: &Places, add: &mut impl FnMut(usize, usize, Confidence)) {
    if places.named {
        let start = skip(text, 0);
        if let Some((end, confidence)) = name(text, start, true)
            && text[end..].trim_matches(|c: char| c.is_whitespace() || ".,;".contains(c)).is_empty()
        {
            add(start, end, confidence);
        }
    }
    for &(_, to) in &places.spans {
        let start = skip(text, to);
        // Words run on in Japanese and Chinese: only a separator or a word for "name" says
        // that a single character is a family name.
        let separated = start > to || text[..to].ends_with('名');
        if let Some((end, confidence)) = name(text, start, separated) {
            add(start, end, confidence);
        }
    }
}

/// Skips what may stand between a word of context and a name.
fn skip(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    let name = rest.strip_prefix("'s name").or_else(|| rest.strip_prefix("s name")).unwrap_or(rest);
    let bare = name.trim_start_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, ':' | '=' | '-' | '_' | '/' | '"' | '\'' | '：' | '＝' | '「' | '（' | '(' | '・')
    });
    text.len() - bare.len()
}

fn name(text: &str, start: usize, separated: bool) -> Option<(usize, Confidence)> {
    let rest = text.get(start..)?;
    if rest.chars().next()?.is_ascii_alphabetic() {
        return english(rest).map(|(length, confidence)| (start + length, confidence));
    }
    han(rest, separated).map(|length| (start + length, Confidence::Low))
}

/// Two or three words of letters with one separator between: its length.
fn english(rest: &str) -> Option<(usize, Confidence)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    let bytes = rest.as_bytes();
    let mut at = 0;
    while words.len() < 3 {
        let end = at + bytes[at..].iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'\'').count();
        if end == at {
            break;
        }
        words.push((at, end));
        let joins = match bytes.get(end..) {
            Some([b',', b' ', ..]) => 2,
            Some([b' ' | b'-' | b'_' | b'.' | b'+', next, ..]) if next.is_ascii_alphabetic() => 1,
            _ => break,
        };
        at = end + joins;
    }
    let on = |list: &[&str], (from, to): (usize, usize)| {
        list.binary_search(&rest[from..to].to_ascii_lowercase().as_str()).is_ok()
    };
    let capital = |(from, to): (usize, usize)| to - from > 1 && bytes[from].is_ascii_uppercase();
    for length in (2..=words.len()).rev() {
        let words = &words[..length];
        let (first, last) = (words[0], words[length - 1]);
        let order = |a, b| (on(ENGLISH_GIVEN, a), on(ENGLISH_FAMILY, b));
        let (given, family) = order(first, last);
        let (given, family) = if given && family {
            (given, family)
        } else {
            let turned = order(last, first);
            if turned.0 && turned.1 { turned } else { (given, family) }
        };
        let capitals = words.iter().all(|&word| capital(word));
        let words_end = last.1;
        if words.iter().any(|&(from, to)| is_placeholder(&rest[from..to])) {
            continue;
        }
        if given && family {
            return Some((words_end, Confidence::Medium));
        }
        if capitals && length == 2 && given {
            return Some((words_end, Confidence::Low));
        }
    }
    None
}

/// A family name of the list and one to three characters more: its length.
fn han(rest: &str, separated: bool) -> Option<usize> {
    if NOT_NAMES.iter().any(|word| rest.starts_with(word)) {
        return None;
    }
    let characters: Vec<char> = rest.chars().take(12).collect();
    let is_name = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}' | '々' | 'ぁ'..='ん' | 'ァ'..='ヶ' | 'ー');
    let is_han = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}' | '々');
    let family = |list: &[&str], length: usize| {
        let text: String = characters.iter().take(length).collect();
        text.chars().count() == length && list.binary_search(&text.as_str()).is_ok()
    };
    let length = [3, 2, 1].into_iter().find(|&length| {
        (length > 1 || separated) && (family(JAPANESE_FAMILY, length) || family(CHINESE_FAMILY, length))
    })?;
    let spaced = characters.get(length).is_some_and(|c| matches!(c, ' ' | '\u{3000}'));
    let from = length + usize::from(spaced);
    let given = characters[from.min(characters.len())..].iter().take_while(|c| is_name(**c)).count();
    let mut ends = from + given;
    // Kana of a title or a particle end the name: 山田太郎さん, 山田太郎の.
    for stop in [
        "さま",
        "さん",
        "くん",
        "ちゃん",
        "様",
        "氏",
        "殿",
        "先生",
        "女士",
        "小姐",
        "の",
        "は",
        "が",
        "を",
        "に",
    ] {
        let text: String = characters[from.min(characters.len())..ends].iter().collect();
        if let Some(at) = text.find(stop) {
            ends = ends.min(from + text[..at].chars().count());
        }
    }
    let given = ends.checked_sub(from)?;
    let fits = (1..=3).contains(&given)
        && (length > 1 || characters[from..ends].iter().all(|c| is_han(*c)) && given <= 2);
    fits.then(|| characters[..ends].iter().map(|c| c.len_utf8()).sum())
}
