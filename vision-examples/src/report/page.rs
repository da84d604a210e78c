//! The page: one file that needs no other, no network and no script.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use indicatif::{FormattedDuration, HumanCount};
use taper::data::Image;
use taper::nn::Summary;

use super::{COLOURS, Drawing, Report, STYLE, Sample, escape};
use crate::Result;
use crate::settings::text;

/// The whole page.
///
/// # Errors
/// When a picture cannot be packed.
pub fn page(
    report: &Report,
    summary: &Summary,
    drawings: &[(&str, Drawing)],
    network: &Drawing,
    samples: &[Sample],
) -> Result<String> {
    let set = |dark: bool| -> String {
        let colour = |(name, light, night): &(&str, &str, &str)| {
            format!("--{name}:{};", if dark { night } else { light })
        };
        COLOURS.iter().map(colour).collect()
    };
    let title = format!("{} on {}: {:.1} %", report.model, report.dataset, report.test_accuracy);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n:root{{{}}}\n\
         @media (prefers-color-scheme: dark) {{ :root{{{}}} }}\n{}{STYLE}</style>\n</head>\n<body>\n",
        set(false),
        set(true),
        include_str!("page.css"),
        title = escape(&title),
    );
    head(&mut page, report, summary);
    page += "<main>\n";
    for (_, drawing) in drawings {
        section(&mut page, "", drawing.title(), &drawing.inline());
    }
    // Beside the last drawing where that has nobody beside it, and else below.
    let beside = if drawings.len() % 2 == 1 { "" } else { "wide" };
    section(&mut page, beside, "Settings", &settings(report));
    section(&mut page, "wide", "The first test images", &images(samples)?);
    section(&mut page, "", network.title(), &format!("<div class=\"tall\">{}</div>", network.inline()));
    section(&mut page, "", "Its layers", &layers(summary));
    let _ = write!(page, "</main>\n<footer>{}</footer>\n</body>\n</html>\n", escape(report.program));
    Ok(page)
}

fn section(page: &mut String, class: &str, title: &str, content: &str) {
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(page, "<section class=\"{class}\">\n<h2>{}</h2>\n{content}</section>", escape(title));
}

fn head(page: &mut String, report: &Report, summary: &Summary) {
    let taken = FormattedDuration(std::time::Duration::from_secs_f64(report.train_seconds));
    let drawn = match report.dataset {
        "synthetic" => " These are drawn pictures of ten shapes, not CIFAR-10.",
        _ => "",
    };
    let _ = writeln!(
        page,
        "<h1>{:.1} % of {} test images right</h1>\n<p>{} on {}.{drawn}</p>\n<div class=\"facts\">",
        report.test_accuracy,
        HumanCount(report.test_images as u64),
        escape(&report.model),
        escape(report.dataset),
    );
    let last = report.losses.last().map_or("none".into(), |loss| format!("{:.3}", loss.loss));
    for (value, name) in [
        (format!("{} × {}", report.epochs, report.batch_size), "epochs × images in a batch"),
        (taken.to_string(), "of training"),
        (HumanCount(report.images_per_second as u64).to_string(), "images a second"),
        (last, "last training loss"),
        (HumanCount(summary.parameters as u64).to_string(), "parameters"),
        (format!("{} × {}", report.device, report.threads), "device × threads"),
    ] {
        let _ = writeln!(page, "<div><b>{}</b>{name}</div>", escape(&value));
    }
    *page += "</div>\n";
}

fn images(samples: &[Sample]) -> Result<String> {
    let mut html = String::from("<div class=\"images\">\n");
    for Sample { image, truth, prediction } in samples {
        let (class, caption) = match truth == prediction {
            true => ("yes", escape(truth)),
            false => ("no", format!("{}, taken for {}", escape(truth), escape(prediction))),
        };
        let picture = STANDARD.encode(png(image)?);
        let _ = writeln!(
            html,
            "<figure class=\"{class}\"><img alt=\"{caption}\" src=\"data:image/png;base64,{picture}\">\
             <figcaption>{caption}</figcaption></figure>"
        );
    }
    Ok(html + "</div>\n")
}

/// A colour picture of bytes as a PNG file.
fn png(image: &Image) -> Result<Vec<u8>> {
    let [_, height, width] = image.size();
    let planes = image.bytes().ok_or("the picture has no bytes")?;
    let area = height * width;
    let pixels: Vec<u8> =
        (0..area).flat_map(|at| [planes[at], planes[area + at], planes[2 * area + at]]).collect();
    let mut file = vec![];
    PngEncoder::new(&mut file).write_image(&pixels, width as u32, height as u32, ExtendedColorType::Rgb8)?;
    Ok(file)
}

fn layers(summary: &Summary) -> String {
    let mut html = String::from(
        "<table><tr><th>layer</th><th>output</th><th class=\"number\">parameters</th><th class=\"number\">\
         multiply-adds</th></tr>\n",
    );
    let number = |n: usize| if n == 0 { String::new() } else { HumanCount(n as u64).to_string() };
    for row in &summary.rows {
        let shape: Vec<_> = row.output_shape.iter().flatten().skip(1).map(usize::to_string).collect();
        let (name, kind) = match row.path.is_empty() {
            true => (&row.name, ""),
            false => (&row.path, &row.name[..]),
        };
        let _ = writeln!(
            html,
            "<tr><td>{}<small>{}</small></td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            escape(name),
            escape(kind),
            shape.join("×"),
            number(row.parameters),
            number(row.multiply_adds)
        );
    }
    let _ = writeln!(
        html,
        "<tr><th>all</th><td></td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr></table>",
        number(summary.parameters),
        number(summary.multiply_adds)
    );
    html
}

fn settings(report: &Report) -> String {
    let rows = report.settings.as_object().into_iter().flatten();
    let rows = rows.map(|(key, value)| format!("<li>{} <b>{}</b></li>\n", escape(key), escape(&text(value))));
    format!("<ul>{}</ul>\n", rows.collect::<String>())
}
