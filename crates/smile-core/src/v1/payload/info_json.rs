//! `info.json`, in the full shape that the official SDKs send.

use std::cell::Cell;
use std::io::{self, BufWriter, Write};
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::value::RawValue;

use crate::v1::payload::packed_image::{Content, PackedImage};
use crate::v1::prep_upload::PreparedUpload;
use crate::v1::prep_upload::{FILE_NAME, WirePartnerParams};
use crate::{IdInfo, ImageType, Job, Partner, SignedTimestamp};

/// Image bytes in the form that they have in here.
pub(super) fn encode(bytes: &[u8]) -> Bytes {
    Bytes::from(STANDARD.encode(bytes))
}

/// Number of bytes that it will take, or a little more. Only what a partner adds may make it
/// longer.
pub(super) fn guess_bytes(images: &[PackedImage], prepared: &PreparedUpload) -> usize {
    let of_images: usize = images.iter().map(|image| 128 + inline(image).map_or(0, <[u8]>::len)).sum();
    4096 + of_images + prepared.raw().get().len()
}

/// Writes it. Returns where in it the images' texts are.
pub(super) fn write(
    writer: &mut dyn Write,
    partner: &Partner,
    job: &Job,
    images: &[PackedImage],
    prepared: &PreparedUpload,
    signed: &SignedTimestamp,
) -> Vec<Range<usize>> {
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
        images: images.iter().map(ImageEntry::new).collect(),
        server_information: prepared.raw(),
    };
    let written = Cell::new(0);
    let mut texts = Vec::new();
    let formatter = Texts { written: &written, found: &mut texts };
    // Most of it comes a few bytes at a time, and what is written has a checksum made of it.
    let buffered = BufWriter::with_capacity(4096, writer);
    let mut counted = CountingWriter { writer: buffered, written: &written };
    let serialized = info.serialize(&mut Serializer::with_formatter(&mut counted, formatter));
    serialized.expect("strings and numbers always serialise, and memory takes them");
    counted.flush().expect("memory takes it");
    texts
}

/// Writes bytes as a string, just as they are: they are base64, so there is nothing to escape, and
/// nothing to look for.
struct Texts<'a> {
    written: &'a Cell<usize>,
    found: &'a mut Vec<Range<usize>>,
}

impl Formatter for Texts<'_> {
    fn write_byte_array<W: ?Sized + Write>(&mut self, writer: &mut W, value: &[u8]) -> io::Result<()> {
        writer.write_all(b"\"")?;
        let start = self.written.get();
        writer.write_all(value)?;
        if !value.is_empty() {
            self.found.push(start..self.written.get());
        }
        writer.write_all(b"\"")
    }
}

/// A writer that says how much was written.
struct CountingWriter<'a, W> {
    writer: W,
    written: &'a Cell<usize>,
}

impl<W: Write> Write for CountingWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.written.set(self.written.get() + count);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
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
    #[serde(serialize_with = "as_text")]
    image: &'a [u8],
    file_name: &'a str,
}

impl<'a> ImageEntry<'a> {
    /// Either the name of a file in the zip, or the image itself; the other one is empty.
    fn new(image: &'a PackedImage) -> Self {
        let (image_type_id, inline) = (image.image_type, inline(image).unwrap_or_default());
        let file_name = if let Content::File(name) = &image.content { name } else { "" };
        Self { image_type_id, image: inline, file_name }
    }
}

fn inline(image: &PackedImage) -> Option<&[u8]> {
    if let Content::Inline(text) = &image.content { Some(text) } else { None }
}

fn as_text<S: serde::Serializer>(text: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(text)
}
