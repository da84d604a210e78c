//! Checkpoints: what fits, files, and damage.

use taper_nn::{
    Error, Linear, Metadata, StateDict, load, load_state_dict, load_state_dict_lenient, load_with_metadata,
    save, save_with_metadata, state_dict,
};
use taper_tensor::{DType, Tensor};

#[test]
fn all_that_does_not_fit_is_listed_and_nothing_changes() {
    let net = vec![Linear::new(3, 2).unwrap(), Linear::new(2, 1).unwrap()];
    let before = net[1].bias.as_ref().unwrap().data().copy().unwrap();
    let state = StateDict::from([
        ("0.weight".to_owned(), Tensor::ones((2, 4)).unwrap()),
        ("0.bias".to_owned(), Tensor::arange(0, 2, 1).unwrap()),
        ("1.bias".to_owned(), Tensor::ones(1).unwrap()),
        ("2.bias".to_owned(), Tensor::ones(1).unwrap()),
    ]);
    let message = load_state_dict(&net, &state).unwrap_err().to_string();
    assert_eq!(
        message,
        "load_state_dict: missing in the checkpoint: 1.weight; unexpected in the checkpoint: 2.bias; \
         0.weight is [2, 4] float32 in the checkpoint, the module expects [2, 3] float32; \
         0.bias is [2] int64 in the checkpoint, the module expects [2] float32"
    );
    assert!(net[1].bias.as_ref().unwrap().data().equal(&before).unwrap());

    let left = load_state_dict_lenient(&net, &state).unwrap();
    assert_eq!((left.missing.len(), left.unexpected.len(), left.misshapen.len()), (1, 1, 2));
    assert_eq!(net[1].bias.as_ref().unwrap().item::<f32>().unwrap(), 1.0);
}

#[test]
fn a_copy_is_in_place_and_in_the_modules_dtype() {
    let net = Linear::new(1, 1).unwrap();
    let handle = net.weight.data();
    let state = StateDict::from([
        ("weight".to_owned(), Tensor::options().dtype(DType::F64).full((1, 1), 0.5).unwrap()),
        ("bias".to_owned(), Tensor::options().dtype(DType::BF16).full(1, 2.0).unwrap()),
    ]);
    load_state_dict(&net, &state).unwrap();
    assert_eq!(handle.item::<f32>().unwrap(), 0.5);
    assert_eq!(net.bias.as_ref().unwrap().dtype(), DType::F32);
}

#[test]
fn shared_parameters_are_saved_under_each_name() {
    let first = Linear::new(2, 2).unwrap();
    let tied = Linear { weight: first.weight.clone(), bias: None };
    let keys: Vec<String> = state_dict(&vec![first, tied]).into_keys().collect();
    assert_eq!(keys, ["0.bias", "0.weight", "1.weight"]);
}

#[test]
fn files_keep_every_dtype_and_shape() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.safetensors");
    let mut state = StateDict::new();
    for dtype in [
        DType::Bool,
        DType::U8,
        DType::U32,
        DType::I32,
        DType::I64,
        DType::F16,
        DType::BF16,
        DType::F32,
        DType::F64,
    ] {
        let tensor = Tensor::arange(0, 6, 1).unwrap().to_dtype(dtype).unwrap().reshape((2, 3)).unwrap();
        state.insert(dtype.name().to_owned(), tensor.t().unwrap());
    }
    state.insert("number".to_owned(), Tensor::new(1.5f32).unwrap());
    state.insert("empty".to_owned(), Tensor::zeros((0, 3)).unwrap());
    save(&state, &path).unwrap();
    let back = load(&path).unwrap();
    assert_eq!(back.keys().collect::<Vec<_>>(), state.keys().collect::<Vec<_>>());
    for (name, tensor) in &state {
        assert!(back[name].equal(tensor).unwrap(), "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
    let content = std::fs::read(&path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&content).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["format"], "pt");
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("net.safetensors");
    assert!(matches!(save(&StateDict::new(), &path), Err(Error::Io { .. })));
    assert!(load(&path).unwrap_err().to_string().contains("net.safetensors: "));
    let path = folder.path().join("folder.safetensors");
    std::fs::create_dir(&path).unwrap();
    assert!(save(&StateDict::new(), &path).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn texts_and_a_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let state = StateDict::from([("weight".to_owned(), Tensor::new([1.0f32, 2.0]).unwrap())]);
    let texts = Metadata::from([("epoch".to_owned(), "2".to_owned())]);
    save_with_metadata(&state, &texts, &path).unwrap();
    let (tensors, metadata) = load_with_metadata(&path).unwrap();
    assert!(tensors["weight"].equal(&state["weight"]).unwrap());
    assert_eq!(metadata["epoch"], "2");
    // 1.0 becomes another number: only the checksum tells.
    let mut content = std::fs::read(&path).unwrap();
    let last = content.len() - 8;
    content[last] ^= 1;
    std::fs::write(&path, content).unwrap();
    assert!(load(&path).unwrap_err().to_string().contains("checksum"));
}
