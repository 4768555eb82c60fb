//! How resources are named: the one thing this crate asks of the facts.

use sekisho_facts::RefReturns;

/// The property whose value `Ref` returns for resources of a type, if there is one.
///
/// AWS: the section "Return values" of each type in the CloudFormation Template Reference.
pub(crate) fn reference_property(type_name: &str) -> Option<&'static str> {
    let identity = sekisho_facts::identity(type_name)?;
    match identity.returns {
        RefReturns::Name => identity.name,
        RefReturns::Attribute(property) => Some(property),
        RefReturns::Arn | RefReturns::Id => None,
    }
}
