//! Names that are nearest to an unknown one.

/// Most names that are worth showing.
const MOST: usize = 3;

/// Names that were likely meant by this one, the nearest first: at most three.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = letters(name);
    if wanted.is_empty() || wanted.len() > 64 {
        return Vec::new();
    }
    let mut found: Vec<(usize, &str)> = known
        .filter_map(|other| {
            let letters = letters(other);
            let (shorter, longer) = (wanted.len().min(letters.len()), wanted.len().max(letters.len()));
            // A name that begins with the other, such as `DRIVERS_LICENSE` with `DRIVERS`.
            let is_start = shorter >= 3 && (letters.starts_with(&wanted) || wanted.starts_with(&letters));
            let distance = distance(&wanted, &letters);
            let is_near = !letters.is_empty() && distance <= (longer / 4).max(1) && distance < shorter;
            (is_near || is_start).then_some((distance, other))
        })
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().map(|(_, name)| name).take(MOST).collect()
}

/// Letters and digits of a name, in capitals.
fn letters(name: &str) -> Vec<char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Number of letters to put in, take out, change, or exchange with the next one.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut least = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(rows[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 6] =
        ["PASSPORT", "BVN", "BVN_MFA", "DRIVERS_LICENSE", "NATIONAL_ID", "NATIONAL_ID_NO_PHOTO"];

    #[test]
    fn what_was_likely_meant_is_found_nearest_first() {
        for (name, expected) in [
            ("PASSPORTT", &["PASSPORT"][..]),
            ("PASPSORT", &["PASSPORT"]),
            ("passport", &["PASSPORT"]),
            ("BNV", &["BVN"]),
            ("DRIVER_LICENCE", &["DRIVERS_LICENSE"]),
            ("drivers-license", &["DRIVERS_LICENSE"]),
            ("BVN", &["BVN", "BVN_MFA"]),
            ("NATIONALID", &["NATIONAL_ID", "NATIONAL_ID_NO_PHOTO"]),
            ("VOTER_CARD", &[]),
            ("X", &[]),
            ("", &[]),
            ("_", &[]),
        ] {
            assert_eq!(nearest(name, KNOWN.into_iter()), expected, "{name}");
        }
        assert_eq!(nearest(&"A".repeat(100_000), KNOWN.into_iter()), [""; 0]);
    }

    #[test]
    fn few_are_shown() {
        let many: Vec<String> = (0..10).map(|number| format!("PASSPORT_{number}")).collect();
        assert_eq!(nearest("PASSPORT", many.iter().map(String::as_str)).len(), MOST);
    }
}
