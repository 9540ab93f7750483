//! ID types: the facts about each, and the checks of its numbers.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::generated::id_types::ID_TYPES;
use super::number::{Formats, NumberCheck};
use super::rows::{IdTypeProduct, IdTypeRow};

/// All built-in ID types, in order of country and name.
pub fn id_types() -> &'static [IdTypeRow] {
    &ID_TYPES
}

/// Formats, built when they are first asked for.
static FORMATS: [OnceLock<Formats>; ID_TYPES.len()] = [const { OnceLock::new() }; ID_TYPES.len()];

/// An ID type of a country: a kind of number that the service looks up at an ID authority.
///
/// Found in an [`IdTypeCatalogue`](super::IdTypeCatalogue). Cheap to clone.
#[derive(Clone)]
pub struct IdType(Inner);

#[derive(Clone)]
enum Inner {
    BuiltIn(usize),
    OfService(Arc<OfService>),
}

/// The service's own description of an ID type, which overrides the built-in one.
#[derive(Default)]
pub(super) struct OfService {
    pub(super) country: String,
    pub(super) name: String,
    pub(super) label: Option<String>,
    pub(super) products: Vec<IdTypeProduct>,
    /// Fields that all products require.
    pub(super) required_fields: Option<Vec<String>>,
    /// Fields that some products require; these count for more.
    pub(super) required_by_product: Vec<(IdTypeProduct, Vec<String>)>,
    pub(super) test_number: Option<String>,
    pub(super) formats: Vec<String>,
    /// Index among the built-in rows.
    pub(super) row: Option<usize>,
    pub(super) built: OnceLock<Formats>,
}

impl IdType {
    pub(super) fn built_in(at: usize) -> Self {
        Self(Inner::BuiltIn(at))
    }

    pub(super) fn of_service(said: OfService) -> Self {
        Self(Inner::OfService(Arc::new(said)))
    }

    /// The country: two capital letters, ISO 3166-1.
    pub fn country(&self) -> &str {
        match &self.0 {
            Inner::BuiltIn(at) => ID_TYPES[*at].country,
            Inner::OfService(said) => &said.country,
        }
    }

    /// The API's name, which goes into `id_type`.
    pub fn name(&self) -> &str {
        match &self.0 {
            Inner::BuiltIn(at) => ID_TYPES[*at].name,
            Inner::OfService(said) => &said.name,
        }
    }

    /// The service's name for people; the API's, if that isn't known.
    pub fn label(&self) -> &str {
        let said = self.said().and_then(|said| said.label.as_deref());
        said.or_else(|| self.row().map(|row| row.label)).unwrap_or_else(|| self.name())
    }

    /// The products that are known to take it.
    pub fn products(&self) -> &[IdTypeProduct] {
        match &self.0 {
            Inner::BuiltIn(at) => ID_TYPES[*at].products,
            Inner::OfService(said) => &said.products,
        }
    }

    /// Fields that `id_info` must have for this product, beside `country` and `id_type`.
    ///
    /// The names are the API's. What every job has is not among them, nor are `day`, `month` and
    /// `year`, which stand for `dob` in some of the service's lists. For a product that isn't among
    /// [`products`](Self::products) it is what is known of the ID type in general.
    pub fn required_fields(&self, product: IdTypeProduct) -> impl Iterator<Item = &str> {
        let row = self.row();
        let said = self.said().and_then(|said| {
            let of_product = said.required_by_product.iter().find(|(other, _)| *other == product);
            of_product.map(|(_, fields)| fields).or(said.required_fields.as_ref())
        });
        let known = row.filter(|_| said.is_none()).map_or([].as_slice(), |row| row.required_fields);
        let extra = row.filter(|_| product == IdTypeProduct::BasicKyc);
        let extra = extra.map_or([].as_slice(), |row| row.basic_kyc_extra_fields);
        let said = said.map_or([].as_slice(), Vec::as_slice);
        let is_new = move |field: &&str| !said.iter().any(|other| other == field) && !known.contains(field);
        said.iter()
            .map(String::as_str)
            .chain(known.iter().copied())
            .chain(extra.iter().copied().filter(is_new))
    }

    /// True if the ID authority returns a photo that a selfie can be compared with; `None` if that
    /// isn't known.
    pub fn returns_photo(&self) -> Option<bool> {
        self.row().and_then(|row| row.returns_photo)
    }

    /// A number that the sandbox knows, and answers with success. Its last digit chooses the
    /// outcome (Smile ID: "Test data").
    pub fn test_number(&self) -> Option<&str> {
        let said = self.said().and_then(|said| said.test_number.as_deref());
        said.or_else(|| self.row().and_then(|row| row.test_number))
    }

    /// True if the ID type is superseded, or no longer on the service's newest list.
    pub fn is_legacy(&self) -> bool {
        self.row().is_some_and(|row| row.is_legacy)
    }

    /// Built-in row of the ID type, with its source; `None` if only the service knows the type.
    pub fn row(&self) -> Option<&'static IdTypeRow> {
        match &self.0 {
            Inner::BuiltIn(at) => Some(&ID_TYPES[*at]),
            Inner::OfService(said) => said.row.map(|at| &ID_TYPES[at]),
        }
    }

    /// Number as the service wants it, as far as it can be mended surely.
    ///
    /// White space around it goes. If it doesn't fit as it is, then white space within it goes,
    /// small letters become capitals, and, for the Ghana card, hyphens go: as little of that as
    /// makes it fit. Digits are never changed. What doesn't fit anyway is left as it is.
    ///
    /// ```
    /// # let catalogue = smile_core::catalogue::IdTypeCatalogue::built_in();
    /// let bvn = catalogue.find("NG", "BVN").expect("it is in the catalogue");
    /// assert_eq!(bvn.normalise(" 000 0000 0000\n"), "00000000000");
    /// assert_eq!(bvn.normalise(" 000 "), "000");
    /// ```
    pub fn normalise<'a>(&self, number: &'a str) -> Cow<'a, str> {
        self.formats().normalise(number, self.hyphens_optional())
    }

    /// Checks a number, once [mended](Self::normalise), against the formats of this ID type.
    ///
    /// ```
    /// # let catalogue = smile_core::catalogue::IdTypeCatalogue::built_in();
    /// use smile_core::catalogue::NumberCheck;
    ///
    /// let bvn = catalogue.find("NG", "BVN").expect("it is in the catalogue");
    /// assert_eq!(bvn.check_number("000 0000 0000"), NumberCheck::Right);
    /// assert_eq!(bvn.check_number("0000000000"), NumberCheck::CertainlyWrong);
    /// // Here it is partners who say what the form is.
    /// let national_id = catalogue.find("ZW", "NATIONAL_ID_NO_PHOTO").expect("so is this");
    /// assert_eq!(national_id.check_number("0"), NumberCheck::LikelyWrong);
    /// ```
    pub fn check_number(&self, number: &str) -> NumberCheck {
        self.formats().check(number, self.hyphens_optional())
    }

    fn said(&self) -> Option<&OfService> {
        match &self.0 {
            Inner::BuiltIn(_) => None,
            Inner::OfService(said) => Some(said),
        }
    }

    fn hyphens_optional(&self) -> bool {
        self.row().is_some_and(|row| row.hyphens_optional)
    }

    fn formats(&self) -> &Formats {
        let known = |at: usize| FORMATS[at].get_or_init(|| Formats::known(ID_TYPES[at].formats));
        match &self.0 {
            Inner::BuiltIn(at) => known(*at),
            Inner::OfService(said) => match said.row {
                Some(at) if said.formats.is_empty() => known(at),
                row => said.built.get_or_init(|| {
                    let rows = row.map_or([].as_slice(), |at| ID_TYPES[at].formats);
                    Formats::of_service(said.formats.iter().map(String::as_str), rows)
                }),
            },
        }
    }
}

impl fmt::Debug for IdType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdType({} {})", self.country(), self.name())
    }
}
