//! Fetching: from files, folders and a faulty server; nothing wrong is ever placed.

use crate::server::{Answer, Server};
use flate2::{Compression, write::GzEncoder};
use md5::{Digest, Md5};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use taper_data::{
    Error, Rng,
    fetch::{self, ArchiveLimits, Checksum, DataFile, FetchOptions, Package, Patience, Report, Source},
};

fn md5(bytes: &[u8]) -> Checksum {
    Checksum::md5(&Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// A gzipped tar archive.
pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("set/{name}"), *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A dataset of two files with random content, and the archive that holds them.
struct Fixture {
    package: Package,
    contents: Vec<Vec<u8>>,
    archive: Vec<u8>,
}

impl Fixture {
    fn new() -> Self {
        let mut rng = Rng::new(8, 8);
        let contents: Vec<Vec<u8>> =
            [60_000, 9_000].map(|n| (0..n).map(|_| rng.bits() as u8).collect()).into();
        let names = ["a.bin", "b.bin"];
        let archive = archive(&[(names[0], &contents[0]), ("notes.txt", b"hello"), (names[1], &contents[1])]);
        let file = |(name, bytes): (&str, &Vec<u8>)| DataFile {
            name: name.into(),
            bytes: bytes.len() as u64,
            checksum: md5(bytes),
        };
        let files = names.into_iter().zip(&contents).map(file).collect();
        let package = Package { name: "set".into(), folder: "set-files".into(), files, sources: Vec::new() };
        Self { package, contents, archive }
    }

    fn at(mut self, url: &str) -> Self {
        let (bytes, checksum) = (self.archive.len() as u64, md5(&self.archive));
        self.package.sources.push(Source::Archive { url: url.into(), bytes, checksum });
        self
    }

    fn fetch(&self, dir: &Path) -> taper_data::Result<Report> {
        fetch::fetch(&self.package, dir, &options())
    }

    /// Exactly the right files are there, and no half ones beside them.
    fn assert_complete(&self, dir: &Path) {
        for (file, content) in self.package.files.iter().zip(&self.contents) {
            assert_eq!(&fs::read(dir.join("set-files").join(&file.name)).unwrap(), content);
        }
        assert_eq!(names(dir), [".set.lock", "set-files"]);
    }

    /// Not one file is there that is not right.
    fn assert_nothing_wrong(&self, dir: &Path) {
        for (file, content) in self.package.files.iter().zip(&self.contents) {
            if let Ok(bytes) = fs::read(dir.join("set-files").join(&file.name)) {
                assert_eq!(&bytes, content);
            }
        }
        let left = names(dir);
        assert!(
            left.iter().all(|name| [".set.lock", "set-files", ".set.tar.gz.part"].contains(&name.as_str())),
            "{left:?}"
        );
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn options() -> FetchOptions {
    let patience = Patience {
        connect: Duration::from_secs(5),
        read: Duration::from_millis(400),
        trickle: Duration::from_millis(150),
        slowest: 1000,
        tries: 3,
        backoff: Duration::from_millis(1),
    };
    FetchOptions { patience, quiet: true, mirror: Some(String::new()), ..Default::default() }
}

fn from(source: impl Into<String>) -> FetchOptions {
    FetchOptions { from: Some(source.into()), ..options() }
}

fn failure(result: taper_data::Result<Report>) -> String {
    let error = result.expect_err("an error");
    assert!(matches!(error, Error::Fetch(_)), "{error}");
    error.to_string()
}

#[test]
fn a_good_server_and_a_second_call() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new();
    let server = Server::new(fixture.archive.clone(), |_| Answer::Good);
    let fixture = fixture.at(&server.url);
    let report = fixture.fetch(dir.path()).unwrap();
    assert_eq!((report.source.as_deref(), report.files.len()), (Some(server.url.as_str()), 2));
    fixture.assert_complete(dir.path());
    let again = fixture.fetch(dir.path()).unwrap();
    assert_eq!((again.source, server.requests()), (None, 1));
    // A damaged file is noticed, though its length is right, and replaced.
    let file = dir.path().join("set-files/a.bin");
    let mut bytes = fs::read(&file).unwrap();
    bytes[777] ^= 1;
    fs::write(&file, bytes).unwrap();
    assert!(fixture.fetch(dir.path()).unwrap().source.is_some());
    fixture.assert_complete(dir.path());
}

#[test]
fn faults_of_servers_that_pass() {
    type Case = (&'static str, fn(usize) -> Answer, usize);
    let cases: [Case; 6] = [
        ("a redirect", |n| if n == 0 { Answer::Redirect } else { Answer::Good }, 2),
        ("cuts, resumed", |n| if n < 4 { Answer::CutAfter(10_000) } else { Answer::Good }, 5),
        ("a cut, not resumed", |n| if n == 0 { Answer::CutAfter(5_000) } else { Answer::NoRanges }, 2),
        ("busy for a moment", |n| if n < 2 { Answer::Status(503) } else { Answer::Good }, 3),
        ("another range", |n| [Answer::CutAfter(9_000), Answer::WrongRange, Answer::Good][n], 3),
        ("no length", |_| Answer::NoLength, 1),
    ];
    for (name, answer, requests) in cases {
        let dir = tempfile::tempdir().unwrap();
        let fixture = Fixture::new();
        let server = Server::new(fixture.archive.clone(), answer);
        let fixture = fixture.at(&server.url);
        fixture.fetch(dir.path()).unwrap_or_else(|e| panic!("{name}: {e}"));
        fixture.assert_complete(dir.path());
        assert_eq!(server.requests(), requests, "{name}");
    }
}

#[test]
fn faults_of_servers_that_stay() {
    type Case = (fn(usize) -> Answer, &'static str);
    let cases: [Case; 7] = [
        (|_| Answer::Wrong, "what came has md5"),
        (|_| Answer::Status(404), "the server answers 404"),
        (|_| Answer::Status(500), "the server answers 500 (tried 3 times)"),
        (|_| Answer::CutAfter(10), "cut after"),
        (|_| Answer::LongerThanIs(3), "expected"),
        (|_| Answer::Trickle, "too slow"),
        (|_| Answer::Silence, "no answer in time"),
    ];
    for (answer, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let fixture = Fixture::new();
        let server = Server::new(fixture.archive.clone(), answer);
        let fixture = fixture.at(&server.url);
        let text = failure(fixture.fetch(dir.path()));
        assert!(text.contains(expected) && text.contains(&server.url), "{text}");
        assert!(text.contains("put set.tar.gz (") && text.contains("put a.bin, b.bin into"), "{text}");
        fixture.assert_nothing_wrong(dir.path());
        assert!(!dir.path().join("set-files").exists());
    }
}

#[test]
fn a_server_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let fixture = Fixture::new().at(&format!("http://127.0.0.1:{port}/set.tar.gz"));
    let text = failure(fixture.fetch(dir.path()));
    assert!(text.contains("refused") && text.contains("(tried 2 times)"), "{text}");
    assert_eq!(names(dir.path()), [".set.lock"]);
    let text = failure(fetch::fetch(&fixture.package, dir.path(), &from("http://no host/")));
    assert!(text.contains("tried http://no host/: "), "{text}");
}

#[test]
fn a_hundred_connections_cut_at_random_bytes() {
    let mut rng = Rng::new(1, 1);
    let (mut complete, mut failed) = (0, 0);
    let dir = tempfile::tempdir().unwrap();
    for run in 0..100u64 {
        let fixture = Fixture::new();
        let length = fixture.archive.len();
        let cuts: Vec<usize> = (0..1 + rng.below(4)).map(|_| rng.below(length / 2)).collect();
        // Some servers recover, some do not, some forget how to resume, some send rubbish then.
        let later = [Answer::Good, Answer::CutAfter(40), Answer::NoRanges, Answer::Wrong][rng.below(4)];
        let server = Server::new(fixture.archive.clone(), move |n| {
            cuts.get(n).map_or(later, |&cut| Answer::CutAfter(cut))
        });
        let fixture = fixture.at(&server.url);
        let dir = dir.path().join(run.to_string());
        match fixture.fetch(&dir) {
            Ok(_) => {
                fixture.assert_complete(&dir);
                complete += 1;
            }
            Err(error) => {
                assert!(error.to_string().contains("no source worked"), "{error}");
                fixture.assert_nothing_wrong(&dir);
                failed += 1;
            }
        }
    }
    assert!(complete >= 50 && failed >= 1, "{complete} complete, {failed} failed");
}

#[test]
fn a_later_call_goes_on_where_an_earlier_was_cut() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new();
    let server = Server::new(fixture.archive.clone(), |n| match n {
        0 => Answer::CutAfter(20_000),
        1 => Answer::Status(404),
        _ => Answer::CutAfter(50_000),
    });
    let fixture = fixture.at(&server.url);
    assert!(failure(fixture.fetch(dir.path())).contains("404"));
    assert_eq!(fs::metadata(dir.path().join(".set.tar.gz.part")).unwrap().len(), 20_000);
    fixture.fetch(dir.path()).unwrap();
    fixture.assert_complete(dir.path());
}

#[test]
fn two_at_once_fetch_once() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Fixture::new();
    let server = Server::new(fixture.archive.clone(), |_| Answer::Good);
    let fixture = fixture.at(&server.url);
    let sources: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| fixture.fetch(dir.path()).unwrap().source)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(sources.iter().flatten().count(), 1);
    assert_eq!(server.requests(), 1);
    fixture.assert_complete(dir.path());
}

#[test]
fn from_files_folders_and_urls() {
    let fixture = Fixture::new();
    let given = tempfile::tempdir().unwrap();
    let (archive, folder) = (given.path().join("some.tgz"), given.path().join("folder"));
    fs::write(&archive, &fixture.archive).unwrap();
    fs::create_dir(&folder).unwrap();
    for (file, content) in fixture.package.files.iter().zip(&fixture.contents) {
        fs::write(folder.join(&file.name), content).unwrap();
    }
    let server = Server::new(fixture.archive.clone(), |_| Answer::Good);
    for source in [archive.to_str().unwrap(), folder.to_str().unwrap(), &server.url] {
        let dir = tempfile::tempdir().unwrap();
        let report = fetch::fetch(&fixture.package, dir.path(), &from(source)).unwrap();
        assert_eq!(report.source.as_deref(), Some(source));
        fixture.assert_complete(dir.path());
    }
    assert_eq!(names(&folder), ["a.bin", "b.bin"]);
}

#[test]
fn what_the_user_names_is_the_only_source() {
    let fixture = Fixture::new();
    let server = Server::new(fixture.archive.clone(), |_| Answer::Good);
    let fixture = fixture.at(&server.url);
    let dir = tempfile::tempdir().unwrap();
    let text = failure(fetch::fetch(&fixture.package, dir.path(), &from("/nowhere/x.tar.gz")));
    assert!(
        text.contains("tried /nowhere/x.tar.gz: cannot open") && text.contains("leave out --from"),
        "{text}"
    );
    let empty = tempfile::tempdir().unwrap();
    let text = failure(fetch::fetch(&fixture.package, dir.path(), &from(empty.path().to_str().unwrap())));
    assert!(text.contains("it holds none of the 2 files"), "{text}");
    assert_eq!(server.requests(), 0);
}

#[test]
fn mirrors_come_first_and_what_is_there_before_them() {
    let fixture = Fixture::new();
    let official = Server::new(fixture.archive.clone(), |_| Answer::Good);
    let mirror =
        Server::new(fixture.archive.clone(), |n| if n == 0 { Answer::Good } else { Answer::Status(404) });
    let fixture = fixture.at(&official.url);
    let base = mirror.url.trim_end_matches("/set.tar.gz").to_string() + "/";
    let options = FetchOptions { mirror: Some(base), ..options() };

    let dir = tempfile::tempdir().unwrap();
    let report = fetch::fetch(&fixture.package, dir.path(), &options).unwrap();
    assert_eq!(report.source.as_deref(), Some(mirror.url.as_str()));

    let dir = tempfile::tempdir().unwrap();
    let report = fetch::fetch(&fixture.package, dir.path(), &options).unwrap();
    assert_eq!(report.source.as_deref(), Some(official.url.as_str()));
    assert_eq!(report.failed, [(mirror.url.clone(), "the server answers 404".to_string())]);

    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("set.tar.gz");
    fs::write(&archive, &fixture.archive).unwrap();
    let report = fetch::fetch(&fixture.package, dir.path(), &options).unwrap();
    assert_eq!(report.source.as_deref(), archive.to_str());
    assert_eq!((official.requests(), mirror.requests()), (1, 2));
}

#[test]
fn good_files_of_a_bad_source_are_kept() {
    let fixture = Fixture::new();
    let given = tempfile::tempdir().unwrap();
    fs::write(given.path().join("a.bin"), &fixture.contents[0]).unwrap();
    fs::write(given.path().join("b.bin"), vec![7; 9_000]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let text = failure(fetch::fetch(&fixture.package, dir.path(), &from(given.path().to_str().unwrap())));
    assert!(text.contains("b.bin has md5") && !text.contains("a.bin has"), "{text}");
    assert_eq!(names(&dir.path().join("set-files")), ["a.bin"]);
}

#[test]
fn what_a_killed_process_left_is_removed() {
    let fixture = Fixture::new();
    let server = Server::new(fixture.archive.clone(), |_| Answer::Good);
    let fixture = fixture.at(&server.url);
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join(".set-fetch-abc/unpacked")).unwrap();
    // A part longer than the whole is not a part of it.
    fs::write(dir.path().join(".set.tar.gz.part"), vec![0; fixture.archive.len() + 1]).unwrap();
    fixture.fetch(dir.path()).unwrap();
    fixture.assert_complete(dir.path());
}

#[test]
fn a_folder_that_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let error = Fixture::new().fetch(&file.join("data")).unwrap_err().to_string();
    assert!(error.starts_with("cannot create folder") && error.contains("file/data"), "{error}");
    // In the place of the final folder.
    let fixture = Fixture::new();
    let server = Server::new(fixture.archive.clone(), |_| Answer::Good);
    let fixture = fixture.at(&server.url);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("set-files"), "in the way").unwrap();
    let text = failure(fixture.fetch(dir.path()));
    assert!(text.contains("cannot place"), "{text}");
    assert_eq!(fs::read(dir.path().join("set-files")).unwrap(), b"in the way");
}

/// An archive with one entry that its maker would rather have elsewhere.
fn hostile(dir: &Path, change: impl FnOnce(&mut tar::Header), path: &[u8]) -> PathBuf {
    let mut header = tar::Header::new_gnu();
    header.set_size(4);
    header.set_mode(0o644);
    header.as_mut_bytes()[..path.len()].copy_from_slice(path);
    change(&mut header);
    header.set_cksum();
    let mut tar = header.as_bytes().to_vec();
    tar.extend_from_slice(b"evil");
    tar.resize(512 * 4, 0);
    let file = dir.join("hostile.tar");
    fs::write(&file, tar).unwrap();
    file
}

#[test]
fn hostile_archives_write_nothing_outside() {
    let dir = tempfile::tempdir().unwrap();
    let into = dir.path().join("deep/inside");
    fs::create_dir_all(&into).unwrap();
    let outside = dir.path().join("deep/outside");
    let absolute = format!("{}", outside.display());
    let paths: [&[u8]; 4] = [b"../outside", b"a/../../outside", absolute.as_bytes(), b"./../outside"];
    for path in paths {
        for flat in [true, false] {
            let archive = hostile(dir.path(), |_| (), path);
            let text = fetch::unpack(&archive, &into, ArchiveLimits::default(), flat).unwrap_err();
            assert!(text.contains("leads out of its folder"), "{text}");
        }
    }
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Char, tar::EntryType::Fifo] {
        let link = |header: &mut tar::Header| {
            header.set_entry_type(kind);
            header.set_size(0);
            header.set_link_name("/etc").unwrap();
        };
        let archive = hostile(dir.path(), link, b"name");
        let text = fetch::unpack(&archive, &into, ArchiveLimits::default(), false).unwrap_err();
        assert!(text.contains("neither a file nor a folder"), "{text}");
    }
    assert!(!outside.exists() && names(&into).is_empty());
}

#[test]
fn bombs_are_refused_early() {
    let dir = tempfile::tempdir().unwrap();
    // A header that promises 10 GB.
    let archive = hostile(dir.path(), |header| header.set_size(10 << 30), b"bomb");
    let text = fetch::unpack(&archive, dir.path(), ArchiveLimits::default(), true).unwrap_err();
    assert!(text.contains("unpacks to more than"), "{text}");
    // 64 MB of zeros in 64 KB, in many small files and in one large.
    let zeros = vec![0; 1 << 20];
    let files: Vec<(String, &[u8])> = (0..64).map(|n| (format!("f{n}"), &zeros[..])).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let bomb = dir.path().join("bomb.tar.gz");
    fs::write(&bomb, self::archive(&files)).unwrap();
    let into = dir.path().join("into");
    fs::create_dir(&into).unwrap();
    let limits = ArchiveLimits { bytes: 10 << 20, entries: 1000 };
    assert!(fetch::unpack(&bomb, &into, limits, true).unwrap_err().contains("more than"));
    assert!(names(&into).len() <= 10);
    let limits = ArchiveLimits { bytes: 1 << 30, entries: 5 };
    let into = dir.path().join("other");
    fs::create_dir(&into).unwrap();
    assert!(fetch::unpack(&bomb, &into, limits, true).unwrap_err().contains("more than 5 entries"));
    // A name of 100 MB, which must not be read into memory; and a file that another header makes longer.
    for (kind, expected) in
        [(tar::EntryType::GNULongName, "neither a file"), (tar::EntryType::XHeader, "more than")]
    {
        let long = |header: &mut tar::Header| {
            header.set_entry_type(kind);
            header.set_size(100 << 20);
        };
        let archive = hostile(dir.path(), long, b"long");
        let limits = ArchiveLimits { bytes: 1 << 20, entries: 10 };
        let text = fetch::unpack(&archive, &into, limits, true).unwrap_err();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn cifar10_has_its_official_files() {
    let package = Package::cifar10();
    assert_eq!((package.files.len(), package.folder.as_str()), (6, "cifar-10-batches-bin"));
    assert!(package.files.iter().all(|file| file.bytes == 30_730_000));
    let dir = tempfile::tempdir().unwrap();
    let given = tempfile::tempdir().unwrap();
    fs::write(given.path().join("test_batch.bin"), crate::cifar::batch_file(0)).unwrap();
    let text = failure(fetch::cifar10(dir.path(), &from(given.path().to_str().unwrap())));
    assert!(text.contains("expected md5 803d5f7f4d78ea53de84dbe85f74fb6d"), "{text}");
    assert!(
        text.contains("put cifar-10-binary.tar.gz (170052171 bytes, md5 c32a1d4ab5d03f1284b67883e8d87530"),
        "{text}"
    );
    assert_eq!(names(dir.path()), [".cifar10.lock"]);
}
