//! The templates of the input, to be found by where a nested stack says its template is.

use std::collections::HashMap;

use bumpalo::Bump;
use sekisho_estate::value::Part as TextPart;
use sekisho_estate::{Estate, NodeId, Reader, StackIndex, Tree, Value};

use crate::include::Includes;
use crate::lower::Nested;
use crate::paths::{Found, Paths};

/// A template before it was lowered: what each nested stack made of it starts from.
#[derive(Debug)]
pub(crate) struct Pristine {
    pub(crate) tree: Tree,
    pub(crate) root: NodeId,
}

/// All templates by the index of their file.
pub(crate) struct Library<'f> {
    pub(crate) paths: Paths<'f>,
    pub(crate) templates: HashMap<usize, Pristine>,
    /// Files that templates may include.
    pub(crate) includes: Option<Includes<'f>>,
}

impl<'f> Library<'f> {
    /// A library over the paths of all files, of which some are templates.
    pub(crate) fn new(
        paths: &'f [&'f str],
        templates: HashMap<usize, Pristine>,
        includes: Option<Includes<'f>>,
    ) -> Self {
        let paths = Paths::new(paths, templates.keys().copied().collect());
        Self { paths, templates, includes }
    }

    /// The template of a nested stack, from its `TemplateURL` or the file the CDK names for it.
    ///
    /// AWS: Template Reference, "AWS::CloudFormation::Stack", `TemplateURL`; AWS CLI reference,
    /// `package`, which takes a path relative to the template and uploads the file. A location
    /// that differs from world to world leads to a file only if it is the same in all of them.
    pub(crate) fn find(&self, estate: &Estate, stack: usize, nested: &Nested, from: usize) -> Found {
        let bump = Bump::new();
        let reader = Reader::new(estate, &bump);
        let stack = estate.stack(StackIndex(stack as u32));
        if let Some(path) = nested.asset.and_then(|asset| stack.tree.string(asset))
            && let found @ Found::File(_) = self.paths.local(path, from)
        {
            return found;
        }
        let view = stack.view(nested.url);
        let mut found: Option<Found> = None;
        loop {
            let here = match reader.resolve(view) {
                Value::Str(text) => self.paths.at(text, from),
                Value::Text(text) => {
                    let shown = text.display();
                    match text.parts.last() {
                        Some(TextPart::Literal(tail)) => self.paths.remote(tail, false, shown, from),
                        _ => Found::Missing(shown),
                    }
                }
                Value::Unknown(why) => Found::Unknown(why.to_reason().to_string()),
                _ => Found::Unknown("TemplateURL is not a text".into()),
            };
            match &found {
                Some(before) if *before != here => {
                    return match (before, here) {
                        (Found::File(file), Found::File(_)) => {
                            Found::Ambiguous(self.paths.path(*file).to_owned())
                        }
                        (Found::File(_), other) => other,
                        (before, _) => before.clone(),
                    };
                }
                _ => found = Some(here),
            }
            if !reader.worlds.next() {
                break;
            }
        }
        found.unwrap_or_else(|| Found::Missing(String::new()))
    }
}
