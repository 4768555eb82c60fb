//! From bytes to a document, and what kind of document it is.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use rayon::join;
use sekisho_estate::json::{self, Document, Limits, SyntaxError, Unattached};
use sekisho_estate::{InputStatus, Node, NodeId, Problem, Tree, yaml};
use sha2::{Digest, Sha256};

use crate::SourceFile;
use crate::assembly::{Assembly, assembly, other_file};
use crate::parameters::{ParameterFile, parameter_file};
use crate::remark::{Remark, WHOLE, locate};

/// Files larger than this are digested while they are parsed.
const DIGEST_BESIDE: usize = 256 << 10;

/// Deepest nesting that is read, whatever the options say: the readers recurse.
const MAX_NESTING: u32 = 256;

/// A file after it was looked at.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) path: String,
    pub(crate) sha256: String,
    pub(crate) hints: Hints,
    pub(crate) content: Content,
    pub(crate) status: InputStatus,
    pub(crate) problems: Vec<Problem>,
}

/// What a text may hold that takes more than one pass, told by its bytes: beside the digest they
/// cost nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hints {
    /// Stacks of other templates.
    pub(crate) nests: bool,
    /// Files that are included.
    pub(crate) includes: bool,
    /// Resources of SAM.
    pub(crate) serverless: bool,
    /// Dynamic references.
    pub(crate) dynamic: bool,
}

/// The words that tell it, all looked for in one pass.
const WORDS: [&str; 6] = [
    "AWS::Serverless::",
    "Connectors",
    "CloudFormation::Stack",
    "CloudFormationProduct",
    crate::include::INCLUDE,
    "{{resolve:",
];

/// None if the words could not be compiled; everything is possible then.
static FINDER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(WORDS).ok());

impl Hints {
    /// What the bytes of a text tell.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let Some(finder) = &*FINDER else {
            return Self { nests: true, includes: true, serverless: true, dynamic: true };
        };
        let mut hints = Self::default();
        for found in finder.find_iter(bytes) {
            match found.pattern().as_usize() {
                0 => {
                    hints.serverless = true;
                    hints.nests |= bytes[found.end()..].starts_with(b"Application");
                }
                1 => hints.serverless = true,
                2 | 3 => hints.nests = true,
                4 => hints.includes = true,
                _ => hints.dynamic = true,
            }
        }
        hints
    }
}

/// What a file is.
#[derive(Debug)]
pub(crate) enum Content {
    /// A CloudFormation template.
    Template(Tree, NodeId),
    /// Values of parameters.
    Parameters(ParameterFile),
    /// A document that a template may include.
    Snippet(Tree, NodeId),
    /// The manifest of an app of the AWS CDK.
    Assembly(Assembly),
    /// Nothing that is read; the problems say why.
    Nothing,
}

/// Looks at one file.
pub(crate) fn take(file: SourceFile, limits: Limits) -> Taken {
    let limits = Limits { depth: limits.depth.min(MAX_NESTING), ..limits };
    let SourceFile { path, bytes, named } = file;
    let (sha256, hints, (content, status, problems)) = match text(&path, bytes, named, limits) {
        Ok(text) => {
            let look = || (digest(text.as_bytes()), Hints::of(text.as_bytes()));
            let parse = || parse(&path, &text, limits);
            let ((sha256, hints), parsed) =
                if text.len() >= DIGEST_BESIDE { join(look, parse) } else { (look(), parse()) };
            let read = match parsed {
                Ok(document) => recognize(document.attach(text)),
                Err((error, language)) => not_parsed(&path, &text, &error, language),
            };
            (sha256, hints, read)
        }
        Err(Textless { bytes, status, problems }) => {
            (digest(&bytes), Hints::default(), (Content::Nothing, status, problems))
        }
    };
    Taken { path, sha256, hints, content, status, problems }
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        hex
    })
}

type Read = (Content, InputStatus, Vec<Problem>);

fn nothing(status: InputStatus, message: impl Into<String>) -> Read {
    (Content::Nothing, status, locate(vec![Remark::note(WHOLE, message)], ""))
}

/// A file without the text of a template, and what is said of it.
struct Textless {
    bytes: Vec<u8>,
    status: InputStatus,
    problems: Vec<Problem>,
}

/// The text of a file that may be a template.
fn text(path: &str, bytes: Vec<u8>, named: bool, limits: Limits) -> Result<String, Textless> {
    let textless = |bytes, status, message: String| {
        let problems = locate(vec![Remark::note(WHOLE, message)], "");
        Err(Textless { bytes, status, problems })
    };
    let wanted = named || is_named_like_template(path);
    let failed = if wanted { InputStatus::Unreadable } else { InputStatus::Ignored };
    let message = if bytes.len() > limits.bytes.min(i32::MAX as usize) {
        format!("larger than {} bytes; raise the limit to read it", limits.bytes)
    } else if bytes.iter().all(u8::is_ascii_whitespace) {
        "the file is empty".to_owned()
    } else if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        "the file is UTF-16; save it as UTF-8".to_owned()
    } else if let Some(at) = memchr::memchr(0, &bytes) {
        format!("the file is binary (a NUL at byte {at}), not a template")
    } else {
        return match String::from_utf8(bytes) {
            Ok(text) if named || is_like_template(path, &text) => Ok(text),
            Ok(text) => {
                let why = "neither its name nor its text is that of a template";
                textless(text.into_bytes(), InputStatus::Ignored, why.to_owned())
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let message = format!("the file is not UTF-8 at byte {at}; save it as UTF-8");
                textless(error.into_bytes(), failed, message)
            }
        };
    };
    textless(bytes, failed, message)
}

/// What is said of a text that is not of its language.
fn not_parsed(path: &str, text: &str, error: &SyntaxError, language: &str) -> Read {
    if !is_like_template(path, text) {
        return nothing(InputStatus::Ignored, format!("not a template: it is not {language}"));
    }
    let message = format!(
        "not valid {language}: {}; nothing in this file is judged until it is corrected",
        error.message
    );
    let problems = locate(vec![Remark::loss(error.offset, message)], text);
    (Content::Nothing, InputStatus::Unreadable, problems)
}

fn is_named_like_template(path: &str) -> bool {
    has_extension(path, &["json", "yaml", "yml", "template"])
}

/// Whether the name or the text of a file is that of a template.
fn is_like_template(path: &str, text: &str) -> bool {
    is_named_like_template(path)
        || ["AWSTemplateFormatVersion", "\nResources:", "\"Resources\""]
            .iter()
            .any(|hint| memchr::memmem::find(text.as_bytes(), hint.as_bytes()).is_some())
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(_, ext)| extensions.iter().any(|e| ext.eq_ignore_ascii_case(e)))
}

/// Parses a text; an error comes with the name of the language.
fn parse(path: &str, text: &str, limits: Limits) -> Result<Unattached, (SyntaxError, &'static str)> {
    let first = text.trim_start_matches('\u{feff}').bytes().find(|b| !b.is_ascii_whitespace());
    let braces = matches!(first, Some(b'{' | b'['));
    let as_yaml = || yaml::parse(text, limits).map_err(|error| (error, "YAML"));
    if !braces && !has_extension(path, &["json"]) {
        return as_yaml();
    }
    match json::parse(text, limits) {
        Ok(document) => Ok(document),
        // YAML has braces too.
        Err(_) if has_extension(path, &["yaml", "yml"]) => as_yaml(),
        Err(error) => Err((error, "JSON")),
    }
}

/// Tells templates and parameter files from everything else, by what they hold.
///
/// AWS: User Guide, "CloudFormation template sections".
fn recognize(document: Document) -> Read {
    let Document { tree, root, duplicates } = document;
    let has = |key| tree.get(root, key);
    let resources = has("Resources").is_some_and(|r| matches!(tree.node(r), Node::Map(_)));
    let template = resources || has("AWSTemplateFormatVersion").is_some() || has("Transform").is_some();
    if !template {
        return match parameter_file(&tree, root) {
            Some(file) => (Content::Parameters(file), InputStatus::Read, Vec::new()),
            None => other(tree, root),
        };
    }
    let remarks = duplicates.into_iter().map(|d| Remark::note(d.offset, d.message)).collect();
    let problems = locate(remarks, tree.source());
    (Content::Template(tree, root), InputStatus::Read, problems)
}

/// A document that is neither a template nor a parameter file.
fn other(tree: Tree, root: NodeId) -> Read {
    if let Some(found) = assembly(&tree, root) {
        return (Content::Assembly(found), InputStatus::Read, Vec::new());
    }
    if let Some(why) = other_file(&tree, root) {
        return nothing(InputStatus::Ignored, why);
    }
    let (_, status, problems) = nothing(InputStatus::Ignored, unrecognized(&tree, root));
    (Content::Snippet(tree, root), status, problems)
}

fn unrecognized(tree: &Tree, root: NodeId) -> &'static str {
    let is_snippet = tree.map(root).iter().any(|entry| {
        let kind = tree.get(entry.value, "Type").and_then(|kind| tree.string(kind));
        kind.is_some_and(|kind| kind.starts_with("AWS::"))
    });
    if is_snippet {
        "a snippet with resources but no Resources section: it is judged only in a template that holds it"
    } else {
        "neither a template (it has no Resources) nor a parameter file"
    }
}
