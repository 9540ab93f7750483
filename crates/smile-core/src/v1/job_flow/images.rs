//! Notes on each image that was read.

use std::collections::VecDeque;

use crate::ImageRole;
use crate::flow::Event;
use crate::job::check::image_field;
use crate::problem::{ImageFault, Problem, ProblemKind};
use crate::v1::payload::AddedImage;

/// Reports an image that was read, or keeps its fault.
pub(super) fn note_image(
    added: Result<AddedImage, ImageFault>,
    index: usize,
    role: ImageRole,
    faults: &mut Vec<Problem>,
    events: &mut VecDeque<Event>,
) {
    match added {
        Ok(AddedImage { image_type, bytes, warnings }) => {
            events.push_back(Event::ImageRead { index, image_type, bytes });
            events.extend(warnings.into_iter().map(|fault| {
                let problem = Problem::new(image_field(index, role), ProblemKind::Image(fault), fault.rule());
                Event::Warning(problem)
            }));
        }
        Err(fault) => {
            faults.push(Problem::new(image_field(index, role), ProblemKind::Image(fault), fault.rule()));
        }
    }
}
