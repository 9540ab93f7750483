//! Payload of an upload: `info.json` and the images, in one zip.

mod info_json;
mod names;
mod packed_image;
mod zip;

use bytes::Bytes;

use crate::job::image::structure::{self, Structure};
use crate::job::image::{ImageSource, canonical_base64, decode_base64, was_likely_cut};
use crate::v1::payload::names::Names;
use crate::v1::payload::packed_image::{Content, PackedImage};
use crate::v1::prep_upload::PreparedUpload;
use crate::{Image, ImageEncoding, ImageFault, ImageRole, ImageType, Job, Partner, SignedTimestamp};

/// The most that the images of a job may take in its zip. Sizes have 32 bits there; the other half
/// is for what isn't an image.
const MOST_BYTES: usize = 2 << 30;

/// A job's images as they come in, each looked at, and put into the form in which it is uploaded.
#[derive(Default)]
pub(crate) struct Package {
    images: Vec<PackedImage>,
    names: Names,
    files: zip::Files,
    /// Size of the images in the zip.
    bytes: usize,
}

/// An image that is in the package.
pub(crate) struct AddedImage {
    pub(crate) image_type: ImageType,
    pub(crate) bytes: usize,
    /// Faults to warn of.
    pub(crate) warnings: Vec<ImageFault>,
}

impl AddedImage {
    fn new(role: ImageRole, image: &Image, structure: &Structure) -> Result<Self, ImageFault> {
        let warnings: Vec<ImageFault> = structure.warnings(role).collect();
        if let ImageSource::Base64(text) = &image.source
            && warnings.contains(&ImageFault::NoEnd)
            && was_likely_cut(text)
        {
            return Err(ImageFault::CutBase64);
        }
        Ok(Self { image_type: ImageType::new(role, image.encoding), bytes: structure.bytes(), warnings })
    }
}

/// Facts about the images after one, so that there is room for them.
#[derive(Clone, Copy, Default)]
pub(crate) struct ToCome {
    /// The sizes of those that are here.
    bytes: usize,
    /// Number of files on disk that show the same, and so are likely as large.
    alike: usize,
}

impl ToCome {
    /// Bytes reserved for a file's headers and name.
    const BESIDE: usize = 256;

    /// Images that come after this one of the job.
    pub(crate) fn after(job: &Job, index: usize) -> Self {
        let mut to_come = Self::default();
        let (before, after) = job.images.split_at(index + 1);
        let role = before.last().map(|(role, _)| *role);
        for (next, image) in after.iter().filter(|(_, image)| image.encoding == ImageEncoding::File) {
            match &image.source {
                ImageSource::Bytes(bytes) => to_come.bytes += bytes.len() + Self::BESIDE,
                ImageSource::Base64(text) => to_come.bytes += text.len() / 4 * 3 + Self::BESIDE,
                ImageSource::Path(_) => to_come.alike += usize::from(role == Some(*next)),
            }
        }
        to_come
    }
}

impl Package {
    /// Adds an image, from bytes that were read for it or that it carries itself.
    pub(crate) fn add(
        &mut self,
        role: ImageRole,
        image: &Image,
        read: Option<&[u8]>,
        to_come: ToCome,
    ) -> Result<AddedImage, ImageFault> {
        let image_type = ImageType::new(role, image.encoding);
        let decoded: Vec<u8>;
        let bytes = match (&image.source, read) {
            (_, Some(bytes)) => bytes,
            (ImageSource::Bytes(bytes), None) => bytes,
            (ImageSource::Base64(text), None) if image.encoding == ImageEncoding::Base64 => {
                let text = canonical_base64(text)?;
                let structure = structure::of_base64(&text)?;
                let added = AddedImage::new(role, image, &structure)?;
                self.count(text.len())?;
                self.images.push(PackedImage { image_type, content: Content::Inline(text) });
                return Ok(added);
            }
            (ImageSource::Base64(text), None) => {
                let text = std::str::from_utf8(text).map_err(|_| ImageFault::NotBase64)?;
                decoded = decode_base64(text)?;
                &decoded
            }
            (ImageSource::Path(_), None) => return Err(ImageFault::FileMissing),
        };
        if read.is_some() && bytes.len() as u64 > Image::MAX_FILE_BYTES {
            return Err(ImageFault::FileTooLarge);
        }
        let structure = structure::of_bytes(bytes)?;
        let added = AddedImage::new(role, image, &structure)?;
        self.count(bytes.len())?;
        let content = match image.encoding {
            ImageEncoding::File => {
                let name = self.names.unique(image.name.as_deref(), role, structure.format);
                let to_come = to_come.bytes + to_come.alike * (bytes.len() + ToCome::BESIDE);
                self.files.push(&name, bytes, to_come)?;
                Content::File(name)
            }
            ImageEncoding::Base64 => Content::Inline(info_json::encode(bytes)),
        };
        self.images.push(PackedImage { image_type, content });
        Ok(added)
    }

    fn count(&mut self, bytes: usize) -> Result<(), ImageFault> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes < MOST_BYTES { Ok(()) } else { Err(ImageFault::TooLarge) }
    }

    /// All images are here.
    pub(crate) fn complete(&mut self) {
        self.files.all_here();
    }

    /// Builds the zip. The same job, images, answer and timestamp give the same bytes.
    ///
    /// The images are held as parts of it from here on, so that there is one copy of them in
    /// memory.
    pub(crate) fn build(
        &mut self,
        partner: &Partner,
        job: &Job,
        prepared: &PreparedUpload,
        signed: &SignedTimestamp,
    ) -> Bytes {
        let Self { images, files, .. } = self;
        let mut inline = Vec::new();
        let guess = info_json::guess_bytes(images, prepared);
        let (zip, info) =
            files.zip(guess, |zip| inline = info_json::write(zip, partner, job, images, prepared, signed));
        let texts = images.iter_mut().filter_map(|image| match &mut image.content {
            Content::Inline(text) => Some(text),
            Content::File(_) => None,
        });
        for (text, range) in texts.zip(inline) {
            *text = zip.slice(info.start + range.start..info.start + range.end);
        }
        zip
    }
}
