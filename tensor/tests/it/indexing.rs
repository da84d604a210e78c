use taper_tensor::{DType, Descending, IncludeSelf, Index, Largest, Reduce, Result, Tensor};

fn x() -> Result<Tensor> {
    Tensor::arange(0, 24, 1)?.reshape((2, 3, 4))
}

#[test]
fn ranges_and_integers_make_views() -> Result<()> {
    let x = x()?;
    assert_eq!(x.i((1, .., -1))?.to_vec::<i64>()?, [15, 19, 23]);
    assert_eq!(x.i((.., 1..=1, 0..2))?.size(), [2, 1, 2]);
    assert_eq!(x.i((Index::Ellipsis, 0))?.to_vec::<i64>()?, [0, 4, 8, 12, 16, 20]);
    assert_eq!(x.i((0, Index::NewAxis, 2))?.size(), [1, 4]);
    assert_eq!(x.i((0, 0, Index::step(1.., 2)))?.to_vec::<i64>()?, [1, 3]);
    assert_eq!(x.i((0, 0, -3..-1))?.to_vec::<i64>()?, [1, 2]);
    #[allow(clippy::reversed_empty_ranges)] // as in Python, it holds nothing
    let backwards = 3..1;
    assert_eq!(x.i((0, 0, backwards))?.size(), [0]);
    assert_eq!(x.i((0, 0, ..100))?.size(), [4]);
    assert!(x.i((.., 1))?.shares_storage(&x));
    assert!(x.i(2).is_err() && x.i((0, 0, 0, 0)).is_err() && x.i((.., -4)).is_err());
    let view = x.i((.., .., Index::step(.., 3)))?;
    assert!(view.shares_storage(&x));
    view.fill_(-1)?;
    assert_eq!(x.i((0, 0))?.to_vec::<i64>()?, [-1, 1, 2, -1]);
    Ok(())
}

#[test]
fn masks_and_tensors_of_indices() -> Result<()> {
    let x = x()?;
    assert_eq!(x.i(x.gt(21)?)?.to_vec::<i64>()?, [22, 23]);
    let rows = Tensor::new([1i64, -1, 0])?;
    assert_eq!(x.i((0, &rows))?.size(), [3, 4]);
    assert_eq!(x.i((0, &rows, 0))?.to_vec::<i64>()?, [4, 8, 0]);
    // Two tensors broadcast against each other.
    let columns = Tensor::new([[3i64], [0]])?;
    assert_eq!(x.i((0, &rows, &columns))?.to_vec::<i64>()?, [7, 11, 3, 4, 8, 0]);
    // Tensors that stand apart put their dimensions first.
    let batch = Tensor::new([1i64, 0])?;
    let y = x.i((&batch, .., Tensor::new([0i64, 3])?))?;
    assert_eq!((y.size(), y.to_vec::<i64>()?), (&[2, 3][..], vec![12, 16, 20, 3, 7, 11]));
    assert!(x.i(Tensor::new([2i64])?).is_err() && x.i(Tensor::new([0.5f32])?).is_err());
    let mask = Tensor::new([true, false, true])?;
    assert_eq!(x.i((.., &mask))?.size(), [2, 2, 4]);
    assert!(x.i(&mask).is_err());
    Ok(())
}

#[test]
fn slices_are_assigned() -> Result<()> {
    let x = x()?;
    x.set_((0, .., 1), &Tensor::new([-1i64, -2, -3])?)?;
    assert_eq!(x.i((0, .., 1))?.to_vec::<i64>()?, [-1, -2, -3]);
    x.set_(x.lt(0)?, &Tensor::new(99i64)?)?;
    assert_eq!(x.i((0, 2))?.to_vec::<i64>()?, [8, 99, 10, 11]);
    Ok(())
}

#[test]
fn gather_and_its_like() -> Result<()> {
    let x = Tensor::new([[1.0f32, 2.0], [3.0, 4.0]])?;
    let at = Tensor::new([[1i64, 1], [0, 1]])?;
    assert_eq!(x.gather(1, &at)?.to_vec::<f32>()?, [2.0, 2.0, 3.0, 4.0]);
    assert_eq!(x.scatter_add(0, &at, &x)?.to_vec::<f32>()?, [4.0, 2.0, 4.0, 10.0]);
    let one = Tensor::new([1i64])?;
    assert_eq!(x.index_add(0, &one, &Tensor::ones((1, 2))?)?.to_vec::<f32>()?, [1.0, 2.0, 4.0, 5.0]);
    assert_eq!(x.masked_select(&x.gt(2)?)?.to_vec::<f32>()?, [3.0, 4.0]);
    assert_eq!(x.masked_fill(&x.gt(2)?, 0)?.to_vec::<f32>()?, [1.0, 2.0, 0.0, 0.0]);
    assert_eq!(x.nonzero()?.size(), [4, 2]);
    let message = x.gather(1, &Tensor::new([[2i64]])?).unwrap_err().to_string();
    assert_eq!(message, "gather: index 2 is out of range for dimension 1 of size 2");
    assert_eq!(Tensor::new([2i64, 0])?.one_hot(3)?.to_vec::<i64>()?, [0, 0, 1, 1, 0, 0]);
    Ok(())
}

#[test]
fn order() -> Result<()> {
    let x = Tensor::new([[3.0f32, f32::NAN, 1.0, 3.0], [0.0, -1.0, 5.0, 2.0]])?;
    let (values, indices) = x.sort(1, Descending(false))?;
    assert_eq!(indices.to_vec::<i64>()?, [2, 0, 3, 1, 1, 0, 3, 2]);
    assert!(values.to_vec::<f32>()?[3].is_nan());
    assert_eq!(x.topk(2, 1, Largest(true))?.1.to_vec::<i64>()?, [1, 0, 2, 3]);
    assert_eq!(x.median_dim(1)?.1.to_vec::<i64>()?, [1, 0]);
    assert_eq!(Tensor::new([4.0f32, 1.0, 3.0, 2.0])?.median()?.item::<f32>()?, 2.0);
    let (values, inverse, counts) = Tensor::new([3i64, 1, 3])?.unique()?;
    assert_eq!(values.to_vec::<i64>()?, [1, 3]);
    assert_eq!((inverse.to_vec::<i64>()?, counts.to_vec::<i64>()?), (vec![1, 0, 1], vec![1, 2]));
    assert_eq!(Tensor::new([1i64, 3, 1])?.bincount(5)?.to_vec::<i64>()?, [0, 2, 0, 1, 0]);
    assert!(Tensor::new([i64::MAX])?.bincount(0).is_err());
    assert_eq!(Tensor::new([0.0f32, 1.0, 2.0, 9.0])?.histc(2, 0.0, 2.0)?.to_vec::<f32>()?, [1.0, 2.0]);
    assert_eq!(
        x.topk(5, 1, Largest(true)).unwrap_err().to_string(),
        "topk: got k = 5, expected at most 4, the size of dimension 1"
    );
    Ok(())
}

#[test]
fn padding_and_moving() -> Result<()> {
    let x = Tensor::arange(0, 4, 1)?;
    let pad = |p: &[i64], mode| x.pad(p, mode)?.to_vec::<i64>();
    use taper_tensor::Pad;
    assert_eq!(pad(&[1, 2], Pad::Constant(7.0))?, [7, 0, 1, 2, 3, 7, 7]);
    assert_eq!(pad(&[-1, 1], Pad::Constant(7.0))?, [1, 2, 3, 7]);
    assert_eq!(pad(&[2, 1], Pad::Reflect)?, [2, 1, 0, 1, 2, 3, 2]);
    assert_eq!(pad(&[2, 1], Pad::Replicate)?, [0, 0, 0, 1, 2, 3, 3]);
    assert_eq!(pad(&[2, 1], Pad::Circular)?, [2, 3, 0, 1, 2, 3, 0]);
    assert!(x.pad([4, 0], Pad::Reflect).is_err() && x.pad([i64::MAX, 1], Pad::Constant(0.0)).is_err());
    assert!(x.pad([-3, -2], Pad::Constant(0.0)).is_err() && x.pad([1], Pad::Reflect).is_err());
    assert_eq!(x.roll(-1, 0)?.to_vec::<i64>()?, [1, 2, 3, 0]);
    assert_eq!(x.roll(i64::MIN, 0)?.to_vec::<i64>()?, [0, 1, 2, 3]);
    assert_eq!(x.tile(2)?.to_vec::<i64>()?, [0, 1, 2, 3, 0, 1, 2, 3]);
    assert_eq!(x.repeat_interleave(2, 0)?.size(), [8]);
    assert_eq!(Tensor::eye(2)?.to_vec::<f32>()?, [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(Tensor::new([1i64, 2])?.diag(-1)?.to_vec::<i64>()?, [0, 0, 0, 1, 0, 0, 0, 2, 0]);
    assert_eq!(Tensor::meshgrid(&[x.clone(), Tensor::zeros(2)?])?[0].size(), [4, 2]);
    assert_eq!(Tensor::linspace(0.0, 1.0, 5)?.to_vec::<f32>()?, [0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(Tensor::cat(&[x.clone(), x.to_dtype(DType::F32)?], 0)?.dtype(), DType::F32);
    Ok(())
}

/// As in PyTorch, in each operation with a dimension.
#[test]
fn a_number_is_indexed_as_a_vector_of_one() -> Result<()> {
    let (x, index) = (Tensor::new(3.0f32)?, Tensor::new(0i64)?);
    let seven = Tensor::new(7.0f32)?;
    assert_eq!(x.gather(0, &index)?.item::<f32>()?, 3.0);
    assert_eq!(x.index_select(-1, &Tensor::new([0i64])?)?.size(), [0usize; 0]);
    assert_eq!(x.take_along_dim(&index, 0)?.item::<f32>()?, 3.0);
    assert_eq!(x.scatter(0, &index, &seven)?.item::<f32>()?, 7.0);
    assert_eq!(x.scatter_add(0, &index, &seven)?.item::<f32>()?, 10.0);
    assert_eq!(x.scatter_reduce(0, &index, &seven, Reduce::Prod, IncludeSelf(true))?.item::<f32>()?, 21.0);
    assert_eq!(x.index_add(0, &index, &seven)?.item::<f32>()?, 10.0);
    assert_eq!(x.index_copy(0, &index, &seven)?.item::<f32>()?, 7.0);
    assert_eq!(x.index_fill(0, &index, 5)?.item::<f32>()?, 5.0);
    assert!(x.index_select(0, &Tensor::new([0i64, 0])?).is_err());
    assert!(x.gather(1, &index).is_err());
    Ok(())
}

#[test]
fn negative_indices_along_a_dimension_count_from_the_end() -> Result<()> {
    let x = Tensor::new([[1i64, 2, 3], [4, 5, 6]])?;
    assert_eq!(x.take_along_dim(&Tensor::new([[-1i64], [0]])?, 1)?.to_vec::<i64>()?, [3, 4]);
    assert!(x.take_along_dim(&Tensor::new([[-4i64], [0]])?, 1).is_err());
    Ok(())
}

#[test]
fn a_larger_mask_broadcasts_the_tensor() -> Result<()> {
    let (x, mask) = (Tensor::new([1i64, 2])?, Tensor::new([[true, false], [false, true]])?);
    assert_eq!(x.masked_scatter(&mask, Tensor::new([8i64, 9])?)?.to_vec::<i64>()?, [8, 2, 1, 9]);
    assert_eq!(x.masked_select(&mask)?.to_vec::<i64>()?, [1, 2]);
    assert!(x.masked_scatter(&mask.to_dtype(DType::F32)?, &x).is_err());
    Ok(())
}

#[test]
fn an_infinite_number_is_close_to_itself_alone() -> Result<()> {
    let x = Tensor::new([1.0f32, f32::INFINITY, 0.0, f32::INFINITY, f32::NAN])?;
    let y = Tensor::new([f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY, f32::INFINITY, f32::NAN])?;
    assert_eq!(x.isclose(&y, 1e-5, 1e-8)?.to_vec::<bool>()?, [false, false, false, true, false]);
    assert!(!x.narrow(0, 0, 1)?.allclose(y.narrow(0, 0, 1)?, 1e-5, 1e-8)?);
    assert!(x.isclose(&y, -1.0, 0.0).is_err());
    Ok(())
}
