//! The Markdown renderer, case by case, and its time on texts made to be slow.

use adjutant_testkit::browser::{DESK, Page};
use serde_json::json;

use crate::stage::Stage;

/// Source and the markup it must become; `code` figures are left out, see below.
const CASES: &[(&str, &str)] = &[
    ("plain", "<p>plain</p>"),
    ("a\nb\n\nc", "<p>a<br>b</p><p>c</p>"),
    (
        "**bold** *it* __bold__ _it_ ~~gone~~ ***both***",
        "<p><strong>bold</strong> <em>it</em> <strong>bold</strong> <em>it</em> <del>gone</del> <strong><em>both</em></strong></p>",
    ),
    ("snake_case_name and 2 * 3 * 4", "<p>snake_case_name and 2 * 3 * 4</p>"),
    ("**unclosed and `unclosed", "<p>**unclosed and `unclosed</p>"),
    ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
    ("`a*b*` ``x`y``", "<p><code>a*b*</code> <code>x`y</code></p>"),
    (r"\*no\* \[no\](x)", "<p>*no* [no](x)</p>"),
    (
        "# One\n## Two #\n####### no",
        "<h3 class=\"heading-1\">One</h3><h4 class=\"heading-2\">Two</h4><p>####### no</p>",
    ),
    ("- a\n- b\n  - c\n\n1. x\n2. y", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol><li>x</li><li>y</li></ol>"),
    ("3. x\n4. y", "<ol start=\"3\"><li>x</li><li>y</li></ol>"),
    ("text\n- a", "<p>text</p><ul><li>a</li></ul>"),
    ("year\n1986. A good one", "<p>year<br>1986. A good one</p>"),
    ("> a\n> **b**\n\nc", "<blockquote><p>a<br><strong>b</strong></p></blockquote><p>c</p>"),
    ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
    ("<b>x</b> &amp; &lt;", "<p>&lt;b&gt;x&lt;/b&gt; &amp;amp; &amp;lt;</p>"),
    (
        "see https://a.example/x_(y)_z. End",
        "<p>see <a href=\"https://a.example/x_(y)_z\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">https://a.example/x_(y)_z</a>. End</p>",
    ),
    (
        "[label](https://a.example \"title\")",
        "<p><a href=\"https://a.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">label</a></p>",
    ),
    ("[label](src/main.rs)", "<p>label (<code>src/main.rs</code>)</p>"),
    ("[x](javascript:alert(1))", "<p>x (<code>javascript:alert(1)</code>)</p>"),
];

#[tokio::test]
async fn the_renderer_makes_what_the_source_says() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    for (source, wanted) in CASES {
        let made = format!(
            "import('/assets/markdown.js').then(({{ renderMarkdown }}) => {{ const at = document.createElement('div'); renderMarkdown(at, {}); return at.innerHTML; }})",
            json!(source)
        );
        assert_eq!(page.value(&made).await, *wanted, "{source}");
    }
    assert_eq!(page.errors, Vec::<String>::new());
}

#[tokio::test]
async fn a_text_that_grows_ends_as_if_it_had_come_at_once() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    let text = "# T\n\nsome *text*\n\n- a\n- b\n\n  more\n\n```diff\n-x\n+y\n```\n\n| a | b |\n|---|---|\n| `x|y` | 2 |\n\n> q\n\nend";
    let script = format!(
        "import('/assets/markdown.js').then(({{ renderMarkdown }}) => {{
            const text = {}, growing = document.createElement('div'), whole = document.createElement('div');
            renderMarkdown(growing, text.slice(0, 3));
            const first = growing.firstChild;
            for (let end = 1; end <= text.length; end += 1) renderMarkdown(growing, text.slice(0, end));
            const kept = growing.firstChild;
            renderMarkdown(growing, text);
            renderMarkdown(whole, text);
            return [growing.innerHTML === whole.innerHTML, kept === growing.firstChild, whole.querySelectorAll('td').length, whole.querySelectorAll('.added').length, Boolean(first)];
        }})",
        json!(text)
    );
    assert_eq!(page.value(&script).await, json!([true, true, 2, 1, true]));
}

#[tokio::test]
async fn no_text_makes_the_renderer_slow() {
    let stage = Stage::new().await;
    let mut page = Page::open(&stage.link, DESK).await;
    // Each is the length of a full part. A renderer of quadratic time would not be done when the test gives up.
    for piece in [
        "**a ", "[", "`", "` ``", "> ", "- ", "*", "_a", "|", "|-", "~~", "<http://", "[a](", "***a** ", "![", "1. ",
        "  - a\n", "```\n", "https://", "\\",
    ] {
        let script = format!(
            "import('/assets/markdown.js').then(({{ renderMarkdown }}) => {{ const piece = {}; const at = document.createElement('div'); renderMarkdown(at, piece.repeat(32000 / piece.length)); return true; }})",
            json!(piece)
        );
        let done = tokio::time::timeout(std::time::Duration::from_secs(30), page.value(&script)).await;
        assert_eq!(done.unwrap_or_else(|_| panic!("{piece:?} takes too long")), true);
    }
}
