//! Reachability over AWS networking, exposure, segments and zones.
