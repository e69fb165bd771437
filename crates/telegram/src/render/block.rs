//! The walk over the CommonMark events.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use url::Url;

use super::entities::{Span, Style};
use super::table::Table;

/// CommonMark with tables, strikethrough and task lists.
pub fn parser(source: &str) -> Parser<'_> {
    Parser::new_ext(source, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS)
}

/// The text, and what is styled in it.
pub fn lay_out(source: &str) -> (String, Vec<Span>) {
    let mut layout = Layout { text: String::with_capacity(source.len()), ..Layout::default() };
    for event in parser(source) {
        layout.take(event);
    }
    (layout.text, layout.spans)
}

#[derive(Default)]
struct Layout {
    text: String,
    spans: Vec<Span>,
    /// Styles that are open, with the byte where they began; `None`: nothing will come of it.
    open: Vec<Option<Open>>,
    /// One for each list around; its next number, or `None` for bullets.
    lists: Vec<Option<u64>>,
    /// What must stand between the last block and the next text. Written only when that text comes.
    gap: Gap,
    links: Vec<Link>,
    /// Code inside a link would take the link away, so it stays plain there.
    table: Option<Table>,
    in_code_block: bool,
}

struct Open {
    start: usize,
    style: Style,
}

struct Link {
    start: usize,
    target: Target,
}

/// What a link leads to.
pub enum Target {
    Web(Url),
    /// Not one Telegram can open: shown behind the text.
    Shown(String),
    /// The text is the address already.
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Gap {
    #[default]
    None,
    Line,
    Blank,
}

impl Layout {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) => self.push(&text),
            Event::Code(code) => self.code(&code),
            Event::InlineHtml(html) if html.starts_with("<br") => self.line_break(),
            Event::InlineHtml(html) => self.push(&html),
            // A chat keeps the lines people and models write.
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::Rule => {
                self.widen(Gap::Blank);
                self.push("———");
                self.gap = Gap::Blank;
            }
            Event::TaskListMarker(done) => self.push(if done { "☑ " } else { "☐ " }),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => self.push(&text),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.widen(Gap::Blank);
                self.open(Style::Bold);
            }
            Tag::BlockQuote(_) => self.open(Style::Quote),
            Tag::CodeBlock(kind) => {
                self.widen(Gap::Line);
                self.in_code_block = true;
                self.open(Style::Pre { language: language(kind) });
            }
            Tag::List(first) => {
                if !self.lists.is_empty() {
                    self.widen(Gap::Line);
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Table(alignments) => self.table = Some(Table::new(alignments)),
            Tag::TableHead | Tag::TableRow => self.table.iter_mut().for_each(Table::start_row),
            Tag::TableCell => self.table.iter_mut().for_each(Table::start_cell),
            Tag::Emphasis => self.open(Style::Italic),
            Tag::Strong => self.open(Style::Bold),
            Tag::Strikethrough => self.open(Style::Strike),
            Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. } => {
                self.flush();
                self.links.push(Link { start: self.text.len(), target: target(link_type, &dest_url) });
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.gap = Gap::Blank,
            TagEnd::Heading(_) => {
                self.close();
                self.gap = Gap::Line;
            }
            TagEnd::BlockQuote(_) => {
                self.close();
                self.gap = Gap::Blank;
            }
            TagEnd::CodeBlock => {
                self.text.truncate(self.text.trim_end_matches('\n').len());
                self.in_code_block = false;
                self.close();
                self.gap = if self.lists.is_empty() { Gap::Blank } else { Gap::Line };
            }
            TagEnd::Item => self.gap = Gap::Line,
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap = if self.lists.is_empty() { Gap::Blank } else { Gap::Line };
            }
            TagEnd::Table => self.finish_table(),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.close(),
            TagEnd::Link | TagEnd::Image => self.finish_link(),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(table) = &mut self.table {
            return table.push(text);
        }
        self.flush();
        self.text.push_str(text);
    }

    fn code(&mut self, code: &str) {
        self.flush();
        let start = self.text.len();
        self.push(code);
        if self.table.is_none() && self.links.is_empty() {
            self.spans.push(Span { range: start..self.text.len(), style: Style::Code });
        }
    }

    fn line_break(&mut self) {
        if self.table.is_some() {
            return self.push(" ");
        }
        self.flush();
        self.text.push('\n');
        self.indent();
    }

    fn item(&mut self) {
        self.widen(Gap::Line);
        let depth = self.lists.len().saturating_sub(1);
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "• ".to_owned(),
        };
        self.break_lines();
        self.text.push_str(&"   ".repeat(depth));
        self.text.push_str(&marker);
    }

    fn widen(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    /// Writes the gap. Lines that go on inside a list item stand below its text, not below its mark.
    fn flush(&mut self) {
        if self.break_lines() && !self.in_code_block {
            self.indent();
        }
    }

    fn break_lines(&mut self) -> bool {
        let lines = match std::mem::take(&mut self.gap) {
            Gap::None => return false,
            Gap::Line => "\n",
            Gap::Blank => "\n\n",
        };
        if self.text.is_empty() {
            return false;
        }
        self.text.push_str(lines);
        true
    }

    fn indent(&mut self) {
        for _ in 0..self.lists.len() {
            self.text.push_str("   ");
        }
    }

    fn open(&mut self, style: Style) {
        // Bold in bold, a quote in a quote: Telegram knows one of each. In a table there is no style at all.
        let twice = self.open.iter().flatten().any(|open| open.style == style);
        if twice || self.table.is_some() {
            return self.open.push(None);
        }
        self.flush();
        self.open.push(Some(Open { start: self.text.len(), style }));
    }

    fn close(&mut self) {
        if let Some(Some(open)) = self.open.pop() {
            self.spans.push(Span { range: open.start..self.text.len(), style: open.style });
        }
    }

    fn finish_link(&mut self) {
        let Some(link) = self.links.pop() else { return };
        match link.target {
            Target::Web(url) if self.table.is_none() && self.links.is_empty() => {
                self.spans.push(Span { range: link.start..self.text.len(), style: Style::Link(url) });
            }
            Target::Shown(target) if self.text.get(link.start..) != Some(target.as_str()) => {
                self.push(&format!(" ({target})"));
            }
            _ => {}
        }
    }

    fn finish_table(&mut self) {
        let Some(table) = self.table.take() else { return };
        self.widen(Gap::Line);
        self.in_code_block = true;
        self.flush();
        self.in_code_block = false;
        let start = self.text.len();
        self.text.push_str(&table.lay_out());
        self.spans.push(Span { range: start..self.text.len(), style: Style::Pre { language: None } });
        self.gap = Gap::Blank;
    }
}

/// `rust` of a fence's `rust,ignore`.
pub fn language(kind: CodeBlockKind<'_>) -> Option<String> {
    let CodeBlockKind::Fenced(info) = kind else { return None };
    let word = info.split([' ', ',', '{', ':']).next().unwrap_or_default();
    (!word.is_empty()).then(|| word.to_owned())
}

pub fn target(kind: LinkType, address: &CowStr<'_>) -> Target {
    if matches!(kind, LinkType::Autolink | LinkType::Email) {
        return Target::Text;
    }
    // A `tg://user?id=` link would ping that user; nothing but the web is linked.
    match Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Target::Web(url),
        _ if address.is_empty() || address.starts_with('#') => Target::Text,
        _ => Target::Shown(address.to_string()),
    }
}
