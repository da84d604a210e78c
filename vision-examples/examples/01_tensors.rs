//! The tutorial's first section: tensors, a replacement for NumPy's arrays that can use a GPU.
//!
//!     cargo run --release -p taper-vision-examples --example 01_tensors
//!
//! Every statement of the tutorial stands above its counterpart.

use taper::prelude::*;
use taper::tensor::{NdArray, cuda};

/// The section; public, as a test runs it too.
pub fn main() -> taper::Result<()> {
    manual_seed(0); // the same numbers in every run, whatever the threads

    println!("--- Tensors");
    // x = torch.empty(5, 3): memory that nobody has written yet. Safe Rust never shows what lay
    // there before, so `empty` is zeros at the price of zeros.
    let x = Tensor::empty((5, 3))?;
    println!("{x}");
    // x = torch.rand(5, 3): uniform on [0, 1), f32 on the CPU unless told otherwise
    let x = Tensor::rand((5, 3))?;
    println!("{x}");
    // x.size()
    println!("{:?}", x.size());
    // torch.tensor([[5.5, 3.0]]), torch.zeros(2, 3, dtype=torch.long)
    println!("{}", Tensor::new([[5.5, 3.0]])?);
    println!("{}", Tensor::options().dtype(DType::I64).zeros((2, 3))?);

    println!("--- Operations");
    // y = torch.rand(5, 3); x + y. Shapes are checked when it runs, so an operator gives a `Result`.
    let y = Tensor::rand((5, 3))?;
    println!("{}", (&x + &y)?);
    // torch.add(x, y)
    println!("{}", x.add(&y)?);
    // result = torch.empty(5, 3); torch.add(x, y, out=result)
    let result = Tensor::empty((5, 3))?;
    x.add_out(&y, &result)?;
    println!("{result}");
    // y.add_(x): in place. Whatever changes a tensor in place ends in an underscore: copy_, t_.
    y.add_(&x)?;
    println!("{y}");
    // x[:, 1]: indices as in NumPy. A view: it shares x's memory, and a change shows in both.
    println!("{}", x.i((.., 1))?);
    x.i((.., 1))?.zero_()?;
    println!("{x}");
    // x.view(15), x.view(-1, 5): the same numbers in another shape; -1 is worked out
    println!("{:?} {:?}", x.view(15)?.size(), x.view((-1, 5))?.size());
    // Over a hundred more: transposing, slicing, mathematics, linear algebra, random numbers.
    println!("{}", x.t()?.matmul(&x)?);
    // torch.ones_like(x); x.shape, x.dtype, x.device
    let like = x.ones_like()?;
    println!("{:?} {} {}", like.size(), like.dtype(), like.device());
    // torch.cat([x, x], dim=1), x * x, x[0, 0].item()
    println!("{:?} {:?}", Tensor::cat(&[&x, &x], 1)?.size(), (&x * &x)?.size());
    println!("{:.4}", x.i((0, 0))?.item::<f32>()?);
    // What cannot be computed says why, and what would help.
    let error = (&x + &Tensor::ones((2, 3))?).expect_err("5 rows and 2 rows do not broadcast");
    println!("error: {error}");

    println!("--- The NumPy bridge: a tensor and an array share one memory");
    // a = torch.ones(5); b = a.numpy()
    let a = Tensor::ones(5)?;
    let b = a.numpy::<f32>()?;
    println!("{a} {b}");
    // a.add_(1): both show it
    a.add_(1.0)?;
    println!("{a} {b}");
    // a = np.ones(5); b = torch.from_numpy(a); np.add(a, 1, out=a)
    let a = NdArray::from(ndarray::Array::<f64, _>::ones(5));
    let b = Tensor::from_numpy(&a)?;
    a.write(|mut view| view += 1.0)?;
    println!("{a} {b}");

    println!("--- CUDA tensors");
    // if torch.cuda.is_available(): x = x.cuda(); y = y.cuda(); x + y
    if cuda::is_available() {
        let gpu = Device::cuda(0)?;
        let (x, y) = (x.to(&gpu)?, y.to(&gpu)?);
        println!("{}", (&x + &y)?);
    } else {
        println!("no GPU here: the same lines run on one with `--features cuda`");
    }
    Ok(())
}
