//! Converts tensors to little-endian bytes and back.

use taper_tensor::{DType, Result, Tensor, bf16, f16};

/// Runs an arm for each dtype with its Rust type.
macro_rules! with_type {
    ($dtype:expr, $T:ident => $body:expr, bool => $bool:expr) => {
        match $dtype {
            DType::Bool => $bool,
            DType::U8 => with_type!(@ u8, $T, $body),
            DType::U32 => with_type!(@ u32, $T, $body),
            DType::I32 => with_type!(@ i32, $T, $body),
            DType::I64 => with_type!(@ i64, $T, $body),
            DType::F16 => with_type!(@ f16, $T, $body),
            DType::BF16 => with_type!(@ bf16, $T, $body),
            DType::F32 => with_type!(@ f32, $T, $body),
            DType::F64 => with_type!(@ f64, $T, $body),
        }
    };
    (@ $type:ty, $T:ident, $body:expr) => {{
        type $T = $type;
        $body
    }};
}

/// Returns the elements in order.
pub fn to_bytes(tensor: &Tensor) -> Result<Vec<u8>> {
    with_type!(tensor.dtype(), T => {
        Ok(tensor.to_vec::<T>()?.into_iter().flat_map(T::to_le_bytes).collect())
    }, bool => Ok(tensor.to_vec::<bool>()?.into_iter().map(u8::from).collect()))
}

/// Makes a tensor of the elements in `bytes`, as many as the shape has.
pub fn from_bytes(dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Tensor> {
    with_type!(dtype, T => {
        let (elements, _) = bytes.as_chunks::<{ size_of::<T>() }>();
        Tensor::from_vec::<T>(elements.iter().map(|&element| T::from_le_bytes(element)).collect(), shape)
    }, bool => Tensor::from_vec(bytes.iter().map(|&b| b != 0).collect(), shape))
}
