//! Shows pictures: grids of batches, files, and sheets with a caption under each picture.

mod font;
mod grid;
mod sheet;

pub use grid::{Grid, make_grid, save_image};
pub use sheet::{Tile, sheet, show};
