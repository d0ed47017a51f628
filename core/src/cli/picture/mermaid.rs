//! Mermaid, which GitHub and many others draw inside Markdown: <https://mermaid.js.org/syntax/flowchart.html>.

use super::{Node, Picture};

/// Draws it, the newest on top.
pub fn draw(picture: &Picture) -> String {
    let mut text = String::from("flowchart BT\n");
    for (row, node) in picture.nodes.iter().enumerate() {
        let (open, close) = shape(node);
        text += &format!("    r{row}{open}\"{}\"{close}{}\n", label(node), class(node));
    }
    for (row, node) in picture.nodes.iter().enumerate() {
        for edge in &node.parents {
            text += &format!("    r{} --> r{row}\n", edge.row);
        }
        for needed in &node.depends_on {
            text += &format!("    r{needed} -.->|needed by| r{row}\n");
        }
    }
    text + "    classDef applied fill:#cfe8cf,stroke:#2e7d32,color:#1b1b1b\n    \
            classDef pending fill:#ffffff,stroke:#777777,color:#1b1b1b\n    \
            classDef current fill:#f6c6e8,stroke:#a3127a,stroke-width:4px,color:#1b1b1b\n"
}

/// A head is round, a merge has six corners, a branch point leans.
fn shape(node: &Node) -> (&'static str, &'static str) {
    match &node.info {
        info if info.merge_point => ("{{", "}}"),
        info if info.branch_point => ("[/", "/]"),
        info if info.head => ("([", "])"),
        _ => ("[", "]"),
    }
}

fn class(node: &Node) -> &'static str {
    match (node.info.current, node.applied) {
        (true, _) => ":::current",
        (false, true) => ":::applied",
        (false, false) => ":::pending",
    }
}

fn label(node: &Node) -> String {
    let mut label = format!("<b>{}</b>", escaped(&node.info.revision));
    let marks = node.marks();
    if !marks.is_empty() {
        label += &format!(" ({})", marks.join(", "));
    }
    if !node.info.message.is_empty() {
        label += &format!("<br/>{}", escaped(&node.info.message));
    }
    label
}

/// Mermaid's own entities: `#` begins one.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | ',' | '-' | '(' | ')') => out.push(c),
            c => out += &format!("#{};", u32::from(c)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::picture;

    #[test]
    fn nothing_breaks_out_of_a_label() {
        let text = super::draw(&picture());
        assert!(
            text.contains(
                "r0{{\"<b>e5</b> (head, mergepoint)<br/>make e5 #60;#38;#34;it#39;s#34;#62;\"}}:::pending\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("    r3 --> r0\n    r1 --> r0\n    r4 --> r1\n    r2 -.->|needed by| r1\n"),
            "{text}"
        );
    }
}
