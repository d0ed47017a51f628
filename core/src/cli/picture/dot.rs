//! DOT, for Graphviz: <https://graphviz.org/doc/info/lang.html>.

use super::{Node, Picture};

/// Draws it, the newest on top.
pub fn draw(picture: &Picture) -> String {
    let mut text = String::from(
        "digraph revisions {\n  rankdir=BT;\n  node [fontname=\"Helvetica\", fontsize=11, style=\"rounded,filled\", shape=box];\n",
    );
    for (row, node) in picture.nodes.iter().enumerate() {
        text += &format!("  r{row} [label=\"{}\"{}];\n", label(node), looks(node));
    }
    for (row, node) in picture.nodes.iter().enumerate() {
        for edge in &node.parents {
            text += &format!("  r{} -> r{row};\n", edge.row);
        }
        for needed in &node.depends_on {
            text += &format!("  r{needed} -> r{row} [style=dashed, label=\"needed by\", fontsize=9];\n");
        }
    }
    text + "}\n"
}

fn looks(node: &Node) -> String {
    let fill = match (node.info.current, node.applied) {
        (true, _) => "#f6c6e8",
        (false, true) => "#cfe8cf",
        (false, false) => "#ffffff",
    };
    let mut looks = format!(", fillcolor=\"{fill}\"");
    if node.info.current {
        looks += ", peripheries=2";
    }
    if node.info.merge_point {
        looks += ", shape=hexagon, style=filled";
    } else if node.info.branch_point {
        looks += ", shape=trapezium, style=filled";
    }
    if node.info.head {
        looks += ", color=\"#2e7d32\", penwidth=2.5";
    }
    looks
}

fn label(node: &Node) -> String {
    let mut label = escaped(&node.info.revision);
    let marks = node.marks();
    if !marks.is_empty() {
        label += &format!(" ({})", marks.join(", "));
    }
    if !node.info.message.is_empty() {
        label += &format!("\\n{}", escaped(&node.info.message));
    }
    label
}

/// For a quoted string, in which a backslash begins an escape of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::super::tests::picture;

    #[test]
    fn nothing_breaks_out_of_a_label() {
        let text = super::draw(&picture());
        assert!(
            text.contains(
                "label=\"c3 (current)\\nmake c3 <&\\\"it's\\\">\", fillcolor=\"#f6c6e8\", peripheries=2];"
            ),
            "{text}"
        );
        assert!(text.contains("  r2 -> r1 [style=dashed"), "{text}");
    }
}
