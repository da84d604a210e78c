//! Thousands of damaged checkpoints: each is refused, or read without harm.

use taper_nn::{StateDict, load_bytes, save};
use taper_tensor::{Generator, Tensor};

use crate::pth::{described, expected, legacy, pickle, same, zipped};

/// A copy with one to three of: a bit flipped, a byte replaced by an extreme one, the end cut off,
/// a part repeated elsewhere, an absurd number written.
fn damaged(content: &[u8], random: &Generator) -> Vec<u8> {
    let mut out = content.to_vec();
    for _ in 0..=random.below(3) {
        if out.is_empty() {
            break;
        }
        let length = out.len() as u64;
        let at = random.below(length) as usize;
        match random.below(5) {
            0 => out[at] ^= 1 << random.below(8),
            1 => out[at] = [0, 0xff, 0x7f, 0x80, b'('][random.below(5) as usize],
            2 => out.truncate(at),
            3 => {
                let from = random.below(length) as usize;
                let part = (random.below(16) as usize + 1).min(out.len() - from.max(at));
                out.copy_within(from..from + part, at);
            }
            _ => {
                let number =
                    [u64::MAX, 1 << 63, 1 << 40, u32::MAX.into()][random.below(4) as usize].to_le_bytes();
                let part = 8.min(out.len() - at);
                out[at..at + part].copy_from_slice(&number[..part]);
            }
        }
    }
    out
}

fn bytes(state: &StateDict) -> usize {
    state.values().map(|t| t.numel() * t.dtype().size_in_bytes()).sum()
}

/// Reads each of 4000 damaged copies, `make`'s from `content`; how many of them are refused.
fn refused(make: impl Fn(usize) -> Vec<u8>, check: impl Fn(&[u8], &StateDict)) -> usize {
    let read = |i: usize| {
        let content = make(i);
        load_bytes(&content).inspect(|state| check(&content, state)).is_err()
    };
    (0..4000).filter(|&i| read(i)).count()
}

fn no_more_than_the_file(content: &[u8], state: &StateDict) {
    assert!(bytes(state) <= content.len());
}

#[test]
fn safetensors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let mut state = expected();
    state.insert("empty".into(), Tensor::zeros((0, 3)).unwrap());
    save(&state, &path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let random = Generator::new(1);
    let refused = refused(|_| damaged(&whole, &random), no_more_than_the_file);
    assert!(refused > 2000, "{refused}");
}

/// An archive has checksums: what is read is what was written.
#[test]
fn archives() {
    let whole = zipped(&pickle(&described()));
    let (random, expected) = (Generator::new(2), expected());
    let refused = refused(|_| damaged(&whole, &random), |_, state| assert!(same(state, &expected)));
    assert!(refused > 1000, "{refused}");
}

/// Pickles themselves, under a right checksum; and files of the old form, which has none.
#[test]
fn pickles() {
    let whole = pickle(&described());
    let random = Generator::new(3);
    let make = |i| match i % 2 {
        0 => zipped(&damaged(&whole, &random)),
        _ => damaged(&legacy(&whole), &random),
    };
    let refused = refused(make, no_more_than_the_file);
    assert!(refused > 2000, "{refused}");
}

/// The most memory that this process has ever asked for, in bytes.
#[cfg(target_os = "linux")]
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

/// A damaged file takes no more memory than twice its own, whatever sizes it claims: what reading the
/// whole one takes, and once the file more. In a process of its own, where no other test asks for memory.
#[test]
#[cfg(target_os = "linux")]
fn damage_takes_no_memory() {
    const CHILD: &str = "TAPER_DAMAGE_TEST";
    if std::env::var_os(CHILD).is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "damage::damage_takes_no_memory"])
            .env(CHILD, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let state: StateDict =
        (0..32).map(|i| (format!("layer{i}.weight"), Tensor::zeros((128, 128)).unwrap())).collect();
    save(&state, &path).unwrap();
    let random = Generator::new(4);
    let files = [std::fs::read(&path).unwrap(), zipped(&pickle(&described())), legacy(&pickle(&described()))];
    for whole in files {
        load_bytes(&whole).unwrap();
        // Mostly in the header, where the sizes are.
        let copy = |i: usize| {
            let mut out = whole.clone();
            let header = whole.len().min(4096);
            let part = damaged(&whole[..header], &random);
            out.splice(..header, part);
            if i.is_multiple_of(8) { damaged(&out, &random) } else { out }
        };
        drop(copy(0));
        let before = peak();
        for i in 0..500 {
            drop(load_bytes(&copy(i)));
        }
        let grown = peak() - before;
        assert!(grown <= whole.len() + (1 << 20), "{grown} bytes for a file of {}", whole.len());
    }
}
