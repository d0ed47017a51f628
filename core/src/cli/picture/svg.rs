//! SVG, a picture by itself: no script, no font and no file but its own.

use super::{Node, Picture};

/// Between two rows, two lanes, and the edge of the picture.
const ROW: usize = 44;
const LANE: usize = 28;
const EDGE: usize = 28;
/// About the width of a letter at the sizes below.
const MONOSPACE: usize = 8;
const SMALL: usize = 7;

const LEGEND: &str = "filled: applied · ring: current · ◆ merge · ■ branch point · dashed: needs";

const COLOURS: [&str; 6] = ["#2f6fb3", "#b3602f", "#3d8b4f", "#8a4fb3", "#b32f57", "#5f6b76"];

const STYLE: &str = "\
.paper{fill:#fff}.id{font:600 13px ui-monospace,Menlo,Consolas,monospace;fill:#1b1b1b}\
.text{font:13px system-ui,sans-serif;fill:#444}.mark{font:600 11px system-ui,sans-serif;fill:#fff}\
.line{fill:none;stroke-width:2.5}.needs{stroke-dasharray:4 4;stroke-width:1.5}.hollow{fill:#fff}\
@media(prefers-color-scheme:dark){.paper,.hollow{fill:#16191d}.id{fill:#eee}.text{fill:#b8bec5}}";

/// Draws it, the newest on top.
pub fn draw(picture: &Picture) -> String {
    let left = EDGE + picture.lanes.max(1) * LANE;
    let width = picture
        .nodes
        .iter()
        .map(|node| left + text_width(node))
        .max()
        .unwrap_or(0)
        .max(left + LEGEND.chars().count() * MONOSPACE)
        + EDGE;
    let height = (picture.nodes.len() + 1) * ROW + EDGE;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"revision graph\">\n\
         <style>{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n"
    );
    for (row, node) in picture.nodes.iter().enumerate() {
        text += &lines(picture, node, row);
    }
    for (row, node) in picture.nodes.iter().enumerate() {
        text += &sign(node, x(node.lane), y(row));
        text += &words(node, left, y(row));
    }
    text += &legend(left, y(picture.nodes.len()));
    text + "</svg>\n"
}

fn x(lane: usize) -> usize {
    EDGE + lane * LANE
}

fn y(row: usize) -> usize {
    EDGE + row * ROW
}

fn colour(lane: usize) -> &'static str {
    COLOURS[lane % COLOURS.len()]
}

fn lines(picture: &Picture, node: &Node, row: usize) -> String {
    let mut text = String::new();
    for needed in &node.depends_on {
        let (x1, y1, x2, y2) = (x(node.lane), y(row), x(picture.nodes[*needed].lane), y(*needed));
        let bend = x1.max(x2) + LANE;
        text += &format!(
            "<path class=\"line needs\" stroke=\"#888\" d=\"M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}\"/>\n"
        );
    }
    for edge in &node.parents {
        let (from, via, to) = (x(node.lane), x(edge.lane), x(picture.nodes[edge.row].lane));
        let (top, bottom) = (y(row), y(edge.row));
        // Into its lane within one row, along it, and out of it within the last.
        let (enter, leave) = (top + ROW, bottom - ROW);
        let mut path = format!("M{from} {top}");
        if edge.row == row + 1 {
            path += &curve(from, top, to, bottom);
        } else {
            path += &curve(from, top, via, enter);
            path += &format!("V{leave}");
            path += &curve(via, leave, to, bottom);
        }
        text += &format!("<path class=\"line\" stroke=\"{}\" d=\"{path}\"/>\n", colour(edge.lane));
    }
    text
}

fn curve(x1: usize, y1: usize, x2: usize, y2: usize) -> String {
    let middle = (y1 + y2) / 2;
    format!("C{x1} {middle} {x2} {middle} {x2} {y2}")
}

/// Filled where it is applied, ringed where the database is; a merge is a diamond, a branch point a
/// square.
fn sign(node: &Node, x: usize, y: usize) -> String {
    let colour = colour(node.lane);
    let fill = if node.applied { format!("fill=\"{colour}\"") } else { "class=\"hollow\"".to_owned() };
    let mut text = String::new();
    if node.info.current {
        text += &format!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"13\" class=\"hollow\" stroke=\"#a3127a\" stroke-width=\"3\"/>\n"
        );
    }
    let shape = if node.info.merge_point {
        format!("<path d=\"M{x} {}l9 9l-9 9l-9 -9z\"", y - 9)
    } else if node.info.branch_point {
        format!("<rect x=\"{}\" y=\"{}\" width=\"14\" height=\"14\" rx=\"2\"", x - 7, y - 7)
    } else {
        format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"7\"")
    };
    text + &format!("{shape} {fill} stroke=\"{colour}\" stroke-width=\"2.5\"/>\n")
}

/// The id, its marks and labels, and the message.
fn words(node: &Node, x: usize, y: usize) -> String {
    let mut text =
        format!("<text class=\"id\" x=\"{x}\" y=\"{}\">{}</text>\n", y + 5, escaped(&node.info.revision));
    let mut at = x + node.info.revision.chars().count() * MONOSPACE + 10;
    for (mark, colour) in marks(node) {
        let width = mark_width(&mark);
        text += &format!(
            "<rect x=\"{at}\" y=\"{}\" width=\"{width}\" height=\"18\" rx=\"9\" fill=\"{colour}\"/>\
             <text class=\"mark\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
            y - 9,
            at + width / 2,
            y + 4,
            escaped(&mark)
        );
        at += width + 6;
    }
    text + &format!(
        "<text class=\"text\" x=\"{}\" y=\"{}\">{}</text>\n",
        at + 2,
        y + 5,
        escaped(&node.info.message)
    )
}

fn marks(node: &Node) -> Vec<(String, &'static str)> {
    let mut marks: Vec<(String, &str)> = Vec::new();
    for mark in node.marks() {
        let colour = match mark {
            "head" => "#2e7d32",
            "current" => "#a3127a",
            _ => "#5f6b76",
        };
        marks.push((mark.to_owned(), colour));
    }
    marks.extend(node.info.branch_labels.iter().map(|label| (label.clone(), "#2f6fb3")));
    marks
}

fn mark_width(mark: &str) -> usize {
    mark.chars().count() * SMALL + 16
}

fn text_width(node: &Node) -> usize {
    let marks: usize = marks(node).iter().map(|(mark, _)| mark_width(mark) + 6).sum();
    node.info.revision.chars().count() * MONOSPACE
        + 12
        + marks
        + node.info.message.chars().count() * MONOSPACE
}

fn legend(x: usize, y: usize) -> String {
    format!("<text class=\"text\" x=\"{x}\" y=\"{}\">{LEGEND}</text>\n", y + 5)
}

/// For XML, in which control characters may not stand at all.
fn escaped(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::picture;

    #[test]
    fn every_revision_is_there_and_nothing_breaks_out() {
        let text = super::draw(&picture());
        for id in ["a1", "b2", "c3", "d4", "e5", "x1"] {
            assert!(text.contains(&format!(">{id}</text>")), "{text}");
        }
        assert!(text.contains(">make a1 &lt;&amp;&quot;it's&quot;&gt;</text>"), "{text}");
        assert_eq!(text.matches("class=\"line needs\"").count(), 1);
    }
}
