//! Patterns against an independent matcher, and holes against what they can become.

mod common;

use bumpalo::Bump;
use proptest::prelude::*;
use sekisho_estate::{Estate, Reader};
use sekisho_policy::{Pattern, Tri};

/// Wildcards by their definition, and nothing else.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            naive(rest, text) || text.split_first().is_some_and(|(_, text)| naive(pattern, text))
        }
        (Some(('?', rest)), Some((_, text))) => naive(rest, text),
        (Some((wanted, rest)), Some((c, text))) if wanted == c => naive(rest, text),
        _ => false,
    }
}

fn naive_matches(pattern: &str, text: &str) -> bool {
    naive(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
}

/// All texts of some characters up to a length.
fn texts(alphabet: &[char], length: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..length {
        let to = all.len();
        for index in from..to {
            for c in alphabet {
                all.push(format!("{}{c}", all[index]));
            }
        }
        from = to;
    }
    all
}

fn with_reader<T>(test: impl for<'e> FnOnce(&Reader<'e>) -> T) -> T {
    let (estate, bump) = (Estate::default(), Bump::new());
    test(&Reader::new(&estate, &bump))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn matches_is_what_the_definition_says(pattern in "[ab:*?é]{0,8}", text in "[ab:é]{0,10}") {
        with_reader(|reader| {
            let found = Pattern::resource(reader, &pattern).matches(&text);
            assert_eq!(found, naive_matches(&pattern, &text).into(), "{pattern} {text}");
        });
    }

    #[test]
    fn actions_do_not_mind_case(pattern in "[aAb*?]{0,6}", text in "[aAbB]{0,8}") {
        with_reader(|reader| {
            let found = Pattern::action(reader, &pattern).matches(&text);
            let expected = naive_matches(&pattern.to_lowercase(), &text.to_lowercase());
            assert_eq!(found, expected.into(), "{pattern} {text}");
        });
    }
}

/// A pattern of at most three pieces covers another exactly when no short text tells them
/// apart: texts of seven characters, of which one occurs in no pattern, are long enough.
#[test]
fn covers_and_overlaps_are_exact() {
    let texts = texts(&['a', 'b', 'x'], 7);
    let patterns: Vec<String> = self::texts(&['a', 'b', '*', '?'], 3);
    with_reader(|reader| {
        let languages: Vec<Vec<bool>> = patterns
            .iter()
            .map(|pattern| texts.iter().map(|text| naive_matches(pattern, text)).collect())
            .collect();
        let parsed: Vec<_> = patterns.iter().map(|pattern| Pattern::resource(reader, pattern)).collect();
        for (i, a) in patterns.iter().enumerate() {
            for (j, b) in patterns.iter().enumerate() {
                let (mine, other) = (&languages[i], &languages[j]);
                let covers = mine.iter().zip(other).all(|(mine, other)| *mine || !other);
                assert_eq!(parsed[i].covers(&parsed[j]), covers.into(), "{a} covers {b}");
                let overlaps = mine.iter().zip(other).any(|(mine, other)| *mine && *other);
                assert_eq!(parsed[i].overlaps(&parsed[j]), overlaps.into(), "{a} overlaps {b}");
            }
        }
    });
}

/// The YAML of two patterns, once with holes and once with what stands in them.
fn holes(pair: &[Vec<&str>; 2], names: Option<[&str; 3]>) -> String {
    let text = |pieces: &[&str]| pieces.concat();
    let [open, bucket, other] = names.unwrap_or_default();
    let (default, name, other) = match names {
        Some(_) => (
            format!(", Default: {open:?}"),
            format!(", Properties: {{BucketName: {bucket:?}}}"),
            format!(", Properties: {{BucketName: {other:?}}}"),
        ),
        None => Default::default(),
    };
    format!(
        "Parameters: {{Open: {{Type: String{default}}}}}\n\
         Resources:\n  Bucket: {{Type: AWS::S3::Bucket{name}}}\n  Other: {{Type: AWS::S3::Bucket{other}}}\n\
         Patterns: {{a: !Sub {:?}, b: !Sub {:?}}}\n",
        text(&pair[0]),
        text(&pair[1]),
    )
}

fn compare<T>(source: &str, test: impl for<'e> FnOnce(Pattern<'e>, Pattern<'e>) -> T) -> T {
    let (estate, bump) = (common::estate(source), Bump::new());
    let reader = Reader::new(&estate, &bump);
    let pattern = |name| {
        let view = common::at(&estate, &["Patterns", name]);
        Pattern::resource_value(&reader, reader.resolve(view), view.stack)
    };
    test(pattern("a"), pattern("b"))
}

/// 1, 0 or not known.
fn decided(is: Tri<'_>) -> Option<bool> {
    match is {
        Tri::Yes => Some(true),
        Tri::No => Some(false),
        Tri::Unknown(_) => None,
    }
}

fn pieces() -> impl Strategy<Value = Vec<&'static str>> {
    let piece = prop::sample::select(vec!["a", "b", "/", "*", "?", "${Open}", "${Bucket}", "${Other}"]);
    prop::collection::vec(piece, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_decided_with_holes_stays_so_when_they_are_filled(
        a in pieces(),
        b in pieces(),
        open in prop::sample::select(vec!["", "a", "*", "?b", "a/b", "/*"]),
        bucket in prop::sample::select(vec!["a", "ab", "b"]),
    ) {
        let pair = [a, b];
        // Names of different buckets are no parts of each other.
        let filled = holes(&pair, Some([open, bucket, "cd"]));
        let (covers, overlaps) =
            compare(&holes(&pair, None), |a, b| (decided(a.covers(&b)), decided(a.overlaps(&b))));
        compare(&filled, |a, b| {
            if let Some(expected) = covers {
                assert_eq!(decided(a.covers(&b)), Some(expected), "{pair:?} covers with {open} {bucket}");
            }
            if let Some(expected) = overlaps {
                assert_eq!(decided(a.overlaps(&b)), Some(expected), "{pair:?} overlaps with {open} {bucket}");
            }
        });
    }
}

#[test]
fn a_bucket_has_one_pattern_however_it_is_named() {
    let source = "
Parameters: {Env: {Type: String}}
Resources:
  Plain: {Type: AWS::S3::Bucket}
  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: clinic-records}}
  Composed: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${Env}-records'}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /service/, RoleName: app}}
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /clinic}}
Patterns:
  - [!GetAtt Plain.Arn, !Sub 'arn:${AWS::Partition}:s3:::${Plain}', 'arn:${AWS::Partition}:s3:::${Plain}']
  - [!GetAtt Named.Arn, !Sub 'arn:${AWS::Partition}:s3:::clinic-records', 'arn:${AWS::Partition}:s3:::clinic-records']
  - [!GetAtt Composed.Arn, !Sub 'arn:${AWS::Partition}:s3:::${Env}-records', 'arn:${AWS::Partition}:s3:::${Env}-records']
  - [!GetAtt Role.Arn, !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/service/app', 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/service/app']
  - [!GetAtt Log.Arn, !Sub 'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/clinic:*', 'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/clinic:*']
";
    let (estate, bump) = (common::estate(source), Bump::new());
    let reader = Reader::new(&estate, &bump);
    let rows = common::at(&estate, &["Patterns"]);
    for &row in rows.elements() {
        let row = rows.at(row);
        let &[a, b, shown] = row.elements() else { panic!() };
        let pattern = |node| Pattern::resource_value(&reader, reader.resolve(row.at(node)), row.stack);
        let (a, b) = (pattern(a), pattern(b));
        assert_eq!(a.display(), row.stack.tree.string(shown).unwrap());
        assert_eq!(a.covers(&b), Tri::Yes, "{a:?}");
        assert_eq!(b.covers(&a), Tri::Yes, "{a:?}");
        assert!(a.arn().is_some());
    }
}

#[test]
fn an_arn_has_fields() {
    with_reader(|reader| {
        let field = |text: &str| Pattern::resource(reader, text).arn();
        let queue = field("arn:aws:sqs:us-east-2:111122223333:a:b").unwrap();
        assert_eq!(queue.service.known().as_deref(), Some("sqs"));
        assert_eq!(queue.account.known().as_deref(), Some("111122223333"));
        assert_eq!(queue.resource.known().as_deref(), Some("a:b"));
        // "arn:aws:sqs is equivalent to arn:aws:sqs:*:*:*"
        assert!(field("arn:aws:sqs").unwrap().resource.has_wildcards());
        assert_eq!(field("*"), None);
        assert_eq!(field("arn:*"), None);
    });
}

#[test]
fn patterns_that_are_hard_to_compare_end() {
    with_reader(|reader| {
        let long = Pattern::resource(reader, &"a?*b*?".repeat(60));
        let other = Pattern::resource(reader, &"*?a*b?".repeat(60));
        let _ = (long.covers(&other), other.covers(&long), long.overlaps(&other));
        assert_eq!(long.matches(&"ab".repeat(500)), Tri::Yes);
    });
}
