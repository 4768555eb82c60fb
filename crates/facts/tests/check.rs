//! The checks of the build script: a misspelt name in hand data is an error that says
//! what was meant.
#![allow(dead_code, unreachable_pub, missing_docs)]

#[path = "../build/check.rs"]
mod check;
#[path = "../build/extract.rs"]
mod extract;
#[path = "../build/hand.rs"]
mod hand;
#[path = "../build/known.rs"]
mod known;
#[path = "../build/rows.rs"]
mod rows;
#[path = "../src/suggest.rs"]
mod suggest;

use known::Known;

const EXTRACT: &str = "\
type AWS::A::Thing
id Name
 Name s !
 Mode s(on|off)
 Rules [@Rule]
att Arn s
def Rule c
 Port i
 Rule @Rule
";

fn default(yaml: &str) -> Result<(), String> {
    let types = extract::parse(EXTRACT)?;
    let row = serde_saphyr::from_str(yaml).map_err(|e| e.to_string())?;
    check::default(&Known::new(&types), &row)
}

fn row(ty: &str, path: &str, rest: &str) -> String {
    format!("type: {ty}\npath: {path}\nsource: https://x\n{rest}\n")
}

#[test]
fn a_good_row_passes() {
    default(&row("AWS::A::Thing", "/Rules/*/Rule/Port", "value: 1")).unwrap();
    default(&row("AWS::A::Thing", "/Rules", "value: [{Port: 1}]\nsince: 2024-01-31")).unwrap();
    default(&row("AWS::A::Thing", "/Mode", "unknown: depends")).unwrap();
}

#[test]
fn misspelt_names_say_what_was_meant() {
    for (yaml, wanted) in [
        (row("AWS::A::Thin", "/Mode", "value: on"), "did you mean `AWS::A::Thing`?"),
        (row("AWS::A::Thing", "/Mod", "value: 'on'"), "did you mean `Mode`?"),
        (row("AWS::A::Thing", "/Rules/*/Prt", "value: 1"), "did you mean `Port`?"),
        (row("AWS::A::Thing", "/Rules", "value: [{Prt: 1}]"), "did you mean `Port`?"),
        (row("AWS::A::Thing", "/Mode", "value: onn"), "did you mean `on`?"),
        (row("AWS::A::Thing", "/Mode", "value: 1"), "is not text"),
        (row("AWS::A::Thing", "/Rules", "value: {Port: 1}"), "is not a list"),
        (row("AWS::A::Thing", "/Mode", "value: 'on'\nsince: yesterday"), "is not a date"),
        (row("AWS::A::Thing", "/Mode", ""), "exactly one of"),
        (row("AWS::A::Thing", "/Mode", "vlaue: 'on'"), "vlaue"),
    ] {
        let message = default(&yaml).unwrap_err();
        assert!(message.contains(wanted), "{message}\nfor\n{yaml}");
    }
}

#[test]
fn identities_and_companions_are_checked() {
    let types = extract::parse(EXTRACT).unwrap();
    let known = Known::new(&types);
    let identity = |yaml: &str| check::identity(&known, &serde_saphyr::from_str(yaml).unwrap());
    let good = "arn:{partition}:a:{region}:{account}:thing/{name}";
    identity(&format!("{{type: AWS::A::Thing, name: Name, ref: name, arn: '{good}'}}")).unwrap();
    identity("{type: AWS::A::Thing, ref: Arn}").unwrap();
    assert!(identity("{type: AWS::A::Thing, ref: Arm}").unwrap_err().contains("`Arn`"));
    assert!(identity("{type: AWS::A::Thing, ref: name}").is_err());
    assert!(identity(&format!("{{type: AWS::A::Thing, ref: id, arn: '{good}'}}")).is_err());
    let companion = |yaml: &str| check::companion(&known, &serde_saphyr::from_str(yaml).unwrap());
    let base = "type: AWS::A::Thing, many: true, from: AWS::A::Thing";
    companion(&format!("{{{base}, member: things, by: [Rules/Port]}}")).unwrap();
    let message = companion(&format!("{{{base}, member: things, by: [Nmae]}}")).unwrap_err();
    assert!(message.contains("did you mean `Name`?"), "{message}");
    assert!(companion(&format!("{{{base}, member: Things, via: [Name]}}")).is_err());
    assert!(companion(&format!("{{{base}, member: things}}")).is_err());
}

#[test]
fn the_extract_grammar_is_strict() {
    for text in ["nonsense", " A s", "type T\n A x", "type T\n A [s", "type T\n A s(a"] {
        assert!(extract::parse(text).is_err(), "{text}");
    }
    let types = extract::parse("type T\n A%20B s(x%7Cy|z)<AWS::A::B.Arn> !-\n").unwrap();
    let field = &types[0].root.fields[0];
    assert_eq!((field.name.as_str(), field.required, field.read_only), ("A B", true, true));
}

fn flow(yaml: &str) -> Result<(), String> {
    let types = extract::parse(EXTRACT)?;
    let row = serde_saphyr::from_str(yaml).map_err(|e| e.to_string())?;
    check::flow(&Known::new(&types), &["virtual:Backup"], &row)
}

fn flow_row(ty: &str, path: &str, to: &str, rest: &str) -> String {
    format!("type: {ty}\npath: {path}\nto: [{to}]\nmoves: content\nflow: out\n{SOURCE}{rest}\n")
}

const SOURCE: &str = "source: https://docs.aws.amazon.com/a/b.html\nverified: true\n";

#[test]
fn a_flow_names_what_exists() {
    let thing = "AWS::A::Thing";
    for (yaml, wanted) in [
        (flow_row(thing, "Mode", "AWS::A::Thing", "transit: always"), None),
        (flow_row(thing, "Rules/Rule/Port", "'*', external:saas, virtual:Backup", "transit: plain"), None),
        (flow_row(thing, "Mode", "AWS::A::Thing", "encrypted_if: 'true'\ndecided_by: target"), None),
        (flow_row("virtual:Backup", "api:a:Describe.X", thing, "transit: always\norigin: api"), None),
        (flow_row(thing, "Mod", thing, "transit: always"), Some("did you mean `Mode`?")),
        (flow_row(thing, "Mode", "AWS::A::Thin", "transit: always"), Some("did you mean `AWS::A::Thing`?")),
        (flow_row(thing, "Mode", "external:sass", "transit: always"), Some("did you mean `saas`?")),
        (flow_row(thing, "Mode", "virtual:Backp", "transit: always"), Some("did you mean `virtual:Backup`?")),
        (flow_row(thing, "Mode", thing, ""), Some("exactly one of")),
        (flow_row(thing, "Mode", thing, "transit: always\nencrypted_if: 'true'"), Some("exactly one of")),
        (
            flow_row(thing, "Mode", thing, "transit: always\nat_rest: {of: holder, path: Rules/Prt}"),
            Some("did you mean `Port`?"),
        ),
        (flow_row(thing, "Mode", thing, "transit: allways"), Some("allways")),
        (flow_row(thing, "Mode", thing, "transits: always"), Some("transits")),
    ] {
        match (flow(&yaml), wanted) {
            (Ok(()), None) => {}
            (Err(message), Some(wanted)) => assert!(message.contains(wanted), "{yaml}: {message}"),
            (got, _) => panic!("{yaml}: {got:?}"),
        }
    }
}

#[test]
fn a_flow_is_read_on_pages_of_aws_or_says_what_was_not_found() {
    let page = "https://docs.aws.amazon.com/a/b.html";
    for (sources, wanted) in [
        (format!("source: {page}\nverified: true"), None),
        (format!("source: {page}\nalso: [https://aws.amazon.com/s3/faqs/]\nverified: true"), None),
        (format!("source: {page}\nopen: no page says who encrypts"), None),
        (format!("source: {page}"), Some("neither `verified: true` nor `open`")),
        (format!("source: {page}\nopen: ' '"), Some("neither `verified: true` nor `open`")),
        (format!("source: {page}\nverified: true\nopen: nothing"), Some("exclude each other")),
        ("source: https://example.com/aws\nverified: true".into(), Some("no page of AWS")),
        ("source: http://docs.aws.amazon.com/a.html\nverified: true".into(), Some("no page of AWS")),
        ("source: https://docs.aws.amazon.com/\nverified: true".into(), Some("no page of AWS")),
        (
            format!("source: {page}\nalso: [https://stackoverflow.com/q/1]\nverified: true"),
            Some("no page of AWS"),
        ),
        (format!("source: {page}\nalso: [{page}]\nverified: true"), Some("again")),
    ] {
        let yaml = flow_row("AWS::A::Thing", "Mode", "AWS::A::Thing", "transit: always").replace(SOURCE, "");
        let yaml = format!("{yaml}{sources}\n");
        match (flow(&yaml), wanted) {
            (Ok(()), None) => {}
            (Err(message), Some(wanted)) => assert!(message.contains(wanted), "{yaml}: {message}"),
            (got, _) => panic!("{yaml}: {got:?}"),
        }
    }
}
