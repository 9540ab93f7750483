//! The images of a v3 submission: read, looked at, and made into parts.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::multipart::Multipart;
use crate::job::image::{ImageFormat, ImageSource, decode_base64, structure};
use crate::problem::ImageFault;
use crate::{Image, ImageRole, ProblemKind, ValidationReport};

/// The part that an image is sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImagePart {
    Selfie,
    Liveness,
    Comparison,
    Document,
    DocumentBack,
    Visa,
}

impl ImagePart {
    const fn name(self) -> &'static str {
        match self {
            Self::Selfie => "selfie_image",
            Self::Liveness => "liveness_images",
            Self::Comparison => "comparison_image",
            Self::Document => "document",
            Self::DocumentBack => "document_back",
            Self::Visa => "visa",
        }
    }

    /// The picture's role, for warnings about its quality.
    const fn role(self) -> ImageRole {
        match self {
            Self::Selfie | Self::Comparison => ImageRole::Selfie,
            Self::Liveness => ImageRole::Liveness,
            Self::Document | Self::Visa => ImageRole::IdCard,
            Self::DocumentBack => ImageRole::IdCardBack,
        }
    }

    const fn takes_png(self) -> bool {
        matches!(self, Self::Document | Self::DocumentBack | Self::Visa)
    }
}

/// The images of a submission, in the order in which they are sent.
#[derive(Clone, Default)]
pub(crate) struct Images(Vec<Entry>);

#[derive(Clone)]
struct Entry {
    part: ImagePart,
    content: Content,
}

#[derive(Clone)]
enum Content {
    ToRead(PathBuf),
    Bytes(Bytes),
    Faulty(ImageFault),
}

impl Images {
    pub(crate) fn add(&mut self, part: ImagePart, image: Image) {
        let content = match image.source {
            ImageSource::Path(path) => Content::ToRead(path),
            ImageSource::Bytes(bytes) => Content::Bytes(bytes),
            // The v3 API has no base64: what comes as text is sent as the file that it stands for.
            ImageSource::Base64(text) => {
                let text = std::str::from_utf8(&text).map_err(|_| ImageFault::NotBase64);
                match text.and_then(decode_base64) {
                    Ok(bytes) => Content::Bytes(bytes.into()),
                    Err(fault) => Content::Faulty(fault),
                }
            }
        };
        self.0.push(Entry { part, content });
    }

    pub(crate) fn add_frames(&mut self, frames: impl IntoIterator<Item = Image>) {
        for frame in frames {
            self.add(ImagePart::Liveness, frame);
        }
    }

    pub(crate) fn count(&self, part: ImagePart) -> usize {
        self.0.iter().filter(|entry| entry.part == part).count()
    }

    /// The file to read next.
    pub(crate) fn unread(&self) -> Option<&Path> {
        self.0.iter().find_map(|entry| match &entry.content {
            Content::ToRead(path) => Some(path.as_path()),
            _ => None,
        })
    }

    /// Takes in what came of reading it.
    pub(crate) fn read(&mut self, file: std::io::Result<Vec<u8>>) {
        let Some(entry) = self.0.iter_mut().find(|entry| matches!(entry.content, Content::ToRead(_))) else {
            return;
        };
        entry.content = match file {
            Ok(bytes) if bytes.len() as u64 > Image::MAX_FILE_BYTES => {
                Content::Faulty(ImageFault::FileTooLarge)
            }
            Ok(bytes) => Content::Bytes(bytes.into()),
            Err(error) => Content::Faulty(ImageFault::from_io(&error)),
        };
    }

    /// Checks everything that is known before any file is read.
    pub(crate) fn check(&self, found: &mut ValidationReport, frames: Frames) {
        for (field, entry) in self.with_fields() {
            if matches!(&entry.content, Content::ToRead(path) if path.as_os_str().is_empty()) {
                found.add(field, ProblemKind::Missing, "must name a file");
            }
        }
        let count = self.count(ImagePart::Liveness);
        let is_wanted = match frames {
            Frames::Needed => true,
            Frames::Optional => count != 0,
            Frames::None => false,
        };
        if is_wanted && !(LEAST_FRAMES..=MOST_FRAMES).contains(&count) {
            let rule = format!("must be {LEAST_FRAMES} to {MOST_FRAMES} frames, and there are {count}");
            let kind = if count == 0 { ProblemKind::Missing } else { ProblemKind::Malformed };
            found.add("liveness_images", kind, rule);
        }
    }

    /// Checks everything that is known once all files are read.
    pub(crate) fn check_read(&self, found: &mut ValidationReport) {
        for (field, entry) in self.with_fields() {
            let looked_at = match &entry.content {
                Content::ToRead(_) => Err(ImageFault::Unreadable),
                Content::Faulty(fault) => Err(*fault),
                Content::Bytes(bytes) => structure::of_bytes(bytes),
            };
            match looked_at {
                Ok(image) if image.format == ImageFormat::Png && !entry.part.takes_png() => {
                    found.add(field, ProblemKind::Image(ImageFault::NotJpeg), ImageFault::NotJpeg.rule());
                }
                Ok(image) => {
                    for fault in image.warnings(entry.part.role()) {
                        found.warn(field.as_str(), ProblemKind::Image(fault), fault.rule());
                    }
                }
                Err(fault) => found.add(field, ProblemKind::Image(fault), fault.rule()),
            }
        }
    }

    /// The parts, each file with a name of our own and the type that its bytes show.
    pub(crate) fn write(&self, parts: &mut Multipart) {
        let mut frames = 0;
        for entry in &self.0 {
            let Content::Bytes(bytes) = &entry.content else { continue };
            let is_png = bytes.starts_with(b"\x89PNG\r\n\x1a\n");
            let (content_type, ending) = if is_png { ("image/png", "png") } else { ("image/jpeg", "jpg") };
            let stem = match entry.part {
                ImagePart::Selfie => "selfie".to_owned(),
                ImagePart::Comparison => "comparison".to_owned(),
                ImagePart::Liveness => {
                    frames += 1;
                    format!("liveness_{frames}")
                }
                part => part.name().to_owned(),
            };
            parts.file(entry.part.name(), &format!("{stem}.{ending}"), content_type, bytes.clone());
        }
    }

    /// Each image with the field that it is, by its place among its kind.
    fn with_fields(&self) -> impl Iterator<Item = (String, &Entry)> {
        let mut frames = 0;
        self.0.iter().map(move |entry| {
            let name = entry.part.name();
            if entry.part != ImagePart::Liveness {
                return (name.to_owned(), entry);
            }
            frames += 1;
            (format!("{name}[{}]", frames - 1), entry)
        })
    }
}

/// A product's need of liveness frames.
#[derive(Clone, Copy)]
pub(crate) enum Frames {
    Needed,
    /// Without them nobody looks at whether the person was there.
    Optional,
    None,
}

const LEAST_FRAMES: usize = 6;
const MOST_FRAMES: usize = 8;

/// The largest size of a whole request, in bytes: 4.5 MB (Smile ID's documentation of v3).
pub(crate) const MOST_BYTES: usize = 4_718_592;

impl ValidationReport {
    /// The size of the whole request.
    pub(crate) fn request_size(&mut self, bytes: usize) {
        if bytes > MOST_BYTES {
            let rule = format!(
                "must not take more than {MOST_BYTES} bytes (4.5 MB) with the whole request, which has {bytes}: save the \
                 pictures as JPEG of quality 80 to 85, documents with 1500 to 2200 pixels on the longer side and liveness \
                 frames with 480 by 640"
            );
            self.add("images", ProblemKind::Image(ImageFault::TooLarge), rule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v3::testing::{JPEG, PNG};

    fn checked(images: &Images) -> Vec<String> {
        let mut found = ValidationReport::default();
        images.check_read(&mut found);
        found.problems.iter().map(ToString::to_string).collect()
    }

    fn only(part: ImagePart, image: Image) -> Images {
        let mut images = Images::default();
        images.add(part, image);
        images
    }

    #[test]
    fn a_png_is_taken_for_documents_alone() {
        for part in [ImagePart::Document, ImagePart::DocumentBack, ImagePart::Visa] {
            assert_eq!(checked(&only(part, Image::bytes(PNG))), [""; 0]);
        }
        for part in [ImagePart::Selfie, ImagePart::Liveness, ImagePart::Comparison] {
            let found = checked(&only(part, Image::bytes(PNG)));
            assert!(found.len() == 1 && found[0].contains("is a PNG"), "{found:?}");
        }
    }

    #[test]
    fn files_are_typed_by_their_bytes_and_never_by_their_names() {
        let mut parts = Multipart::new();
        let mut images = Images::default();
        images.add(ImagePart::Document, Image::bytes(PNG).with_file_name("card.jpg"));
        images.add(ImagePart::DocumentBack, Image::bytes(JPEG).with_file_name("back.png\"\r\nX: y"));
        images.write(&mut parts);
        let body = String::from_utf8_lossy(&parts.finish(1).1).into_owned();
        assert!(body.contains("filename=\"document.png\"\r\nContent-Type: image/png\r\n"));
        assert!(body.contains("filename=\"document_back.jpg\"\r\nContent-Type: image/jpeg\r\n"));
        assert!(!body.contains("card.jpg") && !body.contains("X: y"), "a caller's name stays here");
    }

    #[test]
    fn six_to_eight_frames_are_needed() {
        for (count, is_right) in [(0, false), (5, false), (6, true), (7, true), (8, true), (9, false)] {
            let mut images = Images::default();
            images.add_frames((0..count).map(|_| Image::bytes(JPEG)));
            let of = |frames| {
                let mut found = ValidationReport::default();
                images.check(&mut found, frames);
                found.problems.len()
            };
            assert_eq!(of(Frames::Needed), usize::from(!is_right), "{count}");
            assert_eq!(of(Frames::Optional), usize::from(!is_right && count != 0), "{count}");
        }
    }

    #[test]
    fn base64_is_sent_as_the_file_that_it_stands_for() {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(JPEG);
        let images = only(ImagePart::Selfie, Image::base64(format!("data:image/jpeg;base64,{text}")));
        assert_eq!(checked(&images), [""; 0]);
        let mut parts = Multipart::new();
        images.write(&mut parts);
        let body = parts.finish(1).1;
        assert!(body.windows(JPEG.len()).any(|window| window == JPEG));
        let found = checked(&only(ImagePart::Selfie, Image::base64("selfie.jpg")));
        assert_eq!(found, ["`selfie_image` is not base64"]);
    }

    #[test]
    fn what_a_file_lacks_is_named_with_its_part_and_place() {
        let mut images = Images::default();
        images.add_frames([Image::bytes(JPEG), Image::path("gone.jpg"), Image::bytes(&b""[..])]);
        assert_eq!(images.unread(), Some(Path::new("gone.jpg")));
        images.read(Err(std::io::ErrorKind::NotFound.into()));
        assert_eq!(images.unread(), None);
        assert_eq!(
            checked(&images),
            ["`liveness_images[1]` names a file that doesn't exist", "`liveness_images[2]` is empty"]
        );
    }

    #[test]
    fn a_request_of_more_than_4_5_mb_is_refused_with_the_way_out() {
        let mut found = ValidationReport::default();
        found.request_size(MOST_BYTES);
        assert_eq!(found.problems, []);
        found.request_size(MOST_BYTES + 1);
        let said = found.problems[0].to_string();
        assert!(said.contains("4718592 bytes (4.5 MB)") && said.contains("JPEG of quality"), "{said}");
    }
}
