//! Where PHI is and where it flows: labels, detectors, flow closure.
