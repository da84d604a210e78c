//! CIFAR-10's files, good and bad.

use std::{fs, path::Path};
use taper_data::{Cifar10, Dataset, Split, Storage};

/// A batch file of 10,000 records: picture `i` of file `n` is all `i % 256` but for its first pixel, `n`.
pub fn batch_file(n: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(30_730_000);
    for i in 0..10_000usize {
        bytes.push((i % 10) as u8);
        bytes.push(n);
        bytes.resize(bytes.len() + 3071, (i % 256) as u8);
    }
    bytes
}

fn message(dir: &Path) -> String {
    Cifar10::test(dir).unwrap_err().to_string()
}

#[test]
fn reads_the_official_format() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("cifar-10-batches-bin");
    fs::create_dir(&folder).unwrap();
    for n in 1..=5 {
        fs::write(folder.join(format!("data_batch_{n}.bin")), batch_file(n)).unwrap();
    }
    fs::write(folder.join("test_batch.bin"), batch_file(9)).unwrap();
    for storage in [Storage::Memory, Storage::Disk] {
        let train = Cifar10::open(dir.path(), Split::Train, storage).unwrap();
        assert_eq!((train.len(), train.labels()[12_345]), (50_000, 5));
        for index in [0, 9_999, 10_000, 12_345, 49_999] {
            let (image, label) = train.at(index).unwrap();
            assert_eq!((image.size(), label), ([3, 32, 32], (index % 10) as i64));
            assert_eq!(image.pixel(0, 0, 0), (1 + index / 10_000) as f32);
            assert_eq!(image.pixel(2, 31, 31), (index % 10_000 % 256) as f32);
        }
        assert!(train.at(50_000).is_err());
        // The folder itself will do, too.
        let test = Cifar10::open(&folder, Split::Test, storage).unwrap();
        assert_eq!((test.len(), test.at(3).unwrap().0.pixel(0, 0, 0)), (10_000, 9.0));
    }
}

#[test]
fn says_what_is_wrong_with_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let text = message(dir.path());
    assert!(text.contains("test_batch.bin: the file is missing") && text.contains("fetch cifar10"), "{text}");
    let file = dir.path().join("test_batch.bin");
    let mut bytes = batch_file(0);
    bytes[3073 * 4321] = 10;
    fs::write(&file, &bytes).unwrap();
    assert!(message(dir.path()).ends_with("test_batch.bin: record 4321 has label 10, expected 0 to 9"));
    bytes[3073 * 4321] = 0;
    fs::write(&file, &bytes[..3073 * 9_999]).unwrap();
    assert!(message(dir.path()).contains("the file is cut short: 30726927 bytes, expected 30730000"));
    bytes.push(0);
    fs::write(&file, &bytes).unwrap();
    assert!(message(dir.path()).contains("the file is too long"));
    fs::write(&file, []).unwrap();
    assert!(message(dir.path()).contains("cut short: 0 bytes"));
}

#[test]
fn a_file_that_shrinks_later_is_an_error_of_the_sample() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("test_batch.bin");
    fs::write(&file, batch_file(0)).unwrap();
    let test = Cifar10::open(dir.path(), Split::Test, Storage::Disk).unwrap();
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(3073 * 5000).unwrap();
    assert!(test.at(4999).is_ok());
    assert!(test.at(5000).unwrap_err().to_string().starts_with("cannot read"));
}
