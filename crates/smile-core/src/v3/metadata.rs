//! Names and values that the service keeps with a job.

use serde::Serialize;

use crate::ValidationReport;

/// A name and a value that the service keeps with a job.
#[derive(Clone, Serialize)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl ValidationReport {
    /// Names of at most 100 characters, and values of at most 1000.
    pub(crate) fn metadata(&mut self, metadata: &[Metadata]) {
        for (index, entry) in metadata.iter().enumerate() {
            let name = format!("metadata[{index}].name");
            self.required(&name, Some(&entry.name));
            self.length(&name, &entry.name, 100);
            self.length(&format!("metadata[{index}].value"), &entry.value, 1_000);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_at_most_100_characters_and_values_1000() {
        let of = |name: usize, value: usize| {
            let mut found = ValidationReport::default();
            found.metadata(&[Metadata { name: "n".repeat(name), value: "v".repeat(value) }]);
            found.problems.into_iter().map(|problem| problem.field).collect::<Vec<_>>()
        };
        assert_eq!(of(100, 1_000), [""; 0]);
        assert_eq!(of(101, 1_001), ["metadata[0].name", "metadata[0].value"]);
        assert_eq!(of(0, 0), ["metadata[0].name"]);
    }
}
