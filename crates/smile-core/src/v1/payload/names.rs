//! Names of the files inside the zip.

use std::collections::BTreeSet;

use crate::ImageRole;
use crate::job::image::ImageFormat;

/// The names that are taken, in small letters.
pub(super) struct Names(BTreeSet<String>);

impl Default for Names {
    fn default() -> Self {
        Self(BTreeSet::from(["info.json".to_owned(), "security_info.json".to_owned()]))
    }
}

impl Names {
    /// A name for an image that travels as a file.
    ///
    /// It is the base name that the caller gave, in plain ASCII, with an ending that fits the
    /// format; where two are the same in any casing, or one is taken by the payload itself, a
    /// number is put before the ending.
    pub(super) fn unique(&mut self, given: Option<&str>, role: ImageRole, format: ImageFormat) -> String {
        let (stem, ending) = plain(given, role, format);
        let mut name = format!("{stem}.{ending}");
        let mut number = 1;
        while !self.0.insert(name.to_ascii_lowercase()) {
            name = format!("{stem}-{number}.{ending}");
            number += 1;
        }
        name
    }
}

/// Stem and ending.
fn plain(given: Option<&str>, role: ImageRole, format: ImageFormat) -> (String, &'static str) {
    // Both separators, on every system: what is a name here may be a path where it is unpacked.
    let base = given.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let (stem, given) = base.rsplit_once('.').unwrap_or((base, ""));
    let ending = match format {
        ImageFormat::Jpeg if given.eq_ignore_ascii_case("jpeg") => "jpeg",
        ImageFormat::Jpeg => "jpg",
        ImageFormat::Png => "png",
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let stem: String = stem.chars().map(|c| if is_plain(c) { c } else { '_' }).take(64).collect();
    let says_something = stem.contains(|c: char| c.is_ascii_alphanumeric());
    (if says_something { stem } else { role.name().to_owned() }, ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(given: &[&str]) -> Vec<String> {
        let mut names = Names::default();
        given.iter().map(|name| names.unique(Some(name), ImageRole::Liveness, ImageFormat::Jpeg)).collect()
    }

    #[test]
    fn the_same_name_in_any_casing_gets_a_number() {
        assert_eq!(
            names(&["a.jpg", "a.jpg", "A.JPG", "a-1.jpg", "b/a.jpg"]),
            ["a.jpg", "a-1.jpg", "A-2.jpg", "a-1-1.jpg", "a-3.jpg"]
        );
    }

    #[test]
    fn path_tricks_leave_only_a_base_name() {
        assert_eq!(
            names(&[
                "../../etc/passwd",
                "C:\\Users\\jane\\me.jpg",
                "/",
                "..",
                ".",
                "",
                "a/../b.jpg",
                "x\0y.jpg"
            ]),
            [
                "passwd.jpg",
                "me.jpg",
                "liveness.jpg",
                "liveness-1.jpg",
                "liveness-2.jpg",
                "liveness-3.jpg",
                "b.jpg",
                "x_y.jpg"
            ]
        );
    }

    #[test]
    fn names_are_plain_ascii_of_bounded_length() {
        assert_eq!(
            names(&["自拍.jpg", "Zoë.jpeg", "a b%41.jpg"]),
            ["liveness.jpg", "Zo_.jpeg", "a_b_41.jpg"]
        );
        assert_eq!(names(&[&"x".repeat(300)])[0].len(), 68);
    }

    #[test]
    fn the_payload_keeps_its_own_names_and_endings_tell_the_format() {
        let mut taken = Names::default();
        let names = [
            taken.unique(Some("info.json"), ImageRole::Selfie, ImageFormat::Jpeg),
            taken.unique(Some("front.jpg"), ImageRole::IdCard, ImageFormat::Png),
            taken.unique(None, ImageRole::IdCardBack, ImageFormat::Png),
        ];
        assert_eq!(names, ["info.jpg", "front.png", "id_card_back.png"]);
    }
}
