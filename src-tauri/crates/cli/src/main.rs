//! The kuramori command line.

fn main() {}
