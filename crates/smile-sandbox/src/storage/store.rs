//! The state in a folder: `state.json`, and beside it the jobs and the images, each under its
//! digest.
//!
//! Every file is written under another name, flushed to the disk and then renamed, jobs and images
//! before the state that names them. As their names are their digests they never change, so
//! whenever the sandbox is killed, the folder has the old state or the new one. Files that the
//! state no longer names are removed, at the latest when the folder is opened again.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;

use crate::job::digest::digest;
use crate::job::jobs::Job;
use crate::state::State;
use crate::storage::error::{Problem, StateError};
use crate::storage::folder::{as_digest, files_in, is_unfinished, read_file, take, unfinished, write_file};
use crate::storage::snapshot::{Image, RestoreError, Snapshot, check_format, restore, state_json};
use crate::storage::system::{flush_folder, make_private_folder};

const JOBS: &str = "jobs";
const IMAGES: &str = "images";

/// The largest state, job or image in bytes: an upload has 64 MiB at most, and a state only names
/// jobs.
const MOST_BYTES: u64 = 512 << 20;

/// A state folder that nobody else is using.
pub(crate) struct Store {
    folder: PathBuf,
    /// The stored jobs, by their positions.
    jobs: BTreeMap<usize, Written>,
    /// The stored images, with the number of jobs that name each.
    images: BTreeMap<String, usize>,
    /// The lock on the folder, held for as long as this is open.
    _lock: File,
}

/// A job on the disk.
struct Written {
    digest: String,
    /// The digests of its images.
    images: Vec<String>,
}

impl Written {
    fn new(digest: String, job: &Job) -> Self {
        Self { digest, images: job.images().map(|(digest, _)| digest.to_owned()).collect() }
    }
}

/// A write that is pending.
pub(crate) struct Pending {
    state: Vec<u8>,
    images: BTreeMap<String, Bytes>,
    /// The positions of all existing jobs.
    kept: Range<usize>,
    /// The jobs that have changed.
    jobs: BTreeMap<usize, (Written, Vec<u8>)>,
}

impl Store {
    /// Opens a folder, which is created if needed, and restores the service from its content. A
    /// folder with files that isn't a sandbox's is refused.
    pub(crate) fn open(folder: &Path, service: &mut State) -> Result<Self, StateError> {
        let lock = take(folder)?;
        for name in [JOBS, IMAGES] {
            let path = folder.join(name);
            make_private_folder(&path).map_err(StateError::io(&path))?;
        }
        let mut store =
            Self { folder: folder.to_owned(), jobs: BTreeMap::new(), images: BTreeMap::new(), _lock: lock };
        let path = store.state();
        match read_file(&path, MOST_BYTES) {
            Ok(text) => store.restore(&text, service)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StateError::io(&path)(error)),
        }
        store.remove_leftovers().map_err(StateError::io(folder))?;
        Ok(store)
    }

    fn restore(&mut self, text: &[u8], service: &mut State) -> Result<(), StateError> {
        let path = self.state();
        let unusable =
            |error: &serde_json::Error| StateError::unusable(&path)(RestoreError::unreadable(error));
        let mut state: Value = serde_json::from_slice(text).map_err(|error| unusable(&error))?;
        check_format(&state).map_err(StateError::unusable(&path))?;
        let written = read_all(&self.folder.join(JOBS))?;
        let mut digests = Vec::new();
        if let Some(jobs) = state.get_mut("jobs").and_then(Value::as_array_mut) {
            for job in jobs {
                let digest = job.as_str().unwrap_or_default().to_owned();
                let Some(text) = written.get(&digest) else {
                    let reason = format!("the job {digest} is not there");
                    return Err(StateError::unusable(&path)(RestoreError::Damaged { reason }));
                };
                *job = serde_json::from_slice(text).map_err(|error| unusable(&error))?;
                digests.push(digest);
            }
        }
        let images = read_all(&self.folder.join(IMAGES))?;
        let images = images.into_iter().map(|(digest, bytes)| (digest, Image(bytes))).collect();
        restore(service, Snapshot { state, images }).map_err(StateError::unusable(&path))?;
        service.jobs.changed.clear();
        for (position, digest) in service.jobs.positions().zip(digests) {
            self.note(position, Written::new(digest, service.jobs.at(position)));
        }
        Ok(())
    }

    /// The pending write for a service, to be carried out before the next call.
    pub(crate) fn pending(&mut self, service: &mut State) -> Result<Pending, StateError> {
        let path = self.state();
        let unwritable = |error: serde_json::Error| StateError::io(&path)(error.into());
        let (mut jobs, mut images) = (BTreeMap::new(), BTreeMap::new());
        let kept = service.jobs.positions();
        let name = |position| self.jobs.get(&position).map_or_else(String::new, |job| job.digest.clone());
        let mut names: Vec<String> = kept.clone().map(name).collect();
        for &position in service.jobs.changed.range(kept.clone()) {
            let text = serde_json::to_vec(service.jobs.at(position)).map_err(unwritable)?;
            let digest = digest(&text);
            if names[position - kept.start] != digest {
                names[position - kept.start].clone_from(&digest);
                jobs.insert(position, (Written::new(digest, service.jobs.at(position)), text));
            }
            let all = service.jobs.at(position).images();
            let new = all.filter(|(digest, _)| !self.images.contains_key(*digest));
            images.extend(new.map(|(digest, bytes)| (digest.to_owned(), bytes.clone())));
        }
        let state = state_json(service, &names).map_err(unwritable)?;
        Ok(Pending { state, images, kept, jobs })
    }

    /// Carries out a write. When this returns, it is on the disk.
    pub(crate) fn write(&mut self, pending: Pending) -> Result<(), StateError> {
        let images = pending.images.iter().map(|(digest, bytes)| (digest, bytes.as_ref()));
        self.write_all(IMAGES, images)?;
        let jobs = pending.jobs.values().map(|(job, text)| (&job.digest, text.as_slice()));
        self.write_all(JOBS, jobs)?;
        let path = self.state();
        write_file(&path, &pending.state).map_err(StateError::io(&path))?;
        flush_folder(&self.folder).map_err(StateError::io(&self.folder))?;
        let old =
            self.replace(pending.jobs.into_iter().map(|(position, (job, _))| (position, job)), &pending.kept);
        self.remove_unnamed(old);
        Ok(())
    }

    /// Records a job that is on the disk, with its images, and returns the one that it replaces.
    fn note(&mut self, position: usize, job: Written) -> Option<Written> {
        for image in &job.images {
            *self.images.entry(image.clone()).or_default() += 1;
        }
        self.jobs.insert(position, job)
    }

    /// Records the jobs that were written, and returns those that the state no longer names.
    fn replace(&mut self, new: impl Iterator<Item = (usize, Written)>, kept: &Range<usize>) -> Vec<Written> {
        let mut old: Vec<Written> = Vec::new();
        for (position, job) in new {
            old.extend(self.note(position, job));
        }
        let (named, forgotten): (_, BTreeMap<usize, Written>) =
            std::mem::take(&mut self.jobs).into_iter().partition(|(position, _)| kept.contains(position));
        self.jobs = named;
        old.extend(forgotten.into_values());
        old
    }

    /// Removes the files of these jobs, and of the images that only they had. Files that stay are
    /// removed when the folder is opened the next time.
    fn remove_unnamed(&mut self, old: Vec<Written>) {
        if old.is_empty() {
            return;
        }
        // The same job can come again after a reset.
        let named: BTreeSet<&str> = self.jobs.values().map(|job| job.digest.as_str()).collect();
        for job in &old {
            if !named.contains(job.digest.as_str()) {
                let _ = fs::remove_file(self.folder.join(JOBS).join(&job.digest));
            }
        }
        for image in old.into_iter().flat_map(|job| job.images) {
            if let Entry::Occupied(mut times) = self.images.entry(image) {
                *times.get_mut() -= 1;
                if *times.get() == 0 {
                    let (image, _) = times.remove_entry();
                    let _ = fs::remove_file(self.folder.join(IMAGES).join(image));
                }
            }
        }
    }

    /// Writes files under their digests.
    fn write_all<'a>(
        &self,
        name: &str,
        files: impl Iterator<Item = (&'a String, &'a [u8])>,
    ) -> Result<(), StateError> {
        let folder = self.folder.join(name);
        let mut is_changed = false;
        for (digest, bytes) in files {
            let path = folder.join(digest);
            write_file(&path, bytes).map_err(StateError::io(&path))?;
            is_changed = true;
        }
        if is_changed { flush_folder(&folder).map_err(StateError::io(&folder)) } else { Ok(()) }
    }

    fn state(&self) -> PathBuf {
        self.folder.join("state.json")
    }

    /// Removes files that nothing refers to any more, and ones that were cut short by a kill.
    fn remove_leftovers(&self) -> io::Result<()> {
        let jobs: BTreeSet<&str> = self.jobs.values().map(|job| job.digest.as_str()).collect();
        let images: BTreeSet<&str> = self.images.keys().map(String::as_str).collect();
        for (name, wanted) in [(JOBS, &jobs), (IMAGES, &images)] {
            for path in files_in(&self.folder.join(name))? {
                let is_unnamed = as_digest(&path).is_some_and(|digest| !wanted.contains(digest));
                if is_unnamed || is_unfinished(&path) {
                    fs::remove_file(path)?;
                }
            }
        }
        match fs::remove_file(unfinished(&self.state())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Reads all files in a folder that are named by their digests. Files with other names belong to
/// somebody else.
fn read_all(folder: &Path) -> Result<BTreeMap<String, Bytes>, StateError> {
    let mut files = BTreeMap::new();
    for path in files_in(folder).map_err(StateError::io(folder))? {
        let Some(name) = as_digest(&path).map(str::to_owned) else { continue };
        let bytes = read_file(&path, MOST_BYTES).map_err(StateError::io(&path))?;
        if digest(&bytes) != name {
            return Err(StateError { path, problem: Problem::Changed });
        }
        files.insert(name, bytes.into());
    }
    Ok(files)
}
