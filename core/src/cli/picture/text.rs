//! For the terminal: a line a revision, newest first, as `git log --graph` draws commits.

use super::{Node, Picture};
use crate::cli::output;

/// Draws it, in colours that `anstream` takes out where they are not wanted.
pub fn draw(picture: &Picture) -> String {
    let mut text = String::new();
    for node in &picture.nodes {
        if node.ends.len() > 1 {
            text += &joint(node, node.ends.iter().copied(), '╯', '┴');
        }
        text += &line(node);
        if node.parents.len() > 1 {
            text += &joint(node, node.parents.iter().map(|edge| edge.lane), '╮', '┬');
        }
    }
    if !picture.nodes.is_empty() {
        text += "\n◉ current  ● applied  ○ not applied\n";
    }
    text
}

fn line(node: &Node) -> String {
    let sign = match (node.info.current, node.applied) {
        (true, _) => '◉',
        (false, true) => '●',
        (false, false) => '○',
    };
    let width = node.passing.iter().copied().max().unwrap_or(0).max(node.lane) + 1;
    let mut text = String::new();
    for lane in 0..width {
        text.push(if lane == node.lane {
            sign
        } else if node.passing.contains(&lane) {
            '│'
        } else {
            ' '
        });
        text.push(' ');
    }
    text += &format!(" {}", output::marked(&node.info, true));
    if !node.info.message.is_empty() {
        text += &format!("  {}", node.info.message);
    }
    if !node.info.depends_on.is_empty() {
        text += &format!("  [needs {}]", node.info.depends_on.join(", "));
    }
    text.push('\n');
    text
}

/// The line on which lanes leave a node or come to it.
fn joint(node: &Node, lanes: impl Iterator<Item = usize>, last: char, between: char) -> String {
    let others: Vec<usize> = lanes.filter(|&lane| lane != node.lane).collect();
    let (Some(&low), Some(&high)) = (others.iter().min(), others.iter().max()) else { return String::new() };
    let (low, high) = (low.min(node.lane), high.max(node.lane));
    let width = node.passing.iter().copied().max().unwrap_or(0).max(high) + 1;
    let mut text = String::new();
    for lane in 0..width {
        let inside = lane > low && lane < high;
        text.push(match () {
            () if lane == node.lane && others.iter().any(|&other| other < lane) => '┤',
            () if lane == node.lane => '├',
            () if others.contains(&lane) && lane == high => last,
            () if others.contains(&lane) && lane == low => {
                if last == '╯' {
                    '╰'
                } else {
                    '╭'
                }
            }
            () if others.contains(&lane) => between,
            () if node.passing.contains(&lane) && inside => '┼',
            () if node.passing.contains(&lane) => '│',
            () if inside => '─',
            () => ' ',
        });
        text.push(if lane >= low && lane < high { '─' } else { ' ' });
    }
    format!("{}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::super::tests::picture;

    #[test]
    fn a_merge_and_a_branch() {
        let plain = anstream::adapter::strip_str(&super::draw(&picture())).to_string();
        let lines: Vec<&str> =
            plain.lines().map(|line| line.split(" make").next().unwrap_or_default().trim_end()).collect();
        assert_eq!(
            lines,
            [
                "○  e5 (head) (mergepoint)",
                "├─╮",
                "│ ○  d4",
                "│ │ ○  x1",
                "◉ │  c3 (current)",
                "├─╯",
                "●  b2 (shop) (branchpoint)",
                "●  a1",
                "",
                "◉ current  ● applied  ○ not applied",
            ]
        );
    }
}
