//! What is uploaded: `info.json` and the images, in one zip.

mod info_json;
mod names;
mod zip;

use bytes::Bytes;

use crate::image::{ImageFormat, ImageSource, decode_base64, sniff};
use crate::operation::PreparedUpload;
use crate::{ImageEncoding, ImageFault, ImageRole, ImageType, Job, Partner, SignedTimestamp};

/// An image whose bytes are here and have been looked at.
#[derive(Clone)]
pub(crate) struct LoadedImage {
    pub(crate) role: ImageRole,
    pub(crate) encoding: ImageEncoding,
    name: Option<String>,
    format: ImageFormat,
    pub(crate) bytes: Bytes,
}

impl LoadedImage {
    /// The image, from bytes that were read for it or that it carries itself.
    pub(crate) fn new(
        role: ImageRole,
        image: &crate::Image,
        read: Option<Bytes>,
    ) -> Result<Self, ImageFault> {
        let bytes = match (&image.source, read) {
            (_, Some(bytes)) => bytes,
            (ImageSource::Bytes(bytes), None) => bytes.clone(),
            (ImageSource::Base64(text), None) => Bytes::from(decode_base64(text)?),
            (ImageSource::Path(_), None) => return Err(ImageFault::FileMissing),
        };
        let format = sniff(&bytes)?;
        Ok(Self { role, encoding: image.encoding, name: image.name.clone(), format, bytes })
    }

    pub(crate) fn image_type(&self) -> ImageType {
        ImageType::new(self.role, self.encoding)
    }
}

/// Builds the zip. The same job, images, answer and timestamp give the same bytes.
pub(crate) fn build(
    partner: &Partner,
    job: &Job,
    images: &[LoadedImage],
    prepared: &PreparedUpload,
    signed: &SignedTimestamp,
) -> Bytes {
    let names = names::unique(images);
    let info = info_json::build(partner, job, images, &names, prepared, signed);
    let files =
        images.iter().zip(&names).filter_map(|(image, name)| Some((name.as_deref()?, &image.bytes[..])));
    let entries: Vec<(&str, &[u8])> = std::iter::once(("info.json", &info[..])).chain(files).collect();
    Bytes::from(zip::stored(&entries))
}
