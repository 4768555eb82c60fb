//! Any text at all: no panic, ranges on character boundaries, in order, never overlapping.

use proptest::prelude::*;
use sekisho_detect::identifiers;

proptest! {
    #[test]
    fn ranges_are_sound(
        name in "(MRN|PatientName|生年月日|患者|[a-zA-Z患_]{0,12})",
        text in "(patient|mrn|dob|患者番号|病患|昭和|民國|[0-9]{1,12}|[A-Za-z]{1,9}|[ :/.@年月日-]|\\PC){0,12}",
    ) {
        let mut end = 0;
        for found in identifiers(&name, &text) {
            prop_assert!(found.start >= end && found.end > found.start);
            prop_assert!(text.get(found.start..found.end).is_some());
            end = found.end;
        }
    }
}
