use crate::DTYPES;
use serde_json::Value;
use taper_tensor::{DType, Result, Tensor};

/// The reference texts are printed by PyTorch 2.15.
#[test]
fn prints_as_pytorch_does() -> Result<()> {
    for (x, text) in [
        (Tensor::arange(0, 5, 1)?, "tensor([0, 1, 2, 3, 4])"),
        (Tensor::new([1.0f32, 2.0, 3.0])?, "tensor([1., 2., 3.])"),
        (Tensor::new([1.5f32, 2.25, 1000.0])?, "tensor([   1.5000,    2.2500, 1000.0000])"),
        (
            Tensor::new([[1e-8f32, 1.0], [2.0, 3.0]])?,
            "tensor([[1.0000e-08, 1.0000e+00],\n        [2.0000e+00, 3.0000e+00]])",
        ),
        (Tensor::new([1e10f32, 1.0])?, "tensor([1.0000e+10, 1.0000e+00])"),
        (Tensor::new(3.5f32)?, "tensor(3.5000)"),
        (Tensor::new(3i64)?, "tensor(3)"),
        (Tensor::zeros(0)?, "tensor([])"),
        (Tensor::zeros((2, 0))?, "tensor([], size=(2, 0))"),
        (
            Tensor::options().dtype(DType::F64).zeros((2, 2, 2))?,
            "tensor([[[0., 0.],\n         [0., 0.]],\n\n        [[0., 0.],\n         [0., 0.]]], dtype=torch.float64)",
        ),
        (Tensor::new([f32::NAN, 1.0, f32::INFINITY])?, "tensor([nan, 1., inf])"),
        (Tensor::new([f32::NAN, 2.0, f32::NEG_INFINITY])?, "tensor([nan, 2., -inf])"),
        (
            Tensor::options().dtype(DType::I32).tensor([1, -20, 300])?,
            "tensor([  1, -20, 300], dtype=torch.int32)",
        ),
        (Tensor::arange(0, 2000, 1)?, "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"),
        (
            Tensor::options().dtype(DType::F32).arange(0, 2000, 1)?.reshape((40, 50))?,
            "tensor([[0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 4.7000e+01, 4.8000e+01,\n         4.9000e+01],\n        [5.0000e+01, 5.1000e+01, 5.2000e+01,  ..., 9.7000e+01, 9.8000e+01,\n         9.9000e+01],\n        [1.0000e+02, 1.0100e+02, 1.0200e+02,  ..., 1.4700e+02, 1.4800e+02,\n         1.4900e+02],\n        ...,\n        [1.8500e+03, 1.8510e+03, 1.8520e+03,  ..., 1.8970e+03, 1.8980e+03,\n         1.8990e+03],\n        [1.9000e+03, 1.9010e+03, 1.9020e+03,  ..., 1.9470e+03, 1.9480e+03,\n         1.9490e+03],\n        [1.9500e+03, 1.9510e+03, 1.9520e+03,  ..., 1.9970e+03, 1.9980e+03,\n         1.9990e+03]])",
        ),
        (
            Tensor::options().dtype(DType::F32).arange(0, 30, 1)?.mul(1.1)?,
            "tensor([ 0.0000,  1.1000,  2.2000,  3.3000,  4.4000,  5.5000,  6.6000,  7.7000,\n         8.8000,  9.9000, 11.0000, 12.1000, 13.2000, 14.3000, 15.4000, 16.5000,\n        17.6000, 18.7000, 19.8000, 20.9000, 22.0000, 23.1000, 24.2000, 25.3000,\n        26.4000, 27.5000, 28.6000, 29.7000, 30.8000, 31.9000])",
        ),
        (
            Tensor::arange(0, 12, 1)?.reshape((2, 1, 2, 3))?,
            "tensor([[[[ 0,  1,  2],\n          [ 3,  4,  5]]],\n\n\n        [[[ 6,  7,  8],\n          [ 9, 10, 11]]]])",
        ),
        (Tensor::new(1e-5f32)?, "tensor(1.0000e-05)"),
        (
            Tensor::options().dtype(DType::F32).arange(0, 1001, 1)?.reshape((7, 143))?,
            "tensor([[   0.,    1.,    2.,  ...,  140.,  141.,  142.],\n        [ 143.,  144.,  145.,  ...,  283.,  284.,  285.],\n        [ 286.,  287.,  288.,  ...,  426.,  427.,  428.],\n        ...,\n        [ 572.,  573.,  574.,  ...,  712.,  713.,  714.],\n        [ 715.,  716.,  717.,  ...,  855.,  856.,  857.],\n        [ 858.,  859.,  860.,  ...,  998.,  999., 1000.]])",
        ),
        (
            Tensor::options().dtype(DType::I32).zeros(20)?,
            "tensor([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],\n       dtype=torch.int32)",
        ),
        (
            Tensor::options().dtype(DType::F64).full((1, 1100), 0.5)?,
            "tensor([[0.5000, 0.5000, 0.5000,  ..., 0.5000, 0.5000, 0.5000]],\n       dtype=torch.float64)",
        ),
        (Tensor::options().dtype(DType::F16).zeros((3, 0))?, "tensor([], size=(3, 0), dtype=torch.float16)"),
    ] {
        assert_eq!(x.to_string(), text);
    }
    Ok(())
}

/// The file `display.json` says for each case the dtype, the shape, the elements (`cycle`, again and again)
/// and what PyTorch prints; `display.py` makes it.
#[test]
fn prints_many_tensors_as_pytorch_does() -> Result<()> {
    let text = include_str!("../fixtures/display.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() > 150);
    let mut wrong = vec![];
    for case in cases {
        let (cycle, size) = (case["cycle"].as_array().unwrap(), case["size"].as_array().unwrap());
        let size: Vec<usize> = size.iter().map(|n| n.as_u64().unwrap() as usize).collect();
        let elements = cycle.iter().cycle().take(size.iter().product());
        let dtype = DTYPES.into_iter().find(|d| case["dtype"] == d.name()).unwrap();
        let x = if dtype.is_float() {
            let real = |v: &Value| v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap());
            Tensor::from_vec(elements.map(real).collect::<Vec<f64>>(), size)?
        } else {
            Tensor::from_vec(elements.map(|v| v.as_i64().unwrap()).collect::<Vec<i64>>(), size)?
        };
        let ours = x.to_dtype(dtype)?.to_string();
        if case["text"] != ours.as_str() {
            wrong.push(format!("{ours}\ninstead of\n{}", case["text"].as_str().unwrap()));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
    Ok(())
}
