//! Grids, files, sheets.

use taper_data::{
    Cifar10, Image, Synthetic,
    pictures::{Grid, Tile, make_grid, save_image, sheet, show},
};
use taper_tensor::Tensor;

#[test]
fn pictures_survive_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.png");
    let image = Image::new([3, 2, 3], (0..18).map(|x| x * 14).collect()).unwrap();
    image.save(&path).unwrap();
    assert_eq!(Image::open(&path).unwrap().bytes(), image.bytes());
    let floats = Image::from_floats([1, 1, 3], vec![-1.0, 0.5, 2.0]).unwrap();
    floats.save(&path).unwrap();
    assert_eq!(Image::open(&path).unwrap().bytes(), Some(&[0, 128, 255, 0, 128, 255, 0, 128, 255][..]));
    let two = Image::new([2, 1, 1], vec![1, 2]).unwrap();
    assert!(two.save(&path).unwrap_err().to_string().contains("2 channels, expected 1 or 3"));
    assert!(image.save(dir.path().join("p.what")).is_err());
    assert!(image.save(dir.path().join("none/p.png")).unwrap_err().to_string().contains("p.png"));
}

#[test]
fn grids_are_saved_as_torchvision_saves_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("grid.png");
    let batch = Tensor::from_vec(vec![0.0f32, 0.25, 0.5, 1.0], [2, 1, 1, 2]).unwrap();
    save_image(&batch, &path, &Grid::new().padding(1).pad_value(1.0)).unwrap();
    let saved = Image::open(&path).unwrap();
    assert_eq!(saved.size(), [3, 3, 7]);
    assert_eq!(saved.bytes().unwrap()[7..14], [255, 0, 64, 255, 128, 255, 255]);
    let message = |shape: [usize; 2], grid: Grid| {
        let batch = Tensor::from_vec(vec![0.0f32; shape[0] * shape[1]], shape).unwrap();
        make_grid(&batch, &grid).unwrap_err().to_string()
    };
    assert!(message([0, 4], Grid::new()).contains("got shape [0, 4], expected [N, C, H, W]"));
    assert!(message([2, 4], Grid::new().nrow(0)).contains("nrow is 0"));
    let bytes = Tensor::from_vec(vec![0u8; 4], [2, 2]).unwrap();
    assert!(make_grid(&bytes, &Grid::new()).unwrap_err().to_string().contains("expected f32"));
}

#[test]
fn sheets_have_captions_under_enlarged_pictures() {
    let black = Image::new([1, 4, 4], vec![0; 16]).unwrap();
    let wrong = Tile { colour: [200, 0, 0], ..Tile::new(black.clone(), "dog") };
    let page = sheet(&[Tile::new(black, "a long caption that is cut"), wrong], 5, 20).unwrap();
    let [_, height, width] = page.size();
    // 4 pixels become 20; a caption of 11 rows; 4 around.
    assert_eq!((height, width), (4 + 20 + 11 + 4, 4 + 2 * 24));
    assert_eq!([page.pixel(0, 4, 4), page.pixel(0, 23, 23), page.pixel(0, 24, 24)], [0.0, 0.0, 255.0]);
    let inked = |columns: std::ops::Range<usize>, channel| {
        columns
            .flat_map(|x| (26..34).map(move |y| (y, x)))
            .filter(|&(y, x)| page.pixel(channel, y, x) < 250.0)
            .count()
    };
    assert!(inked(4..24, 0) > 10 && inked(28..48, 0) > 10);
    assert_eq!((inked(24..28, 0), page.pixel(0, 26, 32)), (0, 200.0));
    assert!(sheet(&[], 5, 20).is_err());
}

#[test]
fn a_preview_of_a_dataset() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("preview.png");
    show(&Synthetic::train(100), &Synthetic::CLASSES, 25, &path).unwrap();
    assert_eq!(Image::open(&path).unwrap().size(), [3, 3 * 79 + 4, 10 * 68 + 4]);
    assert!(show(&Synthetic::train(0), &Synthetic::CLASSES, 25, &path).is_err());
    assert!(Cifar10::CLASSES.iter().all(|name| name.len() <= 10)); // what fits below 64 pixels
}
