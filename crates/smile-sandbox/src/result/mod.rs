//! Results: products, outcomes, verdicts, and the entries that express them.

pub(crate) mod actions;
pub(crate) mod authority;
pub(crate) mod codes;
pub(crate) mod company;
pub(crate) mod comparison;
pub(crate) mod entry;
pub(crate) mod finding;
pub(crate) mod outcome;
pub(crate) mod persona;
pub(crate) mod product;
pub(crate) mod reasons;
pub(crate) mod spelling_variant;
pub(crate) mod table;
pub(crate) mod unknown;
pub(crate) mod verdict;
pub(crate) mod watch_list;
