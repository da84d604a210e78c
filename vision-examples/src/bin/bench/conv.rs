//! ResNet-18's convolutions and the tutorial's, each pass.

use taper::tensor::{Conv2dOptions, Tensor};
use taper_vision_examples::Result;

use crate::Common;
use crate::harness::{Bench, Case};

/// A convolution: channels in and out, size of the image, of the kernel, stride, padding.
struct Shape(usize, usize, usize, usize, usize, usize);

const SHAPES: [Shape; 13] = [
    Shape(3, 6, 32, 5, 1, 0),
    Shape(6, 16, 14, 5, 1, 0),
    Shape(3, 64, 32, 3, 1, 1),
    Shape(64, 64, 32, 3, 1, 1),
    Shape(128, 128, 16, 3, 1, 1),
    Shape(256, 256, 8, 3, 1, 1),
    Shape(512, 512, 4, 3, 1, 1),
    Shape(64, 128, 32, 3, 2, 1),
    Shape(128, 256, 16, 3, 2, 1),
    Shape(256, 512, 8, 3, 2, 1),
    Shape(64, 128, 32, 1, 2, 0),
    Shape(128, 256, 16, 1, 2, 0),
    Shape(256, 512, 8, 1, 2, 0),
];

pub fn run(common: &Common, batch: usize) -> Result<()> {
    let mut bench = common.open()?;
    for shape in &SHAPES {
        passes(&mut bench, batch, shape)?;
    }
    bench.finish()
}

fn passes(bench: &mut Bench, batch: usize, shape: &Shape) -> Result<()> {
    let &Shape(from, to, size, kernel, stride, padding) = shape;
    let options =
        Conv2dOptions { stride: (stride, stride), padding: (padding, padding), ..Conv2dOptions::default() };
    let x = Tensor::randn((batch, from, size, size))?;
    let w = Tensor::randn((to, from, kernel, kernel))?;
    let dy = x.conv2d(&w, None, options)?.randn_like()?;
    let setup = format!(
        "x = torch.randn({batch}, {from}, {size}, {size})\n\
         w = torch.randn({to}, {from}, {kernel}, {kernel})\n\
         dy = torch.randn_like(F.conv2d(x, w, None, {stride}, {padding}))\n\
         def grad(x_wanted, w_wanted):\n    \
             torch.ops.aten.convolution_backward(dy, x, w, None, [{stride}] * 2, [{padding}] * 2, [1, 1], False, \
         [0, 0], 1, [x_wanted, w_wanted, False])"
    );
    let name = |pass| format!("{from}>{to} {kernel}x{kernel}/{stride} at {size}, {pass}");
    let forward = Case::new(name("forward"), || {
        x.conv2d(&w, None, options)?;
        Ok(())
    });
    bench.case(forward.pytorch(&setup, format!("F.conv2d(x, w, None, {stride}, {padding})")))?;
    let input = Case::new(name("input"), || {
        dy.conv2d_input_grad(&w, x.size(), options)?;
        Ok(())
    });
    bench.case(input.pytorch(&setup, "grad(True, False)"))?;
    let weight = Case::new(name("weight"), || {
        x.conv2d_weight_grad(&dy, w.size(), options)?;
        Ok(())
    });
    bench.case(weight.pytorch(&setup, "grad(False, True)")).map(drop)
}
