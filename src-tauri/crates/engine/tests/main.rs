//! Backups of VMs of the lab, over real TLS and SOAP, byte for byte.
#![allow(missing_docs, reason = "tests")]

mod bench;
mod byte_exact;
mod crash;
mod faults;
mod incremental;
