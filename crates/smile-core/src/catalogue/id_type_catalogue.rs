//! Catalogue of ID types: the built-in ones, or the service's own list of today.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::generated::id_types::ID_TYPES;
use super::id_type::OfService;
use super::{IdType, IdTypeProduct, nearest};

/// Fields that every job has anyway, or repeats.
const IMPLIED: &[&str] = &["country", "id_type", "user_id", "job_id", "day", "month", "year"];

/// All ID types that are known. Cheap to clone, and the built-in one costs nothing.
///
/// ```
/// use smile_core::catalogue::IdTypeCatalogue;
///
/// let catalogue = IdTypeCatalogue::built_in();
/// let kenyan: Vec<String> = catalogue.of_country("KE").map(|id_type| id_type.label().to_owned()).collect();
/// assert!(kenyan.contains(&"Alien Card".to_owned()));
/// ```
#[derive(Clone)]
pub struct IdTypeCatalogue {
    /// ID types in order of country and name; `None` for the built-in ones.
    of_service: Option<Arc<[IdType]>>,
}

impl IdTypeCatalogue {
    /// The built-in catalogue.
    pub const fn built_in() -> Self {
        Self { of_service: None }
    }

    /// Catalogue from the body of an answer to `GET /services` (Smile ID: "Services").
    ///
    /// Labels, required fields, number formats and test numbers are the service's then; what it
    /// doesn't say, and ID types that it doesn't name, are as they are built in. Whatever can't be
    /// made sense of is passed over; a number format that can't be used makes the format unknown.
    ///
    /// ```
    /// use smile_core::catalogue::{IdTypeCatalogue, NumberCheck};
    ///
    /// let answer = serde_json::json!({
    ///     "id_types": { "GH": { "TIN": ["country", "id_type", "id_number", "user_id", "job_id"] } },
    ///     "hosted_web": { "enhanced_kyc": { "GH": { "name": "Ghana", "id_types": {
    ///         "TIN": { "label": "Tax Number", "id_number_regex": "^[CP][0-9]{10}$/i" }
    ///     } } } }
    /// });
    /// let catalogue = IdTypeCatalogue::from_services(answer.as_object().expect("it is an object"));
    /// let tin = catalogue.find("GH", "TIN").expect("the service has just said so");
    /// assert_eq!((tin.label(), tin.check_number("c0000000000")), ("Tax Number", NumberCheck::Right));
    /// assert!(catalogue.find("GH", "GHANA_CARD").is_some());
    /// ```
    pub fn from_services(services: &Map<String, Value>) -> Self {
        let mut all: BTreeMap<(&str, &str), OfService> = BTreeMap::new();
        let by_country = services.get("id_types").and_then(Value::as_object);
        for (country, name, fields) in types(by_country, |country| country.as_object()) {
            entry(&mut all, country, name).required_fields = fields.as_array().map(|fields| required(fields));
        }
        let hosted = services.get("hosted_web").and_then(Value::as_object);
        for product in IdTypeProduct::ALL {
            let by_country = hosted.and_then(|hosted| hosted.get(product.name())).and_then(Value::as_object);
            for (country, name, details) in types(by_country, |country| country.get("id_types")?.as_object())
            {
                let said = entry(&mut all, country, name);
                if !said.products.contains(&product) {
                    said.products.push(product);
                }
                let text =
                    |key: &str| details.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty());
                said.label = said.label.take().or_else(|| text("label").map(str::to_owned));
                said.test_number = said.test_number.take().or_else(|| text("test_data").map(str::to_owned));
                if let Some(format) = text("id_number_regex")
                    && !said.formats.iter().any(|other| other == format)
                {
                    said.formats.push(format.to_owned());
                }
                if let Some(fields) = details.get("required_fields").and_then(Value::as_array) {
                    said.required_by_product.push((product, required(fields)));
                }
            }
        }
        let mut id_types: Vec<IdType> = all.into_values().map(IdType::of_service).collect();
        let named: Vec<Option<usize>> =
            id_types.iter().map(|id_type| place(id_type.country(), id_type.name())).collect();
        let unnamed = (0..ID_TYPES.len()).filter(|at| !named.contains(&Some(*at)));
        id_types.extend(unnamed.map(IdType::built_in));
        id_types.sort_by(|a, b| (a.country(), a.name()).cmp(&(b.country(), b.name())));
        Self { of_service: Some(id_types.into()) }
    }

    /// ID type of this name in this country; `None` if there is none. Both as in the API, in
    /// capitals.
    pub fn find(&self, country: &str, id_type: &str) -> Option<IdType> {
        match &self.of_service {
            None => place(country, id_type).map(IdType::built_in),
            Some(all) => {
                let at =
                    all.binary_search_by(|other| (other.country(), other.name()).cmp(&(country, id_type)));
                at.ok().map(|at| all[at].clone())
            }
        }
    }

    /// ID types of a country that were likely meant by an unknown name, the nearest first: at most
    /// three.
    ///
    /// ```
    /// use smile_core::catalogue::IdTypeCatalogue;
    ///
    /// let nearest = IdTypeCatalogue::built_in().nearest("KE", "PASSPORTT");
    /// assert_eq!(nearest.iter().map(|id_type| id_type.name()).collect::<Vec<_>>(), ["PASSPORT"]);
    /// ```
    pub fn nearest(&self, country: &str, id_type: &str) -> Vec<IdType> {
        let of_country: Vec<IdType> = self.of_country(country).collect();
        let names = nearest(id_type, of_country.iter().map(IdType::name));
        names.iter().filter_map(|name| self.find(country, name)).collect()
    }

    /// All ID types, in order of country and name.
    pub fn iter(&self) -> impl Iterator<Item = IdType> {
        let all = self.of_service.as_deref();
        let built_in = if all.is_some() { 0 } else { ID_TYPES.len() };
        (0..built_in).map(IdType::built_in).chain(all.unwrap_or_default().iter().cloned())
    }

    /// ID types of a country, in order of name; none for an unknown country.
    pub fn of_country(&self, country: &str) -> impl Iterator<Item = IdType> {
        self.iter().filter(move |id_type| id_type.country() == country)
    }
}

impl Default for IdTypeCatalogue {
    fn default() -> Self {
        Self::built_in()
    }
}

impl fmt::Debug for IdTypeCatalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Index among the built-in rows.
fn place(country: &str, id_type: &str) -> Option<usize> {
    ID_TYPES.binary_search_by(|row| (row.country, row.name).cmp(&(country, id_type))).ok()
}

/// Country, name and details of each ID type in an object of countries.
fn types<'a>(
    by_country: Option<&'a Map<String, Value>>,
    id_types: impl Fn(&'a Value) -> Option<&'a Map<String, Value>>,
) -> impl Iterator<Item = (&'a str, &'a str, &'a Value)> {
    by_country.into_iter().flatten().flat_map(move |(country, details)| {
        id_types(details)
            .into_iter()
            .flatten()
            .map(move |(name, details)| (country.as_str(), name.as_str(), details))
    })
}

/// Entry of an ID type, made from its products if there is none yet.
fn entry<'a, 'b>(
    all: &'b mut BTreeMap<(&'a str, &'a str), OfService>,
    country: &'a str,
    name: &'a str,
) -> &'b mut OfService {
    all.entry((country, name)).or_insert_with(|| {
        let row = place(country, name);
        let products = row.map_or([].as_slice(), |at| ID_TYPES[at].products);
        OfService {
            country: country.to_owned(),
            name: name.to_owned(),
            products: products.to_vec(),
            row,
            ..OfService::default()
        }
    })
}

fn required(fields: &[Value]) -> Vec<String> {
    let mut required: Vec<String> = Vec::new();
    for field in fields.iter().filter_map(Value::as_str) {
        if !IMPLIED.contains(&field) && !required.iter().any(|other| other == field) {
            required.push(field.to_owned());
        }
    }
    required
}
