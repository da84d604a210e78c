//! What a run leaves behind to look at.

use taper::data::Image;
use taper_vision_examples::report::network;
use taper_vision_examples::settings::ModelChoice;

use crate::run::{cifar, report, text};

#[test]
fn one_page_that_needs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let line = ["--dataset=synthetic", "--epochs=2", "--limit=20", "--test-every=1", "--weight-decay=0.001"];
    let printed = text(&cifar(folder.path(), &line));
    assert!(printed.contains("report.html"), "{printed}");
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    let numbers = report(folder.path());

    // The one address in it is the name of a language, which nobody fetches.
    let rest = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    let words = without_pictures(&rest);
    for outside in ["http:", "https:", "//", "<script", "<link", "href", "url(", "@import", "<iframe"] {
        assert!(!words.contains(outside), "the page has {outside:?}");
    }
    for source in rest.split("src=\"").skip(1) {
        assert!(source.starts_with("data:image/png;base64,"));
    }
    // Each tag that begins ends.
    for tag in ["section", "figure", "table", "svg", "main", "div", "style", "body", "html"] {
        let begins = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert!(begins > 0 && begins == page.matches(&format!("</{tag}>")).count(), "{tag}");
    }

    let accuracy = numbers["test_accuracy"].as_f64().unwrap();
    assert!(page.contains(&format!("<h1>{accuracy:.1} % of 10,000 test images right</h1>")));
    for part in [
        "prefers-color-scheme: dark",
        "weight-decay",
        "0.001",
        "Conv2d, Relu, MaxPool2d",
        "62,006",
        "crescent",
    ] {
        assert!(page.contains(part), "{part:?} is not in the page");
    }
    assert_eq!(page.matches("<figure").count(), 40);
    let wrong = page.matches("<figure class=\"no\"").count();
    assert_eq!(page.matches(", taken for ").count(), 2 * wrong);
    assert_eq!(numbers["loss_curve"].as_array().unwrap().len(), 40);
    assert_eq!(numbers["accuracies"][1]["epoch"], 2);
    for name in ["loss", "accuracy", "classes", "confusion", "network", "images"] {
        let picture = Image::open(folder.path().join(name).with_extension("png")).unwrap();
        assert!(picture.width() > 400 && picture.height() > 300, "{name}: {:?}", picture.size());
        // Something is drawn, on white.
        let bytes = picture.bytes().unwrap();
        assert!(bytes.iter().any(|&b| b < 80) && bytes[..8] == [255; 8], "{name}");
    }
}

/// The shortcuts of ResNet-18 go down beside its blocks: two columns, and not one for each layer.
#[test]
fn a_network_with_shortcuts() {
    let drawing = network(ModelChoice::ResNet18).unwrap().inline();
    assert!(drawing.contains("width=\"488\""), "not two columns wide: {}", &drawing[..200]);
    for part in [">input<", ">conv1<", ">layer2.0.downsample.0<", ">layer4.1.bn2<", ">fc<", ">512×4×4<"] {
        assert!(drawing.contains(part), "{part} is not drawn");
    }
    // Eight blocks end in a sum of two, and three begin with another branch.
    let layers = drawing.matches("class=\"box\"").count();
    assert_eq!(drawing.matches("class=\"edge\"").count(), layers - 1 + 8);
}

fn without_pictures(page: &str) -> String {
    let mut parts = page.split("data:image/png;base64,");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or("", |(_, rest)| rest))
}
