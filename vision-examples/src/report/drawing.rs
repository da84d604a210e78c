//! Drawings as SVG: within a page, where they take its colours, light or dark, and as PNG.

use std::fmt::Write;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::Result;

/// The colours of light and dark pages by their names in the styles.
pub const COLOURS: [(&str, &str, &str); 8] = [
    ("back", "#ffffff", "#12161c"),
    ("panel", "#f4f6f9", "#1b212a"),
    ("line", "#d3dae3", "#38424f"),
    ("text", "#1b2430", "#e6eaf0"),
    ("muted", "#566273", "#9fabb9"),
    ("accent", "#2f6fde", "#7ab0ff"),
    ("wrong", "#c93a3a", "#ff8078"),
    ("right", "#23803c", "#6fd08c"),
];

/// What the classes of a drawing's parts look like.
pub const STYLE: &str = include_str!("drawing.css");

/// The end of a text that its place is.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// A picture of rectangles, lines and texts. A part's class says what it is and gives its colour.
#[derive(Clone, Debug)]
pub struct Drawing {
    title: String,
    width: f64,
    height: f64,
    body: String,
}

impl Drawing {
    /// An empty picture; the title is for those who cannot see it.
    pub fn new(title: &str, width: f64, height: f64) -> Self {
        Self { title: title.into(), width, height, body: String::new() }
    }

    /// What it shows.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// A rectangle: left, top, width, height.
    pub fn rect(&mut self, class: &str, [x, y, w, h]: [f64; 4], opacity: f64) {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            self.body,
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" rx="3" fill-opacity="{opacity:.3}"/>"#
        );
    }

    /// A line or an area, in the words of SVG's `d`.
    pub fn path(&mut self, class: &str, d: &str) {
        let _ = writeln!(self.body, r#"<path class="{class}" d="{d}"/>"#);
    }

    /// A text on its baseline, turned by so many degrees.
    pub fn text(&mut self, class: &str, [x, y]: [f64; 2], anchor: Anchor, turn: f64, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let turn =
            if turn == 0.0 { String::new() } else { format!(r#" transform="rotate({turn} {x:.1} {y:.1})""#) };
        let text = escape(text);
        let _ = writeln!(
            self.body,
            r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}"{turn}>{text}</text>"#
        );
    }

    fn svg(&self, inside: &str) -> String {
        let Self { title, width, height, body } = self;
        let title = escape(title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n{inside}{body}</svg>\n"
        )
    }

    /// As a part of a page that has [`STYLE`] and [`COLOURS`].
    pub fn inline(&self) -> String {
        self.svg("")
    }

    /// As a PNG file of twice the size, in the light colours. Its letters are of a font within the program, so
    /// that it looks the same everywhere.
    ///
    /// # Errors
    /// When the picture is too large for the memory.
    pub fn png(&self) -> Result<Vec<u8>> {
        let style = COLOURS.iter().fold(STYLE.to_owned(), |style, (name, light, _)| {
            style.replace(&format!("var(--{name})"), light)
        });
        let back = format!(r#"<rect width="100%" height="100%" fill="{}"/>"#, COLOURS[0].1);
        let mut options = Options { font_family: "Noto Sans".into(), ..Options::default() };
        let fonts = options.fontdb_mut();
        fonts.load_font_data(notosans::REGULAR_TTF.to_vec());
        fonts.set_sans_serif_family("Noto Sans");
        let tree = Tree::from_str(&self.svg(&format!("<style>{style}</style>{back}\n")), &options)?;
        let (width, height) = ((2.0 * self.width).ceil() as u32, (2.0 * self.height).ceil() as u32);
        let mut pixels = Pixmap::new(width, height).ok_or("a drawing without a size")?;
        resvg::render(&tree, Transform::from_scale(2.0, 2.0), &mut pixels.as_mut());
        Ok(pixels.encode_png()?)
    }
}

/// A text as it stands in XML and HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
