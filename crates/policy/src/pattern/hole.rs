//! Texts that are known only at deployment.

use sekisho_estate::value::Target;
use sekisho_estate::{Stack, View, Why};

/// A hole with the reason why its text is not known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Hole<'e> {
    pub(crate) kind: HoleKind<'e>,
    pub(crate) why: Why<'e>,
}

/// What stands in a hole.
#[derive(Clone, Copy)]
pub enum HoleKind<'e> {
    /// The physical name of a resource, chosen by AWS.
    Name(Target<'e>),
    /// The id that AWS gives a resource.
    Id(Target<'e>),
    /// Another attribute of a resource.
    Attribute(Target<'e>),
    /// A variable of a root stack (a parameter, a pseudo parameter).
    Variable(Option<&'e Stack>, &'e str),
    /// A value of the request (`${aws:username}`).
    Request(&'e str),
    /// A secret.
    Secret(View<'e>),
    /// Anything else.
    Unknown,
}

impl PartialEq for HoleKind<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.same(other) == Same::Yes
    }
}

impl std::fmt::Debug for HoleKind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(target) => write!(f, "name of {}", target.name()),
            Self::Id(target) => write!(f, "id of {}", target.name()),
            Self::Attribute(target) => f.write_str(&target.name()),
            Self::Variable(_, name) | Self::Request(name) => f.write_str(name),
            Self::Secret(_) => f.write_str("secret"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// Whether two holes hold the same text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Same {
    /// Always.
    Yes,
    /// Never, nor is one a part of the other.
    No,
    /// Perhaps.
    Maybe,
}

/// The pseudo parameter that names the partition.
pub(crate) const PARTITION: &str = "AWS::Partition";
/// The pseudo parameter that names the region.
pub(crate) const REGION: &str = "AWS::Region";
/// The pseudo parameter that names the account.
pub(crate) const ACCOUNT: &str = "AWS::AccountId";

impl HoleKind<'_> {
    /// Whether two holes hold the same text.
    pub(crate) fn same(&self, other: &Self) -> Same {
        let same_resource =
            |a: &Target<'_>, b: &Target<'_>| std::ptr::eq(a.stack, b.stack) && a.resource == b.resource;
        match (self, other) {
            // Names and ids are unique among the resources of a type.
            (Self::Name(a), Self::Name(b)) | (Self::Id(a), Self::Id(b)) => {
                if same_resource(a, b) {
                    Same::Yes
                } else if a.type_name() == b.type_name() {
                    Same::No
                } else {
                    Same::Maybe
                }
            }
            (Self::Attribute(a), Self::Attribute(b)) => {
                if same_resource(a, b) && a.attribute == b.attribute {
                    Same::Yes
                } else {
                    Same::Maybe
                }
            }
            (Self::Variable(a, x), Self::Variable(b, y)) => {
                let same_stack = match (a, b) {
                    (Some(a), Some(b)) => std::ptr::eq(*a, *b),
                    (None, None) => true,
                    _ => false,
                };
                if same_stack && x == y { Same::Yes } else { Same::Maybe }
            }
            (Self::Request(a), Self::Request(b)) if a.eq_ignore_ascii_case(b) => Same::Yes,
            (Self::Secret(a), Self::Secret(b)) if a == b => Same::Yes,
            _ => Same::Maybe,
        }
    }

    /// Whether the hole is the partition.
    pub(crate) fn is_partition(&self) -> bool {
        matches!(self, Self::Variable(_, PARTITION))
    }

    /// Whether the hole is the account that the stack is deployed to.
    pub(crate) fn is_account(&self) -> bool {
        matches!(self, Self::Variable(_, ACCOUNT))
    }

    /// Whether anything may stand in the hole, also wildcards.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Name(_) | Self::Id(_) | Self::Attribute(_) => false,
            Self::Variable(_, name) => !name.starts_with("AWS::"),
            Self::Request(_) | Self::Secret(_) | Self::Unknown => true,
        }
    }

    /// Whether a character can occur in the hole.
    pub(crate) fn admits(&self, c: char) -> bool {
        match self {
            Self::Name(target) if target.type_name() == "AWS::S3::Bucket" => !"/:*?".contains(c),
            Self::Id(_) => !":*?".contains(c),
            Self::Variable(_, ACCOUNT) => c.is_ascii_digit(),
            Self::Variable(_, REGION | PARTITION) => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
            _ => self.is_open() || !"*?".contains(c),
        }
    }
}

impl Hole<'_> {
    /// Whether the text is fixed when the stack is deployed and holds no wildcard.
    pub(crate) fn is_fixed(&self) -> bool {
        !self.kind.is_open()
    }

    pub(crate) fn display(&self, out: &mut String) {
        out.push_str("${");
        match self.kind {
            HoleKind::Name(target) => out.push_str(target.id()),
            HoleKind::Id(target) => {
                out.push_str(target.id());
                out.push_str(".Id");
            }
            HoleKind::Attribute(target) => out.push_str(&target.name()),
            HoleKind::Variable(_, name) | HoleKind::Request(name) => out.push_str(name),
            HoleKind::Secret(_) => out.push_str("***"),
            HoleKind::Unknown => out.push('?'),
        }
        out.push('}');
    }
}
