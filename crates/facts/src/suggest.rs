//! "Did you mean": the nearest of some known names.

#[allow(unreachable_pub)] // public in the crate, private in the build script
/// The candidate nearest to `name`, or `None` when nothing is near.
///
/// Near means: an edit distance (with transpositions) of at most a third of the longer
/// name. Case differences cost nothing, since they are the commonest mistake. Of equally
/// near candidates the first one wins. Linear in the candidates.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_ascii_lowercase();
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        let longer = wanted.len().max(candidate.len());
        let limit = (longer / 3).max(1);
        // The distance is at least the difference in length.
        if wanted.len().abs_diff(candidate.len()) > limit {
            continue;
        }
        let distance = strsim::osa_distance(&wanted, &candidate.to_ascii_lowercase());
        if distance <= limit && distance < longer && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn near_names_only() {
        let names = ["BucketEncryption", "BucketName", "Tags"];
        assert_eq!(did_you_mean("BucketEncrption", names), Some("BucketEncryption"));
        assert_eq!(did_you_mean("bucketname", names), Some("BucketName"));
        assert_eq!(did_you_mean("Tag", names), Some("Tags"));
        assert_eq!(did_you_mean("VersioningConfiguration", names), None);
        assert_eq!(did_you_mean("", names), None);
        assert_eq!(did_you_mean("X", []), None);
    }
}
