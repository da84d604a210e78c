//! Reads pictures from folders, one for each class.

use crate::{Dataset, Error, Image, Result, Rng};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The largest depth of folders: links can form circles.
const DEEPEST: usize = 32;

/// PNG and JPEG files in folders that are named after their classes, as `torchvision.datasets.ImageFolder`:
/// `ROOT/cat/1.png`, `ROOT/cat/more/2.jpg`, `ROOT/dog/3.jpeg`. Pictures come as red, green, blue, in their
/// own sizes: `Resize` or `RandomResizedCrop` gives them one size.
///
/// ```no_run
/// use taper_data::{Dataset, ImageFolder, transforms::{CenterCrop, Compose, Resize, ToTensor}};
/// let photos = ImageFolder::new("photos")?;
/// println!("{} pictures of {:?}", photos.len(), photos.classes());
/// let photos = photos.transform(Compose::new((Resize::new(256)?, CenterCrop::new(224)?, ToTensor)));
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageFolder {
    classes: Vec<String>,
    files: Vec<(PathBuf, i64)>,
}

impl ImageFolder {
    /// Lists the pictures below `root`, in the order of their classes' and their own names.
    ///
    /// # Errors
    /// When a folder cannot be read, there are no classes, or a class has no pictures.
    pub fn new(root: impl AsRef<Path>) -> Result<Self> {
        let root = root.as_ref();
        let (mut classes, mut files) = (Vec::new(), Vec::new());
        for folder in entries(root)?.into_iter().filter(|path| path.is_dir()) {
            let (label, before) = (classes.len() as i64, files.len());
            collect(&folder, label, DEEPEST, &mut files)?;
            if files.len() == before {
                return Err(Error::format(folder, "no PNG or JPEG file for this class"));
            }
            classes.push(folder.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
        if classes.is_empty() {
            return Err(Error::format(root, "no folder: each class needs one, e.g. cat/1.png and dog/2.png"));
        }
        Ok(Self { classes, files })
    }

    /// Returns the names of the classes, by their numbers.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Returns each picture's file and the number of its class.
    pub fn files(&self) -> &[(PathBuf, i64)] {
        &self.files
    }
}

impl Dataset for ImageFolder {
    type Sample = (Image, i64);

    fn len(&self) -> usize {
        self.files.len()
    }

    fn get(&self, index: usize, _rng: &mut Rng) -> Result<(Image, i64)> {
        self.check(index)?;
        let (path, label) = &self.files[index];
        Ok((Image::open(path)?, *label))
    }
}

/// Returns the paths in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut paths = read().map_err(Error::io("read folder", folder))?;
    paths.sort();
    Ok(paths)
}

fn collect(folder: &Path, label: i64, depth: usize, files: &mut Vec<(PathBuf, i64)>) -> Result<()> {
    if depth == 0 {
        return Err(Error::format(folder, format!("more than {DEEPEST} folders deep: a link in a circle?")));
    }
    for path in entries(folder)? {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_dir() {
            collect(&path, label, depth - 1, files)?;
        } else if ["png", "jpg", "jpeg"].contains(&&*ending) {
            files.push((path, label));
        }
    }
    Ok(())
}
