//! AWS as it is: what resource types there are and how their properties are shaped
//! (from the CloudFormation schemas), and what we know beyond that (service defaults with
//! their dates, which types keep data, how resources belong together, how they are named).
//!
//! Everything lies in the binary in a form that is looked up, not parsed: starting up
//! costs nothing, and a lookup touches only the bytes of the type asked for. The data is
//! in the folder `facts/` at the root of the repository; its README says how to change it.
//!
//! ```
//! use sekisho_facts::{Kind, resource_type};
//!
//! let bucket = resource_type("AWS::S3::Bucket").expect("a well-known type");
//! let rules = bucket.properties().at("/BucketEncryption/ServerSideEncryptionConfiguration");
//! assert_eq!(rules.map(|shape| shape.kind()), Some(Kind::List));
//! ```

mod flow;
mod hand;
pub mod iam;
mod layout;
mod packed;
mod schema;
mod suggest;
mod terraform;

pub use flow::{
    AtRestKey, Category, Direction, Flow, FlowNode, Layer, Moves, Region, Side, Transit, at_rest_key,
    category, flow_node, flow_types, flows, region, regions,
};
pub use hand::{
    Companion, Holds, Identity, Machinery, PUBLIC_PARAMETERS, RefReturns, ServiceDefault, Store, companion,
    companions, defaults, described_types, identity, image_publisher, parameter_name, store, stores,
};
pub use schema::{Kind, ResourceType, Shape, resource_type, resource_type_names, resource_types};
pub use suggest::did_you_mean;
pub use terraform::{
    TerraformHow, TerraformMapping, TerraformObject, TerraformRule, TerraformTarget, terraform_mapped,
    terraform_mappings, terraform_types,
};
