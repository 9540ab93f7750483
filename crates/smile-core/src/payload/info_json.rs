//! `info.json`, in the full shape that the official SDKs send.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use super::LoadedImage;
use crate::operation::PreparedUpload;
use crate::operation::prep_upload::{FILE_NAME, WirePartnerParams};
use crate::{IdInfo, ImageEncoding, ImageType, Job, Partner, SignedTimestamp};

pub(super) fn build(
    partner: &Partner,
    job: &Job,
    images: &[LoadedImage],
    names: &[Option<String>],
    prepared: &PreparedUpload,
    signed: &SignedTimestamp,
) -> Vec<u8> {
    let callback_url = job.callback_for(partner).map_or("", |url| url.as_str());
    let info = InfoJson {
        package_information: PackageInformation {
            api_version: ApiVersion { build_number: 0, major_version: 2, minor_version: 0 },
            language: partner.source_sdk(),
        },
        misc_information: MiscInformation {
            signature: signed.signature(),
            timestamp: signed.timestamp(),
            retry: "false",
            partner_params: WirePartnerParams::new(job),
            file_name: FILE_NAME,
            smile_client_id: partner.id().as_str(),
            callback_url,
            user_data: UserData { country_code: "+", ..UserData::default() },
        },
        id_info: &job.id_info,
        images: images
            .iter()
            .zip(names)
            .map(|(image, name)| ImageEntry::new(image, name.as_deref()))
            .collect(),
        server_information: prepared.raw(),
    };
    // One allocation for the bulk of it, where images travel as base64.
    let base64_bytes: usize = images
        .iter()
        .filter(|image| image.encoding == ImageEncoding::Base64)
        .map(|image| image.bytes.len())
        .sum();
    let mut json =
        Vec::with_capacity(4096 + base64_bytes / 3 * 4 + 4 * images.len() + prepared.raw().get().len());
    serde_json::to_writer(&mut json, &info).expect("strings and numbers always serialise");
    json
}

#[derive(Serialize)]
struct InfoJson<'a> {
    package_information: PackageInformation<'a>,
    misc_information: MiscInformation<'a>,
    id_info: &'a IdInfo,
    images: Vec<ImageEntry<'a>>,
    server_information: &'a RawValue,
}

#[derive(Serialize)]
struct PackageInformation<'a> {
    #[serde(rename = "apiVersion")]
    api_version: ApiVersion,
    language: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiVersion {
    build_number: u8,
    major_version: u8,
    minor_version: u8,
}

#[derive(Serialize)]
struct MiscInformation<'a> {
    signature: &'a str,
    timestamp: &'a str,
    retry: &'a str,
    partner_params: WirePartnerParams<'a>,
    file_name: &'a str,
    smile_client_id: &'a str,
    callback_url: &'a str,
    #[serde(rename = "userData")]
    user_data: UserData,
}

/// Always empty, as in the other SDKs.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct UserData {
    is_verified_process: bool,
    name: &'static str,
    #[serde(rename = "fbUserID")]
    fb_user_id: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    gender: &'static str,
    email: &'static str,
    phone: &'static str,
    country_code: &'static str,
    country_name: &'static str,
}

#[derive(Serialize)]
struct ImageEntry<'a> {
    image_type_id: ImageType,
    #[serde(serialize_with = "as_base64")]
    image: &'a [u8],
    file_name: &'a str,
}

impl<'a> ImageEntry<'a> {
    /// Either the name of a file in the zip, or the bytes themselves; the other one is empty.
    fn new(image: &'a LoadedImage, name: Option<&'a str>) -> Self {
        let inline: &[u8] = if name.is_some() { &[] } else { &image.bytes };
        Self { image_type_id: image.image_type(), image: inline, file_name: name.unwrap_or_default() }
    }
}

fn as_base64<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}
