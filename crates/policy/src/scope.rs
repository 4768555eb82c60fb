//! The resources that a question is about.

use sekisho_estate::Reader;
use sekisho_estate::value::Target;

use crate::Pattern;

/// The resources that a question is about: all of these patterns.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ResourceScope<'e> {
    /// ARNs, with wildcards.
    pub patterns: &'e [Pattern<'e>],
}

impl<'e> ResourceScope<'e> {
    /// These patterns of ARNs.
    #[must_use]
    pub fn of(reader: &Reader<'e>, patterns: &[Pattern<'e>]) -> Self {
        Self { patterns: reader.bump.alloc_slice_copy(patterns) }
    }

    /// A resource itself: a queue, a topic, a key, a bucket without its objects.
    #[must_use]
    pub fn resource(reader: &Reader<'e>, target: Target<'e>) -> Self {
        Self::of(reader, &[Pattern::arn_of(reader, target, "")])
    }

    /// All objects of a bucket. The ARN of the bucket is none of them. Source: Service
    /// Authorization Reference, `list_amazons3.html`, "Resource types": `object` is
    /// `arn:${Partition}:s3:::${BucketName}/${ObjectName}`.
    #[must_use]
    pub fn objects(reader: &Reader<'e>, bucket: Target<'e>) -> Self {
        Self::of(reader, &[Pattern::arn_of(reader, bucket, "/*")])
    }

    /// What a policy that is attached to a resource protects: the objects of a bucket, of
    /// another resource the resource itself.
    #[must_use]
    pub fn content(reader: &Reader<'e>, target: Target<'e>) -> Self {
        match target.type_name() {
            "AWS::S3::Bucket" => Self::objects(reader, target),
            _ => Self::resource(reader, target),
        }
    }
}
