//! The blocks of a document, and what of them can be run.

/// A fenced block, or a comment that the reader does not see.
pub struct Block {
    /// Where it begins.
    pub line: usize,
    pub language: String,
    /// What stands behind the language.
    pub options: String,
    text: String,
}

/// The blocks of a document, in order.
pub fn blocks(document: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut inside: Option<(&str, Block)> = None;
    for (line, text) in document.lines().enumerate() {
        let begun = |info: &str, text: &str| {
            let (language, options) = info.split_once([',', ' ']).unwrap_or((info, ""));
            Block {
                line: line + 1,
                language: language.to_owned(),
                options: options.to_owned(),
                text: text.to_owned(),
            }
        };
        match &mut inside {
            None => {
                if let Some(info) = text.trim_start().strip_prefix("```") {
                    inside = Some(("```", begun(info, "")));
                } else if let Some(rest) = text.strip_prefix("<!-- ") {
                    match rest.strip_suffix("-->") {
                        Some(all) => found.push(begun("hidden", all.trim_end())),
                        None => inside = Some(("-->", begun("hidden", &format!("{rest}\n")))),
                    }
                }
            }
            Some((end, _)) if text.trim() == *end => found.extend(inside.take().map(|(_, block)| block)),
            Some((_, block)) => {
                block.text.push_str(text);
                block.text.push('\n');
            }
        }
    }
    assert!(inside.is_none(), "a block that does not end");
    found
}

impl Block {
    /// The file that it is, by its first line.
    pub fn path(&self) -> Option<&str> {
        let first = self.text.lines().next()?;
        let name = ["-- ", "# ", "// "].iter().find_map(|mark| first.strip_prefix(mark))?;
        let ends = ["sql", "toml", "py", "ini", "js", "ts", "yml"];
        let fits =
            |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte));
        let file = name.rsplit_once('.').is_some_and(|(_, end)| ends.contains(&end));
        (self.language != "hidden" && file && fits(name)).then_some(name)
    }

    /// The text, without the line that names a file.
    pub fn body(&self) -> &str {
        match self.path() {
            Some(_) => self.text.split_once('\n').map_or("", |(_, rest)| rest),
            None => &self.text,
        }
    }

    /// `app.db: SQL` of a hidden block.
    pub fn database(&self) -> Option<(&str, &str)> {
        let (name, sql) = self.text.split_once(':').filter(|_| self.language == "hidden")?;
        name.ends_with(".db").then_some((name, sql))
    }

    /// Commands, each with what it prints where that is shown.
    pub fn commands(&self) -> Vec<(String, Option<String>)> {
        let mut found: Vec<(String, Option<String>)> = Vec::new();
        let lines = self.text.lines();
        match &*self.language {
            "sh" => {
                for line in lines.filter(|line| !line.trim().is_empty()) {
                    match found.last_mut() {
                        // A line that goes on is one with that before it.
                        Some((last, _))
                            if last.ends_with('\\') || line.starts_with(' ') || line == "done" =>
                        {
                            last.push('\n');
                            last.push_str(line);
                        }
                        _ => found.push((line.to_owned(), None)),
                    }
                }
            }
            "console" => {
                for line in lines {
                    match (line.strip_prefix("$ "), found.last_mut()) {
                        (Some(command), _) => found.push((command.to_owned(), Some(String::new()))),
                        (None, Some((_, Some(shown)))) => {
                            shown.push_str(line);
                            shown.push('\n');
                        }
                        (None, _) => panic!("line {}: output before a command", self.line),
                    }
                }
            }
            _ => {}
        }
        found
    }
}

/// Whether a text is as a pattern has it, where `…` stands for anything. Blanks at the ends of lines are no difference.
pub fn is_like(text: &str, pattern: &str) -> bool {
    let plain = |text: &str| text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let (text, pattern) = (plain(text), plain(pattern));
    let mut pieces = pattern.split('…');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut last = None;
    for piece in pieces {
        if let Some(piece) = last.replace(piece) {
            let piece: &str = piece;
            match rest.find(piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |piece| rest.ends_with(piece))
}

/// The targets of `[text](target)` and `[key]: target`, outside of blocks.
pub fn links(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        }
        if !in_block {
            found
                .extend(line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())));
        }
    }
    found
}

/// What may stand behind `#`, as GitHub makes it of headings.
pub fn anchors(document: &str) -> Vec<String> {
    let heading =
        |line: &str| line.starts_with('#').then(|| line.trim_start_matches('#').trim().to_lowercase());
    let anchor = |heading: String| {
        let kept = heading.chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
        kept.map(|char| if char == ' ' { '-' } else { char }).collect()
    };
    document.lines().filter_map(heading).map(anchor).collect()
}
