//! The submission in an uploaded zip: `info.json`, and the images that it lists.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::http::fields::{has_too_many_values, whole_number};
use crate::job::archive::{Archive, Corrupt};
use crate::job::record::ImageRecord;

/// The parsed content of one zip.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Submission {
    /// `info.json`, if there is a usable one.
    pub(crate) info: Option<Value>,
    /// The images in the order of `info.json`.
    #[serde(with = "crate::job::record::listed")]
    pub(crate) images: Vec<ImageRecord>,
    /// The ID number behind the consent session that `id_info` names in its place.
    pub(crate) number_of_session: Option<String>,
    /// `partner_params` of the latest prep upload before the zip. Results of this zip echo these,
    /// even if another prep upload came since.
    #[cfg_attr(feature = "state", serde(default))]
    pub(crate) partner_params: Option<Map<String, Value>>,
    /// The fields of `id_info` that are numbers, in digits; not every client quotes an ID number.
    numbers: BTreeMap<String, String>,
    /// The length of `info.json`.
    info_len: usize,
    /// The length of the zip, which is kept as long as one of its stored images is.
    zip_len: usize,
}

/// The image types of a selfie: in the zip, and in base64.
pub(crate) const SELFIE: [u8; 2] = [0, 2];
pub(crate) const ID_CARD_FRONT: [u8; 2] = [1, 3];
pub(crate) const LIVENESS: [u8; 2] = [4, 6];
pub(crate) const ID_CARD_BACK: [u8; 2] = [5, 7];

impl Submission {
    /// Reads a zip. Of `info.json` only `images` is required; all else in it is optional, and
    /// `misc_information` is not verified: the job is known by the upload address.
    pub(crate) fn read(zip: Bytes) -> Result<Self, Corrupt> {
        let zip_len = zip.len();
        let mut archive = Archive::open(zip)?;
        let Some(text) = archive.read("info.json")? else { return Ok(Self::default()) };
        if has_too_many_values(&text) {
            return Ok(Self::default());
        }
        let Ok(info) = serde_json::from_slice::<Value>(&text) else { return Ok(Self::default()) };
        let Some(rows) = info.get("images").and_then(Value::as_array) else { return Ok(Self::default()) };
        let mut images = Vec::new();
        for row in rows {
            images.extend(read_image(row, &mut archive)?);
        }
        let numbers = numbers_of(&info);
        Ok(Self { info: Some(info), images, numbers, info_len: text.len(), zip_len, ..Self::default() })
    }

    /// Approximate size in bytes.
    pub(crate) fn size(&self) -> usize {
        let images = self.images.iter().map(|image| image.bytes.len() + image.file_name.len());
        self.info_len + self.zip_len.max(images.sum())
    }

    /// The first usable image of one of these types.
    pub(crate) fn image(&self, types: [u8; 2]) -> Option<&ImageRecord> {
        self.images.iter().find(|image| types.contains(&image.image_type_id) && image.is_usable())
    }

    /// A non-empty string in `id_info`. The ID number may be that of a session.
    pub(crate) fn id_info(&self, name: &str) -> Option<&str> {
        let of_session = || self.number_of_session.as_deref().filter(|_| name == "id_number");
        self.in_id_info(name).or_else(of_session)
    }

    fn in_id_info(&self, name: &str) -> Option<&str> {
        let value = self.info.as_ref()?.get("id_info")?.get(name)?;
        let number = || self.numbers.get(name).map(String::as_str);
        value.as_str().or_else(number).filter(|text| !text.is_empty())
    }

    /// True if `id_info` says that an ID number was entered; a boolean in some SDKs, a string in
    /// others.
    pub(crate) fn is_entered(&self) -> bool {
        match self.info.as_ref().and_then(|info| info.get("id_info")?.get("entered")) {
            Some(Value::Bool(entered)) => *entered,
            Some(Value::String(entered)) => entered == "true",
            _ => false,
        }
    }
}

fn numbers_of(info: &Value) -> BTreeMap<String, String> {
    let id_info = info.get("id_info").and_then(Value::as_object);
    let digits = |(name, value): (&String, &Value)| Some((name.clone(), whole_number(value)?.to_string()));
    id_info.into_iter().flatten().filter(|(_, value)| value.is_number()).filter_map(digits).collect()
}

/// Reads one row of `images`. Types 0, 1, 4 and 5 are entries of the zip, 2, 3, 6 and 7 are base64
/// in the row itself; rows of any other type are ignored.
fn read_image(row: &Value, archive: &mut Archive) -> Result<Option<ImageRecord>, Corrupt> {
    let Some(image_type_id) = row.get("image_type_id").and_then(whole_number) else { return Ok(None) };
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let file_name = text("file_name");
    let bytes = match image_type_id {
        0 | 1 | 4 | 5 => archive.read(file_name)?.unwrap_or_default(),
        2 | 3 | 6 | 7 => decode(text("image")),
        _ => return Ok(None),
    };
    let image_type_id = image_type_id as u8;
    Ok(Some(ImageRecord::new(image_type_id, file_name.to_owned(), bytes)))
}

/// Decodes base64, with or without line breaks; empty if the text is not base64.
fn decode(text: &str) -> Bytes {
    let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(compact).unwrap_or_default().into()
}
