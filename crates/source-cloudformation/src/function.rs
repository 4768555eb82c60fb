//! The intrinsic functions by name, found by the hash that every map key carries.

use std::sync::LazyLock;

use sekisho_estate::key_hash;

macro_rules! functions {
    ($($variant:ident, $name:literal;)*) => {
        /// An intrinsic function of CloudFormation.
        ///
        /// AWS: Template Reference, "Intrinsic function reference", "Condition functions" and
        /// "Rule-specific intrinsic functions".
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Function {
            $(#[doc = $name] $variant,)*
        }
        impl Function {
            const ALL: &[Self] = &[$(Self::$variant,)*];
            /// The name in its long form.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

functions! {
    Ref, "Ref";
    GetAtt, "Fn::GetAtt";
    Sub, "Fn::Sub";
    Join, "Fn::Join";
    Split, "Fn::Split";
    Select, "Fn::Select";
    FindInMap, "Fn::FindInMap";
    If, "Fn::If";
    Base64, "Fn::Base64";
    Cidr, "Fn::Cidr";
    GetAzs, "Fn::GetAZs";
    ImportValue, "Fn::ImportValue";
    Length, "Fn::Length";
    ToJsonString, "Fn::ToJsonString";
    Transform, "Fn::Transform";
    Condition, "Condition";
    And, "Fn::And";
    Or, "Fn::Or";
    Not, "Fn::Not";
    Equals, "Fn::Equals";
    Contains, "Fn::Contains";
    EachMemberEquals, "Fn::EachMemberEquals";
    EachMemberIn, "Fn::EachMemberIn";
    RefAll, "Fn::RefAll";
    ValueOf, "Fn::ValueOf";
    ValueOfAll, "Fn::ValueOfAll";
}

/// Open addressing over the low bits of the key hash; most slots are empty, so most keys are
/// told from a function by one load.
static SLOTS: LazyLock<[Option<(u32, Function)>; 256]> = LazyLock::new(|| {
    let mut slots = [None; 256];
    for &function in Function::ALL {
        let hash = key_hash(function.name().as_bytes());
        let mut slot = hash as usize % 256;
        while slots[slot].is_some() {
            slot = (slot + 1) % 256;
        }
        slots[slot] = Some((hash, function));
    }
    slots
});

impl Function {
    /// The function of a map key, by the key's hash and then its text.
    #[inline]
    pub(crate) fn by_key(hash: u32, key: &str) -> Option<Self> {
        let mut slot = hash as usize % 256;
        while let Some((known, function)) = SLOTS[slot] {
            if known == hash && function.name() == key {
                return Some(function);
            }
            slot = (slot + 1) % 256;
        }
        None
    }

    /// The function of a YAML tag (`!Sub`), given without its `!`.
    ///
    /// AWS: Template Reference, "Intrinsic function reference": the short form is the long one
    /// without `Fn::`.
    pub(crate) fn by_tag(tag: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|f| f.name() == tag || f.name().strip_prefix("Fn::").is_some_and(|short| short == tag))
    }

    /// Whether it is true or false.
    pub(crate) fn is_condition(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Not | Self::Equals)
    }

    /// Whether it may stand only in the `Rules` section.
    pub(crate) fn is_of_rules(self) -> bool {
        matches!(
            self,
            Self::Contains
                | Self::EachMemberEquals
                | Self::EachMemberIn
                | Self::RefAll
                | Self::ValueOf
                | Self::ValueOfAll
        )
    }
}

/// Whether a map key begins a loop.
///
/// AWS: Template Reference, "Fn::ForEach".
pub(crate) fn is_loop(key: &str) -> bool {
    key.starts_with("Fn::ForEach::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_key_and_tag() {
        for &function in Function::ALL {
            let name = function.name();
            assert_eq!(Function::by_key(key_hash(name.as_bytes()), name), Some(function));
            assert_eq!(Function::by_tag(name.trim_start_matches("Fn::")), Some(function));
        }
        assert_eq!(Function::by_key(key_hash(b"BucketName"), "BucketName"), None);
        assert_eq!(Function::by_tag("Rain::Module"), None);
    }
}
