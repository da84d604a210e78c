//! Convolution and its two gradients by cuDNN, in f32 and f64.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use candle_core::cuda_backend::cudarc::cudnn::sys::{
    cudnnConvolutionMode_t, cudnnMathType_t, cudnnTensorFormat_t,
};
use candle_core::cuda_backend::cudarc::cudnn::{
    ConvBackwardData, ConvBackwardFilter, ConvForward, Cudnn, CudnnDataType, CudnnError,
};
use candle_core::cuda_backend::cudarc::driver::DeviceRepr;
use candle_core::cuda_backend::{CudaDType, CudaStorage, DeviceId};
use candle_core::{CudaDevice, Storage};

use super::{Arg, MOST, lock_all};
use crate::kernels::conv::Conv2dShape;
use crate::{DType, Element, Error, Result, Tensor, shape};

/// What is to be computed from the other two of input, weight and output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// The output, of input and weight.
    Output,
    /// The input's gradient, of the output's and the weight.
    InputGrad,
    /// The weight's gradient, of the input and the output's.
    WeightGrad,
}

/// A pass over two operands of one dtype; the result has the shape `size`. None where cuDNN has no way.
pub(crate) fn run(
    op: &'static str,
    s: &Conv2dShape,
    pass: Pass,
    a: &Tensor,
    b: &Tensor,
    size: &[usize],
) -> Result<Option<Tensor>> {
    let sizes = [a.numel(), b.numel(), shape::numel(size)];
    a.expect_device(op, b)?;
    if a.dtype != b.dtype || sizes.iter().any(|n| !(1..=MOST).contains(n)) {
        return Ok(None);
    }
    match a.dtype {
        DType::F32 => of::<f32>(op, s, pass, a, b, size),
        DType::F64 => of::<f64>(op, s, pass, a, b, size),
        _ => Ok(None),
    }
}

fn of<T: Element + CudaDType + CudnnDataType + DeviceRepr + From<u8>>(
    op: &'static str,
    s: &Conv2dShape,
    pass: Pass,
    a: &Tensor,
    b: &Tensor,
    size: &[usize],
) -> Result<Option<Tensor>> {
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    let candle_core::Device::Cuda(device) = a.inner.device() else {
        return Err(Error::value(op, "the operands of a kernel for the GPU are not on one"));
    };
    let _locks = lock_all(op, &[Arg::Read(&a), Arg::Read(&b)])?;
    let ((sa, la), (sb, lb)) = (a.inner.storage_and_layout(), b.inner.storage_and_layout());
    let (Storage::Cuda(sa), Storage::Cuda(sb)) = (&*sa, &*sb) else {
        return Err(Error::value(op, "the operands of a kernel for the GPU are not on one"));
    };
    let x = sa.as_cuda_slice::<T>().map_err(Error::backend(op))?.slice(la.start_offset()..);
    let w = sb.as_cuda_slice::<T>().map_err(Error::backend(op))?.slice(lb.start_offset()..);
    // SAFETY: numbers of any bits are numbers, and cuDNN overwrites them before anybody reads.
    let mut y = unsafe { device.alloc::<T>(shape::numel(size)) }.map_err(Error::backend(op))?;

    let failed = |e: CudnnError| Error::value(op, format!("cuDNN: {e:?}"));
    let cudnn = handle(device).map_err(failed)?;
    let int = |n: usize| n as i32; // of sizes that are below 2^30
    let pair = |(v, h): (usize, usize)| [int(v), int(h)];
    let plain = cudnnTensorFormat_t::CUDNN_TENSOR_NCHW;
    let input = [s.batch, s.in_channels, s.height, s.width].map(int);
    let output = [s.batch, s.out_channels, s.out_height(), s.out_width()].map(int);
    let weight = [s.out_channels, s.in_channels / s.groups, s.kernel.0, s.kernel.1].map(int);
    let mode = cudnnConvolutionMode_t::CUDNN_CROSS_CORRELATION;
    let mut conv =
        cudnn.create_conv2d::<T>(pair(s.padding), pair(s.stride), pair(s.dilation), mode).map_err(failed)?;
    conv.set_group_count(int(s.groups)).map_err(failed)?;
    if !crate::cuda::tf32() {
        conv.set_math_type(cudnnMathType_t::CUDNN_FMA_MATH).map_err(failed)?;
    }
    let input = cudnn.create_4d_tensor::<T>(plain, input).map_err(failed)?;
    let output = cudnn.create_4d_tensor::<T>(plain, output).map_err(failed)?;
    let weight = cudnn.create_4d_filter::<T>(plain, weight).map_err(failed)?;
    let scale = (<T as From<u8>>::from(1), <T as From<u8>>::from(0));
    let room = |bytes: usize| device.alloc_zeros::<u8>(bytes.max(1)).map_err(Error::backend(op));

    /// The algorithm that cuDNN prefers, the memory that it needs, and the call.
    macro_rules! call {
        ($pass:expr, $($operand:expr),*) => {{
            let pass = $pass;
            let Ok(algorithm) = pass.pick_algorithm() else { return Ok(None) };
            let mut workspace = room(pass.get_workspace_size(algorithm).map_err(failed)?)?;
            // SAFETY: the descriptors say the operands' sizes; all of them are contiguous.
            unsafe { pass.launch(algorithm, Some(&mut workspace), scale, $($operand),*) }.map_err(failed)?;
        }};
    }
    match pass {
        Pass::Output => {
            call!(ConvForward { conv: &conv, x: &input, w: &weight, y: &output }, &x, &w, &mut y);
        }
        Pass::InputGrad => {
            call!(ConvBackwardData { conv: &conv, dx: &input, w: &weight, dy: &output }, &mut y, &w, &x);
        }
        Pass::WeightGrad => {
            call!(ConvBackwardFilter { conv: &conv, x: &input, dw: &weight, dy: &output }, &x, &mut y, &w);
        }
    }
    let storage = Storage::Cuda(CudaStorage::wrap_cuda_slice(y, device.clone()));
    Ok(Some(Tensor::fresh(candle_core::Tensor::from((storage, size)), a.dtype)))
}

/// This thread's handle of cuDNN for a device: a handle is for one thread at a time.
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
