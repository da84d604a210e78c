//! MNIST's format, CIFAR-100, Python's pickles, folders of pictures; and ten thousand damaged files.

use flate2::{Compression, write::GzEncoder};
use std::{fs, io::Write, path::Path};
use taper_data::{
    Cifar10, Cifar100, Dataset, FashionMnist, Image, ImageFolder, Kmnist, Mnist, Rng, Split, Storage,
};

/// An IDX file of bytes.
fn idx(dims: &[u32], values: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|dim| file.extend(dim.to_be_bytes()));
    file.extend(values);
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// 12 pictures of 3x4: number `i` is all `10 i`, with label `i % 10`.
fn small_set() -> [Vec<u8>; 2] {
    let values: Vec<u8> = (0..12).flat_map(|i| [10 * i; 12]).collect();
    [idx(&[12, 3, 4], &values), idx(&[12], &(0..12).map(|i| i % 10).collect::<Vec<u8>>())]
}

fn write(folder: &Path, prefix: &str, [images, labels]: [&[u8]; 2], ending: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(format!("{prefix}-images-idx3-ubyte{ending}")), images).unwrap();
    fs::write(folder.join(format!("{prefix}-labels-idx1-ubyte{ending}")), labels).unwrap();
}

#[test]
fn mnist_packed_and_unpacked_in_all_layouts() {
    let [images, labels] = small_set();
    let packed = [gzip(&images), gzip(&labels)];
    for (folder, packs) in [("mnist", false), ("mnist", true), ("MNIST/raw", false), ("", true)] {
        let dir = tempfile::tempdir().unwrap();
        let files = if packs { [&packed[0][..], &packed[1]] } else { [&images[..], &labels] };
        write(&dir.path().join(folder), "train", files, if packs { ".gz" } else { "" });
        for storage in [Storage::Memory, Storage::Disk] {
            let set = Mnist::open(dir.path(), Split::Train, storage).unwrap();
            let (image, label) = set.at(11).unwrap();
            assert_eq!((set.len(), image.size(), label), (12, [1, 3, 4], 1));
            assert_eq!(image.bytes(), Some(&[110; 12][..]));
        }
        let message = Mnist::test(dir.path()).unwrap_err().to_string();
        assert!(
            message.contains("t10k-images-idx3-ubyte: the file is missing: `cargo xtask fetch mnist`"),
            "{message}"
        );
    }
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("fashion-mnist"), "t10k", [&images, &labels], "");
    write(&dir.path().join("KMNIST/raw"), "t10k", [&packed[0], &packed[1]], ".gz");
    assert_eq!(FashionMnist::test(dir.path()).unwrap().labels().len(), 12);
    assert_eq!(Kmnist::test(dir.path()).unwrap().labels()[3], 3);
}

#[test]
fn what_is_wrong_with_an_idx_file() {
    let dir = tempfile::tempdir().unwrap();
    let [images, labels] = small_set();
    let message = |images: &[u8], labels: &[u8]| {
        write(dir.path(), "train", [images, labels], "");
        Mnist::train(dir.path()).unwrap_err().to_string()
    };
    assert!(message(&labels, &labels).contains("magic number 0x00000801, expected 0x00000803"));
    assert!(message(&images[..9], &labels).contains("its header ends early"));
    assert!(message(&images[..100], &labels).contains("cut short: 84 values, [12, 3, 4] announced"));
    assert!(message(&[&images[..], b"x"].concat(), &labels).contains("too long"));
    assert!(message(&idx(&[u32::MAX; 3], &[]), &labels).contains("too large"));
    assert!(message(&idx(&[1 << 20, 1 << 5, 1 << 5], &[]), &labels).contains("cut short: 0 values"));
    assert!(message(&images, &idx(&[11], &[0; 11])).contains("11 labels for the 12 pictures"));
    assert!(
        message(&images, &idx(&[12], &[[0; 11].as_slice(), &[10]].concat()))
            .contains("record 11 has label 10")
    );
    let packed = gzip(&images);
    assert!(message(&packed[..packed.len() - 12], &labels).contains("cannot be unpacked"));
}

/// A batch as Python 2 pickled it, with protocol 2.
fn pickle(data: &[u8], shape: [u16; 2], key: &str, labels: &[u8]) -> Vec<u8> {
    let mut out = b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U".to_vec();
    out.extend([key.len() as u8]);
    out.extend(key.as_bytes());
    out.extend(b"q\x04]q\x05(");
    labels.iter().for_each(|&label| out.extend([b'K', label]));
    out.extend(b"eU\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09");
    out.extend(b"(K\x01");
    shape.iter().for_each(|dim| {
        out.push(b'M');
        out.extend(dim.to_le_bytes());
    });
    out.extend(b"\x86cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out.extend(b"tbU\x09filenamesq\x0c]q\x0d(U\x05a.pngq\x0eh\x0eeu.");
    out
}

#[test]
fn cifar_in_pythons_format() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("cifar-10-batches-py");
    fs::create_dir(&folder).unwrap();
    let data: Vec<u8> = (0..10_000).flat_map(|i| [(i % 251) as u8; 3072]).collect();
    let labels: Vec<u8> = (0..10_000).map(|i| (i % 10) as u8).collect();
    let good = pickle(&data, [10_000, 3072], "labels", &labels);
    fs::write(folder.join("test_batch"), &good).unwrap();
    let test = Cifar10::test(dir.path()).unwrap();
    let (image, label) = test.at(7_777).unwrap();
    assert_eq!((test.len(), label, image.pixel(2, 31, 31)), (10_000, 7, (7_777 % 251) as f32));
    assert!(
        Cifar10::train(dir.path()).unwrap_err().to_string().contains("data_batch_1.bin: the file is missing")
    );

    let message = |bytes: &[u8]| {
        fs::write(folder.join("test_batch"), bytes).unwrap();
        Cifar10::test(dir.path()).unwrap_err().to_string()
    };
    assert!(message(&good[..good.len() / 2]).contains("no pickle of a CIFAR batch: cannot be read at byte"));
    assert!(message(&pickle(&data[..3072], [1, 3072], "labels", &labels)).contains("3072 bytes of pictures"));
    assert!(message(&pickle(&data, [10_000, 3072], "label", &labels)).contains("no list `labels`"));
    let mut wrong = labels.clone();
    wrong[99] = 12;
    assert!(message(&pickle(&data, [10_000, 3072], "labels", &wrong)).contains("record 99 has label 12"));
    // What a malicious one would do: name a command to run, nest without end, double and double again.
    assert!(message(b"cos\nsystem\n(U\x04exittR.").contains("no array `data`"));
    assert!(message(b"cos\nsystem\n(U\x04exit\x85R.").contains("cannot be read at byte 19"));
    assert!(
        message(&[b"N".to_vec(), vec![0x85; 100_000], b".".to_vec()].concat()).contains("cannot be read")
    );
    let doubling: Vec<u8> = (0..60u8).flat_map(|n| [b'q', n + 1, b'h', n + 1, 0x86]).collect();
    assert!(message(&[b"Nq\0".to_vec(), doubling, b".".to_vec()].concat()).contains("cannot be read"));
}

#[test]
fn cifar_100() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = Vec::with_capacity(30_740_000);
    for i in 0..10_000 {
        bytes.extend([(i % 20) as u8, (i % 100) as u8]);
        bytes.resize(bytes.len() + 3072, (i % 256) as u8);
    }
    fs::write(dir.path().join("test.bin"), &bytes).unwrap();
    let test = Cifar100::test(dir.path()).unwrap();
    let (image, label) = test.at(4_321).unwrap();
    assert_eq!((label, image.pixel(0, 0, 0), image.pixel(2, 31, 31)), (21, 225.0, 225.0));
    assert_eq!((Cifar100::CLASSES[0], Cifar100::CLASSES[99]), ("apple", "worm"));
    bytes[3074 * 5 + 1] = 100;
    fs::write(dir.path().join("test.bin"), &bytes).unwrap();
    let message = Cifar100::test(dir.path()).unwrap_err().to_string();
    assert!(message.contains("record 5 has label 100, expected 0 to 99"), "{message}");
}

fn picture(side: usize, value: u8) -> Image {
    Image::new([3, side, side], vec![value; 3 * side * side]).unwrap()
}

#[test]
fn folders_of_pictures() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["dog", "cat/kitten"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    picture(4, 10).save(dir.path().join("dog/b.png")).unwrap();
    picture(5, 20).save(dir.path().join("dog/a.JPG")).unwrap();
    picture(6, 30).save(dir.path().join("cat/kitten/z.jpeg")).unwrap();
    Image::new([1, 2, 2], vec![40; 4]).unwrap().save(dir.path().join("cat/grey.png")).unwrap();
    fs::write(dir.path().join("dog/notes.txt"), "no picture").unwrap();
    fs::write(dir.path().join("readme.png"), "in no class").unwrap();
    let set = ImageFolder::new(dir.path()).unwrap();
    assert_eq!(set.classes(), ["cat", "dog"]);
    let seen: Vec<_> =
        (0..set.len()).map(|i| set.at(i).unwrap()).map(|(image, label)| (image.size(), label)).collect();
    assert_eq!(seen, [([3, 2, 2], 0), ([3, 6, 6], 0), ([3, 5, 5], 1), ([3, 4, 4], 1)]);
    assert_eq!(set.at(3).unwrap().0.bytes(), Some(&[10; 48][..]));

    fs::write(dir.path().join("dog/c.png"), "no picture").unwrap();
    let message = ImageFolder::new(dir.path()).unwrap().at(4).unwrap_err().to_string();
    assert!(message.contains("c.png: "), "{message}");
    fs::create_dir(dir.path().join("eel")).unwrap();
    let message = ImageFolder::new(dir.path()).unwrap_err().to_string();
    assert!(message.contains("eel: no PNG or JPEG file for this class"), "{message}");
    assert!(
        ImageFolder::new(dir.path().join("eel")).unwrap_err().to_string().contains("each class needs one")
    );
    assert!(
        ImageFolder::new(dir.path().join("none")).unwrap_err().to_string().contains("cannot read folder")
    );
}

#[cfg(unix)]
#[test]
fn folders_in_a_circle() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("cat")).unwrap();
    std::os::unix::fs::symlink(dir.path(), dir.path().join("cat/home")).unwrap();
    let message = ImageFolder::new(dir.path()).unwrap_err().to_string();
    assert!(message.contains("a link in a circle?"), "{message}");
}

/// Damages a file: bits, bytes, lengths.
fn mutate(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..1 + rng.below(3) {
        let at = rng.below(bytes.len().clamp(1, 400));
        match rng.below(6) {
            0 => bytes.truncate(rng.below(bytes.len() + 1)),
            1 => bytes.extend((0..rng.below(50)).map(|_| rng.bits() as u8)),
            2 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            3 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.below(5)],
            4 if at + 4 < bytes.len() => bytes[at..at + 4].copy_from_slice(&rng.bits().to_be_bytes()),
            _ if at < bytes.len() => drop(bytes.remove(at)),
            _ => {}
        }
    }
}

/// A new file in the place of an old one: some file systems wait for the disk when a file is overwritten.
fn replace(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

/// A decoder makes up in grey what a JPEG file that was cut does not have.
#[test]
fn a_jpeg_that_was_cut() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.jpg");
    picture(9, 77).save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        replace(&path, &whole[..length]);
        assert!(Image::open(&path).is_err(), "the first {length} of {} bytes", whole.len());
    }
    // A small picture within, as cameras put there, has an end of its own.
    let mut small = vec![0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd9, 1, 2];
    small.extend(&whole[2..]);
    replace(&path, &small[..small.len() - 2]);
    assert!(Image::open(&path).unwrap_err().to_string().contains("ends before its picture does"));
    // What follows the picture is none of it.
    small.extend(b"trailer");
    replace(&path, &small);
    assert!(Image::open(&path).is_ok());
}

/// 10,000 of them: an error each, or a dataset that can be read from end to end; no panic, and no time or
/// memory to speak of.
#[test]
fn ten_thousand_damaged_files() {
    let dir = tempfile::tempdir().unwrap();
    let [images, labels] = small_set();
    let (packed, mut rng) = (gzip(&images), Rng::new(3, 3));
    write(dir.path(), "train", [&images, &labels], "");
    picture(9, 77).save(dir.path().join("p.png")).unwrap();
    picture(9, 77).save(dir.path().join("p.jpg")).unwrap();
    let [png, jpg] = ["p.png", "p.jpg"].map(|name| fs::read(dir.path().join(name)).unwrap());
    // A whole batch would only make it slow: the head of a pickle is where its structure is.
    let batch = pickle(&[9; 600], [10, 60], "labels", &[1; 10]);
    let idx_file = dir.path().join("train-images-idx3-ubyte");
    let (mut read, mut refused) = (0, 0);
    let mut count = |good: bool| if good { read += 1 } else { refused += 1 };
    let py = dir.path().join("cifar-10-batches-py");
    fs::create_dir(&py).unwrap();
    for _ in 0..2_000 {
        for good in [&images, &packed] {
            let mut bytes = good.clone();
            mutate(&mut bytes, &mut rng);
            replace(&idx_file, &bytes);
            count(Mnist::train(dir.path()).is_ok_and(|set| (0..set.len()).all(|i| set.at(i).is_ok())));
        }
        for (good, name) in [(&png, "m.png"), (&jpg, "m.jpg")] {
            let mut bytes = good.clone();
            mutate(&mut bytes, &mut rng);
            replace(&dir.path().join(name), &bytes);
            count(Image::open(dir.path().join(name)).is_ok());
        }
        let mut bytes = batch.clone();
        mutate(&mut bytes, &mut rng);
        replace(&py.join("test_batch"), &bytes);
        count(Cifar10::test(dir.path()).is_ok());
    }
    assert_eq!(read + refused, 10_000);
    assert!(refused > 5_000 && read > 100, "{read} read, {refused} refused");
}
