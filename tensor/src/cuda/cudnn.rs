//! cuDNN's convolutions.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::LocalKey;

use candle_core::cuda_backend::cudarc::cudnn::sys::{
    cudnnConvolutionBwdDataAlgo_t as BackwardData, cudnnConvolutionBwdFilterAlgo_t as BackwardFilter,
    cudnnConvolutionFwdAlgo_t as Forward, cudnnConvolutionMode_t, cudnnMathType_t, cudnnTensorFormat_t,
};
use candle_core::cuda_backend::cudarc::cudnn::{
    ConvBackwardData, ConvBackwardFilter, ConvForward, Cudnn, CudnnDataType, CudnnError,
};
use candle_core::cuda_backend::cudarc::driver::DeviceRepr;
use candle_core::cuda_backend::{CudaDType, CudaStorage, DeviceId};
use candle_core::{CudaDevice, Storage};

use super::conv::Pass;
use super::gpu::Gpu;
use super::launch::{Arg, lock_all};
use crate::cpu::conv::Conv2dShape;
use crate::{DType, Element, Error, Result, Tensor, shape};

/// Runs a convolution pass for elements of `T`, with products accumulated in `Sum`.
pub(super) fn run<T: Element + CudaDType + CudnnDataType + DeviceRepr + From<u8>, Sum: CudnnDataType>(
    gpu: &Gpu<'_>,
    op: &'static str,
    s: &Conv2dShape,
    pass: Pass,
    a: &Tensor,
    b: &Tensor,
    size: &[usize],
) -> Result<Option<Tensor>> {
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    let device = gpu.device;
    let _locks = lock_all(op, &[Arg::Read(&a), Arg::Read(&b)])?;
    let ((sa, la), (sb, lb)) = (a.inner.storage_and_layout(), b.inner.storage_and_layout());
    let (Storage::Cuda(sa), Storage::Cuda(sb)) = (&*sa, &*sb) else {
        return Err(Error::value(op, "got operands on another device, expected a GPU"));
    };
    let x = sa.as_cuda_slice::<T>().map_err(Error::backend(op))?.slice(la.start_offset()..);
    let w = sb.as_cuda_slice::<T>().map_err(Error::backend(op))?.slice(lb.start_offset()..);
    // SAFETY: every bit pattern is a number, and cuDNN overwrites them before they are read.
    let mut y = unsafe { device.alloc::<T>(shape::numel(size)) }.map_err(Error::backend(op))?;

    let failed = |e: CudnnError| Error::value(op, format!("cuDNN: {e:?}"));
    let cudnn = handle(device).map_err(failed)?;
    let int = |n: usize| n as i32; // all sizes are below 2^30
    let pair = |(v, h): (usize, usize)| [int(v), int(h)];
    let plain = cudnnTensorFormat_t::CUDNN_TENSOR_NCHW;
    let input = [s.batch, s.in_channels, s.height, s.width].map(int);
    let output = [s.batch, s.out_channels, s.out_height(), s.out_width()].map(int);
    let weight = [s.out_channels, s.in_channels / s.groups, s.kernel.0, s.kernel.1].map(int);
    let mode = cudnnConvolutionMode_t::CUDNN_CROSS_CORRELATION;
    let mut conv = cudnn
        .create_conv2d::<Sum>(pair(s.padding), pair(s.stride), pair(s.dilation), mode)
        .map_err(failed)?;
    conv.set_group_count(int(s.groups)).map_err(failed)?;
    let tf32 = crate::cuda::tf32();
    let math = match a.dtype {
        DType::F16 | DType::BF16 => cudnnMathType_t::CUDNN_TENSOR_OP_MATH,
        // By default, cuDNN may round f32 to TF32.
        DType::F32 if !tf32 => cudnnMathType_t::CUDNN_FMA_MATH,
        _ => cudnnMathType_t::CUDNN_DEFAULT_MATH,
    };
    conv.set_math_type(math).map_err(failed)?;
    let input = cudnn.create_4d_tensor::<T>(plain, input).map_err(failed)?;
    let output = cudnn.create_4d_tensor::<T>(plain, output).map_err(failed)?;
    let weight = cudnn.create_4d_filter::<T>(plain, weight).map_err(failed)?;
    let scale = (<T as From<u8>>::from(1), <T as From<u8>>::from(0));
    // SAFETY: cuDNN writes to its workspace before it reads it.
    let room = |bytes: usize| unsafe { device.alloc::<u8>(bytes.max(1)) };
    let setting = Setting { device: device.id(), dtype: a.dtype, shape: *s, pass, tf32 };

    /// Uses the algorithm that cuDNN prefers, or the frugal one if that is refused or its memory is not
    /// available.
    macro_rules! call {
        ($pass:expr, $algorithm:ident :: $frugal:ident, $($operand:expr),*) => {{
            thread_local! {
                static PREFERRED: RefCell<HashMap<Setting, ($algorithm, usize)>> = RefCell::default();
            }
            let pass = $pass;
            let sized = |algorithm| -> Result<_, CudnnError> { Ok((algorithm, pass.get_workspace_size(algorithm)?)) };
            let preferred = known(&PREFERRED, setting, || sized(pass.pick_algorithm()?));
            let frugal = || sized($algorithm::$frugal);
            let mut by = |(algorithm, bytes)| {
                let mut workspace = room(bytes).ok()?;
                // SAFETY: the descriptors have the sizes of the operands, which are all contiguous.
                unsafe { pass.launch(algorithm, Some(&mut workspace), scale, $($operand),*) }.ok()
            };
            if preferred.ok().and_then(&mut by).or_else(|| frugal().ok().and_then(&mut by)).is_none() {
                return Ok(None);
            }
        }};
    }
    match pass {
        Pass::Output => {
            let pass = ConvForward { conv: &conv, x: &input, w: &weight, y: &output };
            call!(pass, Forward::CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, &x, &w, &mut y);
        }
        Pass::InputGrad => {
            let pass = ConvBackwardData { conv: &conv, dx: &input, w: &weight, dy: &output };
            call!(pass, BackwardData::CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, &mut y, &w, &x);
        }
        Pass::WeightGrad => {
            let pass = ConvBackwardFilter { conv: &conv, x: &input, dw: &weight, dy: &output };
            call!(pass, BackwardFilter::CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, &x, &mut y, &w);
        }
    }
    let storage = Storage::Cuda(CudaStorage::wrap_cuda_slice(y, device.clone()));
    Ok(Some(Tensor::fresh(candle_core::Tensor::from((storage, size)), a.dtype)))
}

/// The arguments of cuDNN's choice of an algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Setting {
    device: DeviceId,
    dtype: DType,
    shape: Conv2dShape,
    pass: Pass,
    tf32: bool,
}

/// Returns the known choice, or makes it: asking cuDNN takes longer than running the convolution. The number
/// of entries is limited, so that images of ever new sizes do not fill the memory.
fn known<T: Copy>(
    all: &'static LocalKey<RefCell<HashMap<Setting, T>>>,
    setting: Setting,
    find: impl FnOnce() -> Result<T, CudnnError>,
) -> Result<T, CudnnError> {
    if let Some(found) = all.with_borrow(|all| all.get(&setting).copied()) {
        return Ok(found);
    }
    let found = find()?;
    all.with_borrow_mut(|all| {
        if all.len() >= 1000 {
            all.clear();
        }
        all.insert(setting, found);
    });
    Ok(found)
}

/// Returns this thread's handle of cuDNN for a device. Threads must not share a handle.
fn handle(device: &CudaDevice) -> Result<Arc<Cudnn>, CudnnError> {
    thread_local! {
        static HANDLES: RefCell<HashMap<DeviceId, Arc<Cudnn>>> = RefCell::default();
    }
    HANDLES.with(|handles| {
        let mut handles = handles.borrow_mut();
        if let Some(handle) = handles.get(&device.id()) {
            return Ok(handle.clone());
        }
        let handle = Cudnn::new(device.cuda_stream())?;
        handles.insert(device.id(), handle.clone());
        Ok(handle)
    })
}
