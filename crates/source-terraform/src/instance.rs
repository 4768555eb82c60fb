//! What a root module declares: resource instances, and what is known around them.

use std::fmt;
use std::sync::Arc;

use sekisho_estate::{Reason, Stage};

use crate::value::{Condition, Located, Place, Reference, Value};

/// Key of one instance of something with `count` or `for_each`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Key {
    /// It has neither.
    None,
    /// By `count`.
    Index(u32),
    /// By `for_each`.
    String(Arc<str>),
    /// `count` or the keys are not known: one instance stands for all of them.
    Unknown,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::String(key) => {
                f.write_str("[\"")?;
                for c in key.chars() {
                    match c {
                        '"' | '\\' => write!(f, "\\{c}")?,
                        '\n' => f.write_str("\\n")?,
                        '\r' => f.write_str("\\r")?,
                        '\t' => f.write_str("\\t")?,
                        c => write!(f, "{c}")?,
                    }
                }
                f.write_str("\"]")
            }
            Self::Unknown => f.write_str("[*]"),
        }
    }
}

/// A module instance: the root, or a call in another instance.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ModulePath {
    /// Names and keys of the calls, from the root's.
    pub calls: Vec<(Arc<str>, Key)>,
}

impl fmt::Display for ModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, key)) in self.calls.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            write!(f, "{dot}module.{name}{key}")?;
        }
        Ok(())
    }
}

/// Whether a block creates something or reads it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mode {
    /// `resource`
    Managed,
    /// `data`
    Data,
    /// A whole module instance (`module` is its path, `kind` is `module`): only inside the
    /// evaluator, never in an instance or its attributes.
    Module,
}

/// Address of a resource instance, printed as Terraform does:
/// `module.a["x"].aws_s3_bucket.b[0]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Address {
    /// The module instance.
    pub module: Arc<ModulePath>,
    /// Resource or data source.
    pub mode: Mode,
    /// Type, such as `aws_s3_bucket`.
    pub kind: Arc<str>,
    /// Name in the module.
    pub name: Arc<str>,
    /// Key of the instance.
    pub key: Key,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.calls.is_empty() && self.mode != Mode::Module {
            write!(f, "{}.", self.module)?;
        }
        match self.mode {
            Mode::Managed => {}
            Mode::Data => f.write_str("data.")?,
            Mode::Module => return write!(f, "{}", self.module),
        }
        write!(f, "{}.{}{}", self.kind, self.name, self.key)
    }
}

/// A provider configuration as it reaches a resource.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Local name, such as `aws`.
    pub name: Arc<str>,
    /// Its alias in the module that configures it, or empty.
    pub alias: Arc<str>,
    /// `region`; [`Value::Null`] when it is not written.
    pub region: Value,
    /// Account of the role that is assumed, or the only allowed account; [`Value::Null`]
    /// when neither says it.
    pub account: Value,
    /// `default_tags.tags`: a map, null, or not known.
    pub default_tags: Located,
    /// Where the block stands.
    pub place: Place,
}

impl fmt::Display for Provider {
    /// As a configuration names it: `provider aws`, `provider aws.west`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.alias.is_empty() { "" } else { "." };
        write!(f, "provider {}{dot}{}", self.name, self.alias)
    }
}

impl Provider {
    /// The region, when it is known.
    pub(crate) fn known_region(&self) -> Option<Box<str>> {
        self.region.text().map(|text| (*text).into())
    }

    /// The account, when it is known.
    pub(crate) fn known_account(&self) -> Option<Box<str>> {
        self.account.text().map(|text| (*text).into())
    }
}

/// Types with a `region` that is not where they are: before version 6 of the provider that
/// was the region of what they are about.
const REGION_OF_ANOTHER: [&str; 2] =
    ["aws_cloudformation_stack_set_instance", "aws_config_aggregate_authorization"];

impl Instance {
    /// The region that the resource says of itself, in place of that of its provider. Source:
    /// Terraform AWS provider, "Enhanced Region Support" (version 6).
    pub(crate) fn region(&self) -> Option<&Value> {
        let kind = &*self.address.kind;
        if !kind.starts_with("aws_") || REGION_OF_ANOTHER.contains(&kind) {
            return None;
        }
        let value = &self.attributes.value.get("region")?.value;
        // A block of that name is about something else.
        (value.as_list().is_none() && value.as_map().is_none() && !value.is_null()).then_some(value)
    }
}

/// Whether an instance exists.
#[derive(Clone, Debug)]
pub enum Existence {
    /// It does.
    Yes,
    /// All these conditions must hold (`count = var.enabled ? 1 : 0` with an unknown
    /// variable, of the resource and of the module calls around it).
    When(Vec<Arc<Condition>>),
}

/// The `lifecycle` block.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// `prevent_destroy`
    pub prevent_destroy: bool,
    /// `create_before_destroy`
    pub create_before_destroy: bool,
    /// Attributes of `ignore_changes`; `all` stands for all.
    pub ignore_changes: Vec<Arc<str>>,
}

/// One resource or data source with its key.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its address.
    pub address: Arc<Address>,
    /// Arguments and nested blocks, a map. Blocks of a type are a list of maps under its
    /// name, dynamic blocks expanded (one that is there under a condition is a choice between
    /// its map and null; the JSON syntax may have one map in place of the list); what `count`, `for_each`, `provider`, `lifecycle`,
    /// `depends_on`, `provisioner` and `connection` say is not here. Attributes set to
    /// `null` are left out, as Terraform treats them. When the body could not be read in
    /// part, [`crate::value::Map::open`] says so.
    pub attributes: Located,
    /// Whether it exists.
    pub exists: Existence,
    /// The provider configuration that manages it.
    pub provider: Arc<Provider>,
    /// `lifecycle`
    pub lifecycle: Lifecycle,
    /// `depends_on`, those that name resources; path is empty.
    pub depends_on: Vec<Reference>,
    /// Where the block begins.
    pub place: Place,
    /// Where the module calls around it begin, from the root's.
    pub calls: Arc<Vec<Place>>,
}

/// A file of the run.
#[derive(Clone, Debug)]
pub struct File {
    /// Path as the user would write it, with `/`.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
}

/// Something wrong in a configuration.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ConfigProblem {
    /// Where.
    pub place: Place,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether a part of the configuration was lost by it (else it is a remark).
    pub loses: bool,
}

/// A variable of the root module.
#[derive(Clone, Debug)]
pub struct InputVariable {
    /// Its name.
    pub name: Arc<str>,
    /// Its value: given, or its default, or [`Value::Unknown`].
    pub value: Located,
    /// Whether the value is its default, because none was given.
    pub is_default: bool,
    /// The values that its validation admits, when it lists them (`contains([...], var.x)`).
    /// The value, when there is one, is among them or the validation failed.
    pub domain: Vec<Located>,
    /// Whether it is declared sensitive.
    pub sensitive: bool,
    /// Why the value is not known, when it is not.
    pub unknown: Option<Reason>,
    /// Where the block begins.
    pub place: Place,
}

/// A root module, evaluated.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Path of its folder as shown (`.` for the current folder).
    pub root: String,
    /// Files that places point into: those of the whole run, shared by all configurations.
    pub files: Arc<Vec<File>>,
    /// Indices in `files` of the files of the root module and of the modules it calls.
    pub used: Vec<u32>,
    /// Instances in a fixed order: module by module, in the order written (files by name).
    pub instances: Vec<Instance>,
    /// What was wrong.
    pub problems: Vec<ConfigProblem>,
    /// Variables of the root module, by name.
    pub variables: Vec<InputVariable>,
    /// Outputs of the root module, by name.
    pub outputs: Vec<(Arc<str>, Located)>,
    /// Providers configured in the root module without alias, by local name.
    pub providers: Vec<Arc<Provider>>,
    /// `terraform.workspace`
    pub workspace: Arc<str>,
    /// Of a plan or a state, attributes that only AWS gives stand beside arguments.
    pub stage: Stage,
}
