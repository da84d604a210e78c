//! PyTorch's own checkpoints, written here byte for byte as `torch.save` writes them.

use taper_nn::{StateDict, load_bytes};
use taper_tensor::{DType, Result, Tensor};

/// A tensor as a pickle describes it.
#[derive(Clone)]
pub struct Described {
    pub name: &'static str,
    pub storage: &'static str,
    pub key: &'static str,
    pub numel: usize,
    pub offset: i32,
    pub size: Vec<i32>,
    pub stride: Vec<i32>,
    pub parameter: bool,
}

pub fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

fn int(out: &mut Vec<u8>, n: i32) {
    out.push(b'J');
    out.extend(n.to_le_bytes());
}

fn ints(out: &mut Vec<u8>, numbers: &[i32]) {
    out.push(b'(');
    numbers.iter().for_each(|&n| int(out, n));
    out.push(b't');
}

/// `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, False, OrderedDict())`
pub fn tensor(out: &mut Vec<u8>, t: &Described) {
    if t.parameter {
        out.extend(b"ctorch._utils\n_rebuild_parameter\n(");
    }
    out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
    text(out, "storage");
    out.extend(format!("ctorch\n{}\n", t.storage).as_bytes());
    text(out, t.key);
    text(out, "cpu");
    int(out, t.numel as i32);
    out.extend(b"tQ");
    int(out, t.offset);
    ints(out, &t.size);
    ints(out, &t.stride);
    out.extend(b"\x89ccollections\nOrderedDict\n)RtR");
    if t.parameter {
        out.extend(b"\x88ccollections\nOrderedDict\n)RtR");
    }
}

/// A state_dict with its `_metadata`.
pub fn pickle(tensors: &[Described]) -> Vec<u8> {
    let mut out = b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(".to_vec();
    for t in tensors {
        text(&mut out, t.name);
        tensor(&mut out, t);
    }
    out.extend(b"u}q\x02");
    text(&mut out, "_metadata");
    out.extend(b"h\x00)R}");
    text(&mut out, "version");
    out.extend(b"K\x01sbsb.");
    out
}

pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let start = out.len() as u32;
        let sizes = [crc.sum(), data.len() as u32, data.len() as u32].map(u32::to_le_bytes).concat();
        let name_length = (name.len() as u16).to_le_bytes();
        out.extend(b"PK\x03\x04\0\0\0\x08\0\0\0\0\0\0");
        out.extend(&sizes);
        out.extend(name_length);
        // PyTorch pads each entry to a multiple of 64 bytes with an extra field.
        let padding = (64 - (out.len() + 2 + name.len()) % 64) as u16;
        out.extend(padding.to_le_bytes());
        out.extend(name.as_bytes());
        out.extend(vec![b'Z'; padding.into()]);
        out.extend(*data);
        directory.extend(b"PK\x01\x02\0\0\0\0\0\x08\0\0\0\0\0\0");
        directory.extend(&sizes);
        directory.extend(name_length);
        directory.extend([0; 12]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = (out.len() as u32).to_le_bytes();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([entries.len() as u16; 2].map(u16::to_le_bytes).concat());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start);
    out.extend([0; 2]);
    out
}

pub fn described() -> Vec<Described> {
    let base = Described {
        name: "conv.weight",
        storage: "FloatStorage",
        key: "0",
        numel: 12,
        offset: 0,
        size: vec![2, 3],
        stride: vec![3, 1],
        parameter: false,
    };
    vec![
        base.clone(),
        Described { name: "conv.columns", offset: 1, size: vec![3, 2], stride: vec![2, 4], ..base.clone() },
        Described {
            name: "bn.num_batches_tracked",
            storage: "LongStorage",
            key: "1",
            numel: 1,
            size: vec![],
            stride: vec![],
            parameter: true,
            ..base
        },
    ]
}

pub fn expected() -> StateDict {
    let state = [
        ("conv.weight", Tensor::new([[0f32, 1.0, 2.0], [3.0, 4.0, 5.0]])),
        ("conv.columns", Tensor::new([[1f32, 5.0], [3.0, 7.0], [5.0, 9.0]])),
        ("bn.num_batches_tracked", Tensor::new(7i64)),
    ];
    state.map(|(name, tensor): (_, Result<Tensor>)| (name.to_owned(), tensor.unwrap())).into()
}

fn floats() -> Vec<u8> {
    (0..12).flat_map(|i| (i as f32).to_le_bytes()).collect()
}

pub fn zipped(pickle: &[u8]) -> Vec<u8> {
    let long = 7i64.to_le_bytes();
    zip(&[
        ("net/data.pkl", pickle),
        ("net/byteorder", b"little"),
        ("net/data/0", &floats()),
        ("net/data/1", &long),
        ("net/version", b"3\n"),
    ])
}

pub fn legacy(pickle: &[u8]) -> Vec<u8> {
    let mut out =
        b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00("
            .to_vec();
    text(&mut out, "little_endian");
    out.extend(b"\x88u.");
    out.extend(pickle);
    out.extend(b"\x80\x02]q\x00(");
    text(&mut out, "0");
    text(&mut out, "1");
    out.extend(b"e.");
    out.extend(12u64.to_le_bytes());
    out.extend(floats());
    out.extend(1u64.to_le_bytes());
    out.extend(7i64.to_le_bytes());
    out
}

pub fn read(content: &[u8]) -> taper_nn::Result<StateDict> {
    load_bytes(content)
}

pub fn same(a: &StateDict, b: &StateDict) -> bool {
    a.keys().eq(b.keys()) && a.iter().all(|(name, tensor)| tensor.equal(&b[name]).unwrap())
}

#[test]
fn archives_and_old_files() {
    let pickle = pickle(&described());
    assert!(same(&read(&zipped(&pickle)).unwrap(), &expected()));
    assert!(same(&read(&legacy(&pickle)).unwrap(), &expected()));
}

/// `torch.save` ends an archive with the records for more than 4 GiB, whatever its size.
#[test]
fn an_archive_ends_with_records_of_64_bits() {
    let mut archive = zipped(&pickle(&described()));
    let end = archive.split_off(archive.len() - 22);
    let wide = |range: std::ops::Range<usize>| {
        let mut number = [0; 8];
        number[..range.len()].copy_from_slice(&end[range]);
        number
    };
    let place = archive.len() as u64;
    archive.extend(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x1e\x03\x2d\0\0\0\0\0\0\0\0\0");
    archive.extend([wide(8..10), wide(10..12), wide(12..16), wide(16..20)].concat());
    archive.extend(b"PK\x06\x07\0\0\0\0");
    archive.extend(place.to_le_bytes());
    archive.extend(b"\x01\0\0\0");
    archive.extend(end);
    assert!(same(&read(&archive).unwrap(), &expected()));
    // No memory is taken for more entries than there can be.
    archive[place as usize + 33] = 1;
    assert!(read(&archive).unwrap_err().to_string().contains("it announces 261 entries"));
}

#[test]
fn dicts_in_a_checkpoint_get_dotted_names() {
    let mut out = b"\x80\x02}(".to_vec();
    text(&mut out, "epoch");
    out.extend(b"K\x03");
    text(&mut out, "model");
    out.extend(b"}q\x05");
    text(&mut out, "weight");
    tensor(&mut out, &described()[0]);
    out.push(b's');
    // The very same dict once more, from the memo: filled, as in Python.
    text(&mut out, "ema");
    out.extend(b"h\x05u.");
    let state = read(&zipped(&out)).unwrap();
    assert_eq!(state.keys().collect::<Vec<_>>(), ["ema.weight", "model.weight"]);
    assert_eq!(state["ema.weight"].dtype(), DType::F32);
    assert!(state["ema.weight"].shares_storage(&state["model.weight"]));
}

#[test]
fn what_is_no_state_dict_is_refused() {
    let refused = |content: &[u8]| read(content).unwrap_err().to_string();
    let of = |pickle: &[u8]| refused(&zipped(pickle));
    assert!(of(b"\x80\x02cmodels\nNet\n)\x81}b.").contains("save model.state_dict(), not the model itself"));
    assert!(of(b"\x80\x02cos\nsystem\n(X\x04\0\0\0trueitR.").contains("pickle code 0x69"));
    assert!(of(b"\x80\x02}X\x01\0\0\0wcos\nsystem\n)Rs.").contains("os.system makes no tensor"));
    let with = |change: &dyn Fn(&mut Described)| {
        let mut tensors = described();
        change(&mut tensors[0]);
        of(&pickle(&tensors))
    };
    assert!(with(&|t| t.size = vec![4, 4]).contains("do not fit its storage"));
    assert!(with(&|t| t.offset = -1).contains("expected a size, found -1"));
    assert!(
        with(&|t| (t.size, t.stride) = (vec![i32::MAX, i32::MAX], vec![0, 0]))
            .contains("more often than the file is long")
    );
    assert!(
        with(&|t| t.storage = "ComplexFloatStorage").contains("torch.ComplexFloatStorage is not supported")
    );
    assert!(with(&|t| t.key = "9").contains("no entry net/data/9"));
    let mut damaged = zipped(&pickle(&described()));
    let place = damaged.windows(4).position(|w| w == 5f32.to_le_bytes()).unwrap();
    damaged[place] ^= 1;
    assert!(refused(&damaged).contains("entry net/data/0 is damaged"));
    assert!(refused(b"PK\x03\x04").contains("too short"));
    assert!(refused(b"not a checkpoint").contains("no whole safetensors file"));
}

/// Dicts in dicts, each twice in the next: 2^60 entries, were they all followed.
#[test]
fn nesting_is_bounded() {
    let mut out = b"\x80\x02}q\x00".to_vec();
    for i in 0..60 {
        out.extend([b'}', b'q', i + 1]);
        for name in ["a", "b"] {
            text(&mut out, name);
            out.extend([b'h', i, b's']);
        }
    }
    out.push(b'.');
    assert!(read(&zipped(&out)).unwrap_err().to_string().contains("dicts lie within dicts"));
    let mut lists = b"\x80\x02".to_vec();
    lists.extend(b"]".repeat(100_000));
    lists.extend(b"a".repeat(99_999));
    lists.push(b'.');
    assert!(read(&zipped(&lists)).unwrap_err().to_string().contains("no dict of tensors"));
    // A list and a dict that hold themselves.
    assert!(read(&zipped(b"\x80\x02]q\x00h\x00a.")).is_err());
    assert!(read(&zipped(b"\x80\x02}q\x00X\x01\0\0\0ah\x00s.")).is_err());
}
