use taper_tensor::{Index, Keepdim, Result, Tensor};

/// PyTorch's `view`: by the strides, never a copy.
#[test]
fn views_share_memory_or_are_errors() -> Result<()> {
    let x = Tensor::arange(0, 24, 1)?.reshape((2, 3, 4))?;
    for (y, size) in [
        (x.clone(), &[6, 4][..]),
        (x.clone(), &[2, 2, 3, 2]),
        (x.narrow(1, 1, 2)?, &[2, 8]),       // rows that run on, of a part
        (x.narrow(2, 1, 2)?, &[6, 1, 2]),    // the first two dimensions still run on
        (x.transpose(0, 1)?, &[3, 2, 2, 2]), // one dimension cut
        (x.i((.., .., Index::step(.., 2)))?, &[12]), // every second element of all
        (x.narrow(0, 0, 0)?, &[5, 0]),
        (Tensor::new(5i64)?.expand((2, 3))?, &[6]),
        (x.i((1, 2, 3))?, &[1, 1]),
    ] {
        let view = y.view(size)?;
        assert!(view.shares_storage(&y));
        assert_eq!((view.size(), view.to_vec::<i64>()?), (size, y.to_vec::<i64>()?));
        assert!(y.reshape(size)?.shares_storage(&y), "reshape copies only where it must");
    }
    for (y, size) in [(x.transpose(0, 2)?, &[24][..]), (x.narrow(2, 0, 3)?, &[2, 9]), (x.t_3d()?, &[8, 3])] {
        let message = y.view(size).unwrap_err().to_string();
        assert!(message.contains("use reshape("), "{message}");
        assert_eq!(y.reshape(size)?.to_vec::<i64>()?, y.to_vec::<i64>()?);
    }
    assert_eq!(
        x.transpose(0, 2)?.view(24).unwrap_err().to_string(),
        "view: got shape [4, 3, 2] with strides [1, 4, 12], which needs a copy to become [24]; use reshape([24])"
    );
    assert!(x.view(25).is_err() && x.view((-1, -1)).is_err() && x.view((-2, 12)).is_err());
    x.narrow(1, 1, 2)?.view((2, 8))?.select(1, 7)?.fill_(-1)?;
    assert_eq!(x.select(1, 2)?.select(1, 3)?.to_vec::<i64>()?, [-1, -1]);
    Ok(())
}

trait Turned: Sized {
    fn t_3d(&self) -> Result<Self>;
}

impl Turned for Tensor {
    fn t_3d(&self) -> Result<Self> {
        self.permute((2, 0, 1))
    }
}

#[test]
fn any_strides() -> Result<()> {
    let x = Tensor::arange(0, 100, 1)?;
    // Every layout of up to three dimensions, against the sum of index times stride.
    for (size, stride, offset) in [
        (vec![3, 4], vec![7, 2], 5),
        (vec![3, 4], vec![2, 7], 0),
        (vec![2, 2, 2], vec![1, 1, 1], 97 - 1),
        (vec![4, 3], vec![0, 5], 2),
        (vec![1, 5, 1], vec![99, 3, 44], 1),
        (vec![], vec![], 99),
        (vec![0, 3], vec![1, 1], 50),
        (vec![10, 10], vec![1, 10], 0),
    ] {
        let y = x.as_strided(&size, &stride, Some(offset))?;
        let mut expected = vec![offset as i64];
        for (n, s) in size.iter().zip(&stride) {
            expected = expected.iter().flat_map(|e| (0..*n as i64).map(move |i| e + i * s)).collect();
        }
        assert_eq!(y.to_vec::<i64>()?, expected, "{size:?} {stride:?}");
        assert!(y.shares_storage(&x) && y.size().len() == size.len());
    }
    let part = x.narrow(0, 10, 5)?;
    assert_eq!(part.storage_offset(), 10);
    assert_eq!(part.as_strided(2, 50, None)?.to_vec::<i64>()?, [10, 60], "the whole memory");
    assert!(x.as_strided(2, 100, None).is_err() && x.as_strided((2, 2), 1, None).is_err());
    assert!(x.as_strided(i64::MAX, 1, None).is_err() && x.as_strided(2, -1, None).is_err());
    assert!(x.as_strided(1, 0, Some(usize::MAX)).is_err());
    // Elements at several places cannot be written.
    assert!(x.unfold(0, 3, 1)?.zero_().is_err() && x.unfold(0, 3, 3)?.zero_().is_ok());
    assert_eq!(x.sum()?.item::<i64>()?, 99);
    Ok(())
}

#[test]
fn a_step_through_many_elements_is_a_view() -> Result<()> {
    let n = (1usize << 24) + 77;
    let x = Tensor::zeros(n)?.to_dtype(taper_tensor::DType::U8)?;
    for step in [2, 3, 7, 1000] {
        let y = x.i(Index::step(5.., step))?;
        assert_eq!(y.numel(), (n - 5).div_ceil(step));
        y.fill_(1)?;
        assert_eq!(x.sum()?.item::<i64>()?, y.numel() as i64);
        x.zero_()?;
    }
    Ok(())
}

#[test]
fn squeeze_and_flatten_take_several_dimensions() -> Result<()> {
    let x = Tensor::zeros((1, 3, 1, 2))?;
    assert_eq!(x.squeeze(())?.size(), [3, 2]);
    assert_eq!(x.squeeze((0, 1))?.size(), [3, 1, 2]);
    assert_eq!(x.squeeze(-2)?.size(), [1, 3, 2]);
    assert_eq!(x.flatten((1, 2))?.size(), [1, 3, 2]);
    assert_eq!(x.flatten(())?.size(), [6]);
    assert!(x.flatten((2, 1)).is_err() && x.squeeze(4).is_err() && x.flatten((0, 1, 2)).is_err());
    // A number counts as a vector of one.
    let x = Tensor::new(3.0f32)?;
    assert_eq!(x.squeeze(0)?.size(), x.size());
    assert_eq!(x.transpose(0, -1)?.size(), x.size());
    assert_eq!(x.sum_dim(Keepdim(0))?.size(), x.size());
    assert_eq!(x.amax(-1)?.item::<f32>()?, 3.0);
    assert!(x.sum_dim(1).is_err());
    Ok(())
}
