//! The repository as its callers see it.

#[cfg(test)]
mod cache;
#[cfg(test)]
mod check;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod history;
#[cfg(test)]
mod index_folder;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod keys_crash;
mod ledger;
#[cfg(test)]
mod local;
#[cfg(test)]
mod meta;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod prune;
#[cfg(test)]
mod readers;
#[cfg(test)]
mod repair;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod support;
