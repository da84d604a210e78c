//! Elements drawn at random.

use smallvec::smallvec;
use taper_tensor::{DType, Error, Generator, Tensor};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Each element zero with probability `p`, else divided by `1 - p`: for training only. The numbers
    /// are the generator's, or the default one's.
    ///
    /// # Errors
    /// When `p` is not from 0 to 1.
    #[track_caller]
    pub fn dropout(&self, p: f64, generator: Option<&Generator>) -> Result<Self> {
        let size = self.size();
        self.drop_mask("dropout", p, &size, generator)
    }

    /// [`Variable::dropout`] of whole channels of each sample `[N, C, …]`.
    ///
    /// # Errors
    /// As [`Variable::dropout`]; and when there are fewer than two dimensions.
    #[track_caller]
    pub fn feature_dropout(&self, p: f64, generator: Option<&Generator>) -> Result<Self> {
        let mut size = self.size();
        if size.len() < 2 {
            let message = format!("input has shape {:?}, expected [batch, channels, …]", &size[..]);
            return Err(Error::shape("feature_dropout", message).into());
        }
        size[2..].fill(1);
        self.drop_mask("feature_dropout", p, &size, generator)
    }

    #[track_caller]
    fn drop_mask(
        &self,
        op: &'static str,
        p: f64,
        size: &[usize],
        generator: Option<&Generator>,
    ) -> Result<Self> {
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::value(op, format!("p is {p}, expected a probability from 0 to 1")).into());
        }
        let mut options = Tensor::options().dtype(DType::F32).device(&self.device());
        if let Some(generator) = generator {
            options = options.generator(generator);
        }
        let kept = options.rand(size)?.ge(p)?.to_dtype(self.dtype())?;
        let scale = if p < 1.0 { kept.div(1.0 - p)? } else { kept };
        let y = self.data().mul(&scale)?;
        record("Dropout", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.mul(Variable::new(scale.clone()))?)]))
    }
}
