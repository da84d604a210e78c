//! Getting datasets: sources tried in order, checksums verified, files placed whole or not at all.
//!
//! A [`Package`] says which files make a dataset and where they can be had. [`fetch`] looks whether they
//! are in place (their checksums are computed every time: it takes less than a second, and no stamp can
//! lie about a file that was damaged), takes a lock so that two processes fetch once, tries the sources,
//! and moves each file to its place by a rename after its checksum has matched.

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

/// How to fetch.
#[derive(Clone, Debug, Default)]
pub struct FetchOptions {
    /// The only source to use: an archive, a folder with the files, or the URL of an archive.
    pub from: Option<String>,
    /// A URL or folder under which archives and files are looked for before their official place; without
    /// it, the environment variable `TAPER_MIRROR`.
    pub mirror: Option<String>,
    /// How long to wait for servers.
    pub patience: Patience,
    /// No progress bar, even on a terminal.
    pub quiet: bool,
}

/// What [`fetch`] did.
#[derive(Clone, Debug)]
pub struct Report {
    /// The folder that holds the files.
    pub folder: PathBuf,
    /// The files.
    pub files: Vec<PathBuf>,
    /// Where they came from; `None` when everything was in place.
    pub source: Option<String>,
    /// The sources that were tried before, and why they failed.
    pub failed: Vec<(String, String)>,
}

/// No source worked: what was tried, why it failed, and what to do by hand.
pub struct FetchError {
    /// The dataset.
    pub name: String,
    /// Each source with the reason why it failed.
    pub tried: Vec<(String, String)>,
    /// Which file to put where.
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
/// As [`fetch`].
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
        // Anew for each source: another process, or the source before, may have placed some.
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

/// The sources in order: the one that the user names; or what lies in `dir` already, the mirror, the
/// package's own.
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
