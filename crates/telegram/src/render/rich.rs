//! CommonMark → the blocks of a rich message: <https://core.telegram.org/bots/api#inputrichmessage> (Bot API 10.1).
//!
//! Telegram would read Markdown itself, but also the HTML in it, and links that ping people. Blocks say exactly what is
//! meant. Nothing is detected in them, so `@names` and `/words` stay text; only the gateway's own commands can be tapped.

use std::iter::Peekable;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Parser, Tag};
use serde::Serialize;

use super::Names;
use super::block::{Target, language, parser, target};
use super::commands::tappable;

/// Telegram takes 500 blocks (rows and items count), 20 columns and 16 levels; this stays below.
const BLOCKS: usize = 400;
const COLUMNS: usize = 20;
const LEVELS: usize = 12;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Paragraph {
        text: Text,
    },
    Heading {
        text: Text,
        size: u8,
    },
    Pre {
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    Divider,
    List {
        items: Vec<Item>,
    },
    Blockquote {
        blocks: Vec<Block>,
    },
    Table {
        cells: Vec<Vec<Cell>>,
        is_bordered: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Item {
    blocks: Vec<Block>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_checkbox: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_checked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<u64>,
    /// `1`: decimal numbers.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    label: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    text: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_header: Option<bool>,
    align: &'static str,
    valign: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Text {
    Plain(String),
    Several(Vec<Text>),
    Styled(Box<Styled>),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Styled {
    Bold { text: Text },
    Italic { text: Text },
    Strikethrough { text: Text },
    Code { text: Text },
    Url { text: Text, url: String },
    BotCommand { text: Text, bot_command: String },
}

/// Whether the text has something that entities cannot show: a table, a list of tasks.
#[must_use]
pub fn is_needed(source: &str) -> bool {
    parser(source).any(|event| matches!(event, Event::Start(Tag::Table(_)) | Event::TaskListMarker(_)))
}

/// The blocks; `None` where the text has more of something than a rich message takes, or nothing that can be seen.
#[must_use]
pub fn compose(source: &str, names: &Names) -> Option<Vec<Block>> {
    if !fits(source) {
        return None;
    }
    let mut writer = Writer { events: parser(source).peekable(), names };
    let blocks = writer.blocks();
    (!blocks.is_empty()).then_some(blocks)
}

/// Looks before anything is built, so that deep nesting costs no stack.
fn fits(source: &str) -> bool {
    let (mut blocks, mut level, mut deepest, mut columns) = (0, 0_usize, 0, 0);
    for event in parser(source) {
        match event {
            Event::Start(tag) => {
                level += 1;
                deepest = deepest.max(level);
                if let Tag::Table(alignments) = &tag {
                    columns = columns.max(alignments.len());
                }
                blocks += usize::from(!is_inline(&tag));
            }
            Event::End(_) => level = level.saturating_sub(1),
            Event::Rule => blocks += 1,
            _ => {}
        }
    }
    blocks <= BLOCKS && deepest <= LEVELS && columns <= COLUMNS
}

const fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
}

struct Writer<'a> {
    events: Peekable<Parser<'a>>,
    names: &'a Names,
}

impl Writer<'_> {
    /// Up to the end of what surrounds them, which is taken.
    fn blocks(&mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some(event) = self.events.peek() {
            match event {
                Event::End(_) => {
                    self.events.next();
                    break;
                }
                Event::Start(tag) if !is_inline(tag) => {
                    let Some(Event::Start(tag)) = self.events.next() else { break };
                    blocks.extend(self.block(tag));
                }
                Event::Rule => {
                    self.events.next();
                    blocks.push(Block::Divider);
                }
                // The text of a tight list's item stands in no paragraph.
                _ => blocks.extend(self.line().map(|text| Block::Paragraph { text })),
            }
        }
        blocks
    }

    fn block(&mut self, tag: Tag<'_>) -> Option<Block> {
        match tag {
            Tag::Heading { level, .. } => self.line_to_end().map(|text| Block::Heading { text, size: size(level) }),
            Tag::CodeBlock(kind) => self.code(kind),
            Tag::List(first) => Some(Block::List { items: self.items(first) }).filter(has_items),
            Tag::BlockQuote(_) => {
                let blocks = self.blocks();
                (!blocks.is_empty()).then_some(Block::Blockquote { blocks })
            }
            Tag::Table(alignments) => Some(Block::Table { cells: self.rows(&alignments), is_bordered: true }),
            _ => self.line_to_end().map(|text| Block::Paragraph { text }),
        }
    }

    fn items(&mut self, first: Option<u64>) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        while let Some(Event::Start(_)) = self.events.next() {
            let checkbox = match self.events.peek() {
                Some(Event::TaskListMarker(done)) => Some(*done),
                _ => None,
            };
            if checkbox.is_some() {
                self.events.next();
            }
            let value = first.map(|first| first + items.len() as u64);
            let mut blocks = self.blocks();
            if blocks.is_empty() {
                blocks.push(Block::Paragraph { text: Text::Plain("\u{a0}".to_owned()) });
            }
            items.push(Item {
                blocks,
                has_checkbox: checkbox.map(|_| true),
                is_checked: checkbox.filter(|done| *done),
                value,
                label: first.map(|_| "1"),
            });
        }
        items
    }

    fn rows(&mut self, alignments: &[Alignment]) -> Vec<Vec<Cell>> {
        let mut rows = Vec::new();
        while let Some(Event::Start(row)) = self.events.next() {
            let is_header = matches!(row, Tag::TableHead).then_some(true);
            let mut cells = Vec::new();
            while let Some(Event::Start(_)) = self.events.next() {
                let align = alignments.get(cells.len()).copied().map_or("left", align);
                let text = self.line_to_end().unwrap_or_else(|| Text::Plain("\u{a0}".to_owned()));
                cells.push(Cell { text, is_header, align, valign: "top" });
            }
            rows.push(cells);
        }
        rows
    }

    fn code(&mut self, kind: CodeBlockKind<'_>) -> Option<Block> {
        let mut text = String::new();
        while let Some(Event::Text(more)) = self.events.next() {
            text.push_str(&more);
        }
        let text = text.trim_end_matches('\n').to_owned();
        (!text.trim().is_empty()).then(|| Block::Pre { text, language: language(kind) })
    }

    /// What stands in a line, and the end of what surrounds it.
    fn line_to_end(&mut self) -> Option<Text> {
        let text = self.line();
        self.events.next();
        text
    }

    /// Up to the next block or the end of what surrounds it, which is left.
    fn line(&mut self) -> Option<Text> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        loop {
            match self.events.peek() {
                None | Some(Event::End(_) | Event::Rule) => break,
                Some(Event::Start(tag)) if !is_inline(tag) => break,
                Some(_) => {}
            }
            match self.events.next() {
                Some(Event::Code(code)) => {
                    self.flush(&mut plain, &mut pieces);
                    pieces.push(Text::Styled(Box::new(Styled::Code { text: Text::Plain(code.into_string()) })));
                }
                Some(Event::Start(tag)) => {
                    self.flush(&mut plain, &mut pieces);
                    pieces.extend(self.styled(tag));
                }
                Some(Event::SoftBreak | Event::HardBreak) => plain.push('\n'),
                Some(Event::InlineHtml(html)) if html.starts_with("<br") => plain.push('\n'),
                Some(
                    Event::Text(text)
                    | Event::Html(text)
                    | Event::InlineHtml(text)
                    | Event::InlineMath(text)
                    | Event::DisplayMath(text)
                    | Event::FootnoteReference(text),
                ) => plain.push_str(&text),
                Some(Event::TaskListMarker(done)) => plain.push_str(if done { "☑ " } else { "☐ " }),
                _ => {}
            }
        }
        self.flush(&mut plain, &mut pieces);
        one(pieces)
    }

    fn styled(&mut self, tag: Tag<'_>) -> Vec<Text> {
        let Some(text) = self.line_to_end() else { return Vec::new() };
        let styled = match tag {
            Tag::Strong => Styled::Bold { text },
            Tag::Emphasis => Styled::Italic { text },
            Tag::Strikethrough => Styled::Strikethrough { text },
            Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. } => {
                match target(link_type, &dest_url) {
                    Target::Web(url) => Styled::Url { text, url: url.into() },
                    Target::Shown(address) => return vec![text, Text::Plain(format!(" ({address})"))],
                    Target::Text => return vec![text],
                }
            }
            _ => return vec![text],
        };
        vec![Text::Styled(Box::new(styled))]
    }

    fn flush(&self, plain: &mut String, pieces: &mut Vec<Text>) {
        let text = std::mem::take(plain);
        let mut from = 0;
        for found in tappable(&text, self.names) {
            push_plain(&text[from..found.start], pieces);
            let command = text[found.clone()].to_owned();
            let styled = Styled::BotCommand { text: Text::Plain(command.clone()), bot_command: command };
            pieces.push(Text::Styled(Box::new(styled)));
            from = found.end;
        }
        push_plain(&text[from..], pieces);
    }
}

fn push_plain(text: &str, pieces: &mut Vec<Text>) {
    if !text.is_empty() {
        pieces.push(Text::Plain(text.to_owned()));
    }
}

/// `None` where nothing can be seen.
fn one(mut pieces: Vec<Text>) -> Option<Text> {
    let visible = pieces.iter().any(|piece| !matches!(piece, Text::Plain(text) if text.trim().is_empty()));
    match pieces.len() {
        _ if !visible => None,
        1 => pieces.pop(),
        _ => Some(Text::Several(pieces)),
    }
}

fn has_items(list: &Block) -> bool {
    matches!(list, Block::List { items } if !items.is_empty())
}

const fn size(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

const fn align(alignment: Alignment) -> &'static str {
    match alignment {
        Alignment::Center => "center",
        Alignment::Right => "right",
        Alignment::Left | Alignment::None => "left",
    }
}
