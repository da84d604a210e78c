use proptest::prelude::*;

use super::*;

fn read_error(bytes: &[u8]) -> String {
    Pickle::read(bytes).unwrap_err().to_string()
}

#[test]
fn strings_of_both_pythons_are_found_by_key() {
    for string in [&b"U\x01k"[..], b"T\x01\0\0\0k", b"C\x01k", b"B\x01\0\0\0k", b"X\x01\0\0\0k", b"\x8c\x01k"]
    {
        let bytes = [b"\x80\x02}", string, b"M\x01\x02s."].concat();
        let pickle = Pickle::read(&bytes).unwrap();
        let value = pickle.entry(pickle.root(), "k").unwrap();
        assert_eq!(pickle.size(value).unwrap(), 0x201);
    }
}

#[test]
fn an_object_keeps_its_call_and_what_it_is_filled_with() {
    let bytes = b"\x80\x02cnumpy\nndarray\n)RC\x02hib.";
    let pickle = Pickle::read(bytes).unwrap();
    let Value::Call { function, arguments, state } = pickle.get(pickle.root()) else { panic!("no call") };
    assert!(matches!(pickle.get(*function), Value::Global { module: "numpy", name: "ndarray" }));
    assert!(pickle.items(*arguments).unwrap().is_empty());
    assert_eq!(pickle.text(state.unwrap()).unwrap(), "hi");
}

#[test]
fn a_pickle_ends_at_its_stop() {
    assert_eq!(Pickle::read(b"\x80\x02K\x01.more").unwrap().length(), 5);
}

#[test]
fn an_integer_has_its_sign() {
    for (bytes, expected) in
        [(&b"\x8a\x01\xff."[..], -1), (b"\x8a\x02\xff\0.", 255), (b"J\xfe\xff\xff\xff.", -2)]
    {
        let pickle = Pickle::read(bytes).unwrap();
        assert!(matches!(pickle.get(pickle.root()), Value::Int(n) if *n == expected));
    }
}

#[test]
fn what_cannot_be_read_says_where_and_why() {
    assert_eq!(
        read_error(b"\x80\x02X\x05\0\0\0abc"),
        "cannot be read at byte 2: the pickle ends within a value"
    );
    assert_eq!(read_error(b"]N"), "cannot be read at byte 2: the pickle ends within a value");
    assert_eq!(read_error(b"(iR."), "cannot be read at byte 1: pickle code 0x69 describes no data");
    assert_eq!(
        read_error(b"(\x85."),
        "cannot be read at byte 1: an opcode takes a value where there is none"
    );
    assert_eq!(read_error(b"NN\x61."), "cannot be read at byte 2: expected a list, found None");
    assert_eq!(read_error(b"h\x07."), "cannot be read at byte 0: nothing was kept as number 7");
}

#[test]
fn values_that_hold_themselves_and_each_other_are_harmless() {
    let doubling: Vec<u8> = (0..60u8).flat_map(|n| [b'q', n + 1, b'h', n + 1, 0x86]).collect();
    let nested = [&b"N"[..], &[0x85; 100_000], b"."].concat();
    for bytes in [b"]q\0h\0a.".to_vec(), nested, [b"Nq\0", &doubling[..], b"."].concat()] {
        assert!(Pickle::read(&bytes).unwrap().values().len() <= bytes.len());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(pickle) = Pickle::read(&bytes) {
            prop_assert!(pickle.length() <= bytes.len());
        }
    }

    #[test]
    fn any_opcodes_are_read_or_refused(codes in prop::collection::vec(0usize..24, 0..60)) {
        const CODES: [&[u8]; 24] = [
            b"(", b")", b"]", b"}", b"N", b"K\x01", b"a", b"e", b"s", b"u", b"t", b"\x85", b"\x86", b"l", b"d",
            b"q\x01", b"h\x01", b"0", b"R", b"b", b"Q", b"\x93", b"U\x01a", b"\x94",
        ];
        let bytes = codes.iter().flat_map(|&code| CODES[code]).copied().chain(*b".").collect::<Vec<_>>();
        if let Ok(pickle) = Pickle::read(&bytes) {
            prop_assert!(pickle.values().len() < bytes.len());
        }
    }
}
