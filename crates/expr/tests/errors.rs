//! What is said of wrong expressions, and which part of them is marked.
//!
//! The expected place stands between `«` and `»`; an empty pair is the end of the text.

use sekisho_expr::syntax::{MAX_DEPTH, MAX_HEIGHT, MAX_LENGTH, parse};
use sekisho_expr::{Clause, compile};
use sekisho_facts::resource_type;

const BUCKET: &str = "AWS::S3::Bucket";

/// The error of an expression, with its place marked in it.
fn error(type_name: Option<&str>, expression: &str) -> Option<(String, String)> {
    let this = type_name.map(|name| resource_type(name).expect("a known type"));
    let (clause, error) = compile(None, expression, this, false).err()?;
    assert_eq!(clause, Clause::PassIf);
    let (start, end) = (error.span.start, error.span.end);
    let marked = format!("{}«{}»{}", &expression[..start], &expression[start..end], &expression[end..]);
    Some((marked, error.message))
}

fn check(type_name: Option<&str>, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (marked, message) in cases {
        let expression = marked.replace(['«', '»'], "");
        match error(type_name, &expression) {
            Some((place, said)) if place == *marked && said == *message => {}
            Some((place, said)) => {
                wrong.push(format!("{marked}\n  expected: {message}\n  {place}\n  actual:   {said}"))
            }
            None => wrong.push(format!("{marked}: compiles")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn syntax() {
    check(
        Some(BUCKET),
        &[
            ("«»", "the expression ends where a value is expected"),
            ("true «true»", "the expression should end here"),
            ("true &&«»", "the expression ends where a value is expected"),
            ("«&&» true", "expected a value"),
            ("(true«»", "expected )"),
            ("[1, 2«»", "expected , or ]"),
            ("[1 «2»]", "expected , or ]"),
            ("{\"a\" «1»}", "expected :"),
            ("{\"a\": 1 «\"b\"»: 2}", "expected , or }"),
            ("size(1«»", "expected , or )"),
            ("true ? 1 «»", "expected :"),
            ("this.«5»", "expected a name after ."),
            ("this.«»", "expected a name after ."),
            ("this[1«»", "expected ]"),
            ("this «=» 1", "= has no meaning here"),
            ("this.A «&» true", "& has no meaning here"),
            ("«#»", "# has no meaning here"),
            ("«関»", "関 has no meaning here"),
            ("true«;»", "the expression should end here"),
            ("«\"abc»", "the text is not closed"),
            ("«'abc»", "the text is not closed"),
            ("«\"abc»\n\"", "the text is not closed on its line"),
            ("«\"a\\q»\"", "unknown escape in a text"),
            ("«\"a\\関»\"", "unknown escape in a text"),
            ("«\"\\x»zz\"", "expected hexadecimal digits"),
            ("«\"\\u»d800\"", "not a character"),
            ("«9223372036854775808» == 1", "not a number that fits 64 bits"),
            ("«99999999999999999999» == 1", "not a number that fits 64 bits"),
            ("-«9223372036854775809» == 1", "not a number that fits 64 bits"),
            ("«0x» == 1", "not a number that fits 64 bits"),
            ("«1e999» == 1.0", "not a number that fits 64 bits"),
            ("«in» [1]", "expected a value before in"),
            ("this.BucketName «matches» \"x\"", "the expression should end here"),
        ],
    );
}

#[test]
fn names() {
    check(
        Some(BUCKET),
        &[
            ("«that».BucketName == \"x\"", "nothing is named that"),
            ("«x» == 1", "nothing is named x"),
            (
                "this.«BucketNam» == \"x\"",
                "AWS::S3::Bucket has no property BucketNam; did you mean BucketName?",
            ),
            ("this.«Nonsense» == \"x\"", "AWS::S3::Bucket has no property Nonsense"),
            (
                "this.BucketEncryption.ServerSideEncryptionConfiguration.exists(r, r.ServerSideEncryptionByDefault.«SSEAlgoritm» == \"x\")",
                "AWS::S3::Bucket at /BucketEncryption/ServerSideEncryptionConfiguration/*/ServerSideEncryptionByDefault has no property SSEAlgoritm; did you mean SSEAlgorithm?",
            ),
            (
                "has(this.VersioningConfiguration.«status»)",
                "AWS::S3::Bucket at /VersioningConfiguration has no property status; did you mean Status?",
            ),
            (
                "has(this[«\"Bucketname\"»])",
                "AWS::S3::Bucket has no property Bucketname; did you mean BucketName?",
            ),
            (
                "this[«\"Bucketname\"»] == \"x\"",
                "AWS::S3::Bucket has no property Bucketname; did you mean BucketName?",
            ),
            (
                "this.Tags[0].«Keys» == \"x\"",
                "AWS::S3::Bucket at /Tags/* has no property Keys; did you mean Key?",
            ),
            (
                "companions(this).«polices».size() > 0",
                "AWS::S3::Bucket has no companions named polices; did you mean policies?",
            ),
            (
                "companions(this).policies.exists(p, p.«PolicyDocumnt» == null)",
                "AWS::S3::BucketPolicy has no property PolicyDocumnt; did you mean PolicyDocument?",
            ),
            (
                "attributes(this).«deletionpolicy» == \"x\"",
                "attributes have no deletionpolicy; did you mean deletion_policy?",
            ),
            ("«siz(this.Tags)» == 1", "there is no function siz; did you mean size?"),
            ("«hass(this.Tags)»", "there is no function hass; did you mean has?"),
            ("«frobnicate(this)»", "there is no function frobnicate"),
            ("«this.BucketName.startWith(\"x\")»", "there is no method startWith; did you mean startsWith?"),
            ("«this.Tags.exist(t, true)»", "there is no method exist; did you mean exists?"),
            ("«this.Tags.frobnicate()»", "there is no method frobnicate"),
            (
                "resources(«\"AWS::S3::Buket\"»).size() == 0",
                "there is no resource type AWS::S3::Buket; did you mean AWS::S3::Bucket?",
            ),
            ("target(this.BucketName, «this.BucketName») == null", "the type must be written as text"),
            ("this.Tags.exists(t, t.Key == \"x\") && «t».Key == \"y\"", "nothing is named t"),
        ],
    );
}

#[test]
fn types() {
    check(
        Some(BUCKET),
        &[
            ("«this.BucketName == 1»", "a string is never equal to an integer"),
            ("«this.BucketName != true»", "a string is never equal to a boolean"),
            ("«this.ObjectLockEnabled == \"true\"»", "a boolean is never equal to a string"),
            ("«this.Tags == \"x\"»", "a list is never equal to a string"),
            ("«this.VersioningConfiguration == []»", "an object is never equal to a list"),
            ("«this == \"x\"»", "a resource is never equal to a string"),
            ("«size(this.Tags) == \"1\"»", "an integer is never equal to a string"),
            ("«this.BucketName < 1»", "a string and an integer have no order"),
            ("«true < false»", "a boolean and a boolean have no order"),
            ("«this.Tags < this.Tags»", "a list and a list have no order"),
            (
                "«this.BucketName in [1, 2]»",
                "a string is never in this list, whose elements are each an integer",
            ),
            ("1 in «this.BucketName»", "a string has no elements"),
            ("«this.BucketName + 1» == \"x\"", "a string and an integer cannot be combined so"),
            ("«this.BucketName - \"x\"» == \"x\"", "a string and a string cannot be combined so"),
            ("«true + true» == true", "a boolean and a boolean cannot be combined so"),
            ("«[1] + 1» == [2]", "a list and an integer cannot be combined so"),
            ("-«this.BucketName» == 1", "- needs a number, not a string"),
            ("«this.BucketName» && true", "expected true or false, not a string"),
            ("true || «1»", "expected true or false, not an integer"),
            ("!«this.Tags»", "expected true or false, not a list"),
            ("«this.BucketName» ? true : false", "expected true or false, not a string"),
            ("this.Tags.exists(t, «t.Key»)", "expected true or false, not a string"),
            ("this.Tags.filter(t, «1»).size() > 0", "expected true or false, not an integer"),
            ("«this.BucketName».exists(c, true)", "a string has no elements"),
            ("«this».exists(c, true)", "a resource has no elements"),
            ("«this.BucketName»[0] == \"x\"", "a string has no elements"),
            ("this.Tags[«this.BucketName»].Key == \"x\"", "expected a whole number, not a string"),
            ("{\"a\": 1}[«1»] == 1", "expected a text, not an integer"),
            ("this.BucketName.«Length» == 1", "a string has no members"),
            ("this.Tags.«Key» == \"x\"", "a list has no members"),
            ("«this.Tags».startsWith(\"x\")", "startsWith needs text, not a list"),
            ("this.BucketName.startsWith(«1»)", "startsWith takes text, not an integer"),
            ("this.BucketName.matches(«this.BucketName»)", "the pattern must be written as text"),
            ("size(«1») == 1", "an integer has no size"),
            ("size(«this») == 1", "a resource has no size"),
            ("phi(«this.BucketName»)", "phi takes a resource here, not a string"),
            ("companions(«\"x\"»).policies.size() == 0", "companions takes a resource here, not a string"),
            ("version_at_least(this.BucketName, «1»)", "version_at_least takes text here, not an integer"),
            ("denies(this, \"a\", «\"b\"»)", "denies takes a map here, not a string"),
            (
                "opens_to_world(this.Tags, \"tcp\", «\"22\"»)",
                "opens_to_world takes a whole number or a list of them here, not a string",
            ),
            ("{«1»: 1}.a == 1", "a key must be text"),
            ("«this.BucketName»", "the expression must be true or false, not a string"),
            ("«this.Tags.map(t, t.Key)»", "the expression must be true or false, not a list"),
            (
                "has(«companions(this).policies»)",
                "has takes a property; whether there are companions, size or absent says",
            ),
        ],
    );
}

#[test]
fn arguments() {
    check(
        Some(BUCKET),
        &[
            ("«size()» == 1", "size takes one argument"),
            ("«size(1, 2)» == 1", "size takes one argument"),
            ("«phi()»", "phi takes 1 argument, not 0"),
            ("«denies(this, \"x\")»", "denies takes 3 arguments, not 2"),
            ("«grants_anyone()»", "grants_anyone takes 1 to 2 arguments, not 0"),
            ("«grants_anyone(this, \"a\", \"b\")»", "grants_anyone takes 1 to 2 arguments, not 3"),
            ("«this.BucketName.startsWith()»", "startsWith takes 1 argument, not 0"),
            ("«this.BucketName.matches(\"a\", \"b\")»", "matches takes 1 argument, not 2"),
            ("«this.BucketName.lowerAscii(1)» == \"x\"", "lowerAscii takes 0 arguments, not 1"),
            ("«has()»", "has takes one member: has(this.Name)"),
            ("«has(this.A, this.B)»", "has takes one member: has(this.Name)"),
            ("has(«this»)", "has takes one member: has(this.Name)"),
            ("has(this.Tags[«0»])", "has takes a member by its name"),
            ("this.Tags.«exists»(t)", "exists takes a variable and an expression: exists(x, …)"),
            ("this.Tags.«all»()", "all takes a variable and an expression: all(x, …)"),
            ("this.Tags.«map»(a, b, c)", "map takes a variable and an expression: map(x, …)"),
            ("this.Tags.exists(«t.Key», true)", "expected the name of a variable"),
            ("this.Tags.exists(«true», true)", "expected the name of a variable"),
            ("this.Tags.exists(«this», true)", "this cannot be the variable of a macro"),
        ],
    );
}

#[test]
fn types_of_this() {
    check(
        Some(BUCKET),
        &[
            (
                "attributes(this).type == «\"AWS::S3::Buket\"» && true",
                "there is no resource type AWS::S3::Buket; did you mean AWS::S3::Bucket?",
            ),
            (
                "attributes(this).type in [\"AWS::S3::Bucket\", «\"AWS::SQS::Que\"»]",
                "there is no resource type AWS::SQS::Que; did you mean AWS::SQS::Queue?",
            ),
            (
                "attributes(this).type == \"AWS::S3::Bucket\" && this.«Bucketname» == \"x\"",
                "AWS::S3::Bucket has no property Bucketname; did you mean BucketName?",
            ),
            (
                "attributes(this).type == \"AWS::SQS::Queue\" || this.«Bucketname» == \"x\"",
                "AWS::S3::Bucket has no property Bucketname; did you mean BucketName?",
            ),
        ],
    );
}

#[test]
fn records_of_analyses() {
    check(
        Some(BUCKET),
        &[
            (
                "statements(this).exists(s, s.«efect» == \"Allow\")",
                "a statement has no efect; did you mean effect?",
            ),
            (
                "statements(this).exists(s, s.conditions.exists(c, c.«keys» == \"x\"))",
                "a condition has no keys; did you mean key?",
            ),
            (
                "outsiders(this).exists(o, o.«acount» == \"x\")",
                "an outsider has no acount; did you mean account?",
            ),
            ("statements(this).exists(s, «s.effect == 1»)", "a string is never equal to an integer"),
            ("«unknown()»", "unknown takes 1 argument, not 0"),
            ("unknown(«1»)", "the reason must be written as text"),
            ("unknown(«\" \"»)", "the reason must be written as text"),
            ("unknown(«this.BucketName»)", "the reason must be written as text"),
        ],
    );
}

#[test]
fn patterns() {
    let (place, message) = error(Some(BUCKET), "this.BucketName.matches(\"(\")").expect("an error");
    assert_eq!(place, "this.BucketName.matches(«\"(\"»)");
    assert!(message.starts_with("not a regular expression: "), "{message}");
    let (_, message) = error(Some(BUCKET), "this.BucketName.matches(\"(a{1000}){1000}\")").expect("an error");
    assert!(message.contains("size limit"), "{message}");
}

#[test]
fn without_a_resource() {
    check(None, &[("«this».X == 1", "this has no meaning in a control of a whole stack or account")]);
    assert_eq!(error(None, "resources(\"AWS::S3::Bucket\").exists(b, b.BucketName == \"x\")"), None);
    let long = "AWS::S3::Bucket has no property Bucketname; did you mean BucketName?";
    check(None, &[("resources(\"AWS::S3::Bucket\").exists(b, b.«Bucketname» == \"x\")", long)]);
}

#[test]
fn clauses_are_told_apart() {
    let this = resource_type(BUCKET);
    let (clause, error) = compile(Some("1"), "true", this, false).expect_err("1 is no truth");
    assert_eq!((clause, error.span.end), (Clause::When, 1));
}

fn nested(open: &str, depth: usize, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn limits() {
    let says = |expression: &str| parse(expression).expect_err("a limit").message;
    let depth = MAX_DEPTH as usize;
    for (open, close) in
        [("(", ")"), ("[", "]"), ("!", ""), ("size(", ")"), ("a[", "]"), ("{\"a\":", "}"), ("x.all(y,", ")")]
    {
        assert!(parse(&nested(open, depth / 2 - 1, "1", close)).is_ok(), "{open}");
        assert_eq!(says(&nested(open, depth + 1, "1", close)), "nested deeper than 64 levels", "{open}");
    }
    assert_eq!(says(&nested("- ", depth + 2, "1", "")), "nested deeper than 64 levels");
    assert_eq!(says(&nested("true ? 1 : ", depth, "1", "")), "nested deeper than 64 levels");
    assert_eq!(says(&nested("1 + ", depth + 1, "1", "")), "more than 64 operators in one chain");
    assert_eq!(says(&format!("a{}", ".b".repeat(depth))), "more than 64 members in one chain");
    let long = format!("{}1", " ".repeat(MAX_LENGTH));
    assert_eq!(says(&long), "longer than 16384 bytes");
    assert_eq!(parse(&long).expect_err("a limit").span.start, MAX_LENGTH);
    let many = error(Some(BUCKET), &nested("[1].all(a, ", 9, "true", ")")).expect("a limit").1;
    assert_eq!(many, "macros nested deeper than 8");
}

/// Chains inside nesting make a tall tree, and everything that walks it recurses.
#[test]
fn tall_trees_are_refused_and_the_tallest_allowed_fit_the_stack() {
    let tall = |levels: usize| {
        (0..levels).fold("true".to_owned(), |inner, _| format!("({inner}){}", "||true".repeat(60)))
    };
    assert_eq!(
        parse(&tall(4)).expect_err("a limit").message,
        format!("more than {MAX_HEIGHT} parts inside each other")
    );
    assert!(parse(&tall(40)).is_err());
    let program = compile(None, &tall(3), resource_type(BUCKET), true).expect("within the limits");
    drop(program);
}

/// Compiling takes time in proportion to the text, whatever is nested in what.
#[test]
fn nested_has_is_compiled_once() {
    let expression = (0..20).fold("true".to_owned(), |inner, _| format!("has(this.Tags[{inner}?0:1].Key)"));
    let start = std::time::Instant::now();
    assert_eq!(error(Some(BUCKET), &expression), None);
    assert!(start.elapsed().as_secs() < 5);
}
