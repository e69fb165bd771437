use adjutant_core::message::{InboundContent, InboundMessage};
use adjutant_telegram::Identity;
use adjutant_telegram::inbound::{Batch, needs_identity, parse};
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn me() -> Identity {
    Identity { id: 7_000_000_001, username: "coding_assistant_bot".into(), can_read_all_group_messages: false }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_001_000, 0).expect("a moment")
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("JSON")
}

fn parse_one(value: &Value) -> Batch {
    parse(&[raw(value)], Some(&me()), now())
}

fn fixture(name: &str) -> Batch {
    let path = format!("{}/tests/fixtures/update.{name}.json", env!("CARGO_MANIFEST_DIR"));
    parse_one(&serde_json::from_str(&std::fs::read_to_string(path).expect(name)).expect(name))
}

fn one(name: &str) -> InboundMessage {
    let mut batch = fixture(name);
    assert_eq!((batch.messages.len(), batch.ignored), (1, 0), "{name}");
    batch.messages.remove(0)
}

/// An update with a message in a group; `message` adds or replaces fields.
fn in_group(message: Value) -> Batch {
    let mut whole = json!({
        "message_id": 9, "date": 1_795_000_000, "chat": {"id": -1005, "type": "supergroup", "title": "Dev"},
        "from": {"id": 5, "is_bot": false, "first_name": "Ada", "last_name": "L"}
    });
    let fields = message.as_object().expect("an object").clone();
    whole.as_object_mut().expect("an object").extend(fields);
    parse_one(&json!({"update_id": 1, "message": whole}))
}

fn text(batch: &Batch) -> Option<&str> {
    batch.messages.first().and_then(|message| message.content.text())
}

#[test]
fn a_private_message_is_heard_with_sender_key_and_time() {
    let message = one("private_text");
    assert_eq!(message.conversation.0, "111222333");
    assert_eq!(message.delivery.0, "870000003:111222333:13");
    assert_eq!((message.sender.id.as_str(), message.sender.name.as_str()), ("111222333", "Ada"));
    assert_eq!(message.message.map(|m| m.0).as_deref(), Some("13"));
    assert_eq!(message.sent_at.timestamp(), 1_795_000_002);
    let expected = InboundContent::words("Please explain src/main.rs 🙂");
    assert_eq!(message.content, expected);
}

#[test]
fn a_command_with_a_dash_arrives_whole() {
    let message = one("private_dash_command");
    let text = message.content.text().expect("text");
    assert!(text.starts_with("/command-set plan .claude/") && text.contains('\n'), "{text}");
}

#[test]
fn a_topic_is_a_conversation_of_its_own_only_when_the_message_says_so() {
    assert_eq!(one("private_topic_text").conversation.0, "111222333:901");
    let reply = in_group(json!({"text": "/status", "message_thread_id": 44}));
    assert_eq!(reply.messages[0].conversation.0, "-1005");
    let topic = in_group(json!({"text": "/status", "message_thread_id": 44, "is_topic_message": true}));
    assert_eq!(topic.messages[0].conversation.0, "-1005:44");
}

#[test]
fn a_quote_is_what_the_person_selected_or_else_the_whole_message() {
    let quoted = one("reply_with_quote");
    assert!(
        matches!(&quoted.content, InboundContent::Text { quote: Some(quote), .. } if quote == "HashMap<String, u32>")
    );
    let rich = one("reply_to_rich_message");
    let InboundContent::Text { quote: Some(quote), .. } = &rich.content else { panic!("{rich:?}") };
    assert_eq!(quote, "Plan\nUse BTreeMap.\nlet x = 1;");
}

#[test]
fn in_a_group_only_what_is_said_to_the_bot_is_heard() {
    // The name stays: a command without one is for every bot of the group.
    assert_eq!(one("group_command_with_username").content.text(), Some("/status@coding_assistant_bot"));
    assert_eq!(fixture("group_general_topic_text").messages, []);
    assert_eq!(text(&in_group(json!({"text": "/status@other_bot"}))), None);
    assert_eq!(text(&in_group(json!({"text": "hey @Coding_Assistant_Bot, fix it"}))), Some("hey fix it"));
    let from_us = json!({"message_id": 3, "date": 1, "chat": {"id": -1005}, "text": "done",
        "from": {"id": 7_000_000_001_i64, "is_bot": true, "first_name": "Bot"}});
    let reply = in_group(json!({"text": "and now?", "reply_to_message": from_us.clone()}));
    assert_eq!(text(&reply), Some("and now?"));
    let other = in_group(json!({"text": "/x@other_bot", "reply_to_message": from_us}));
    assert_eq!(text(&other), None);
    let from_ada = json!({"message_id": 3, "date": 1, "chat": {"id": -1005}, "text": "hm",
        "from": {"id": 6, "is_bot": false, "first_name": "Bo"}});
    assert_eq!(text(&in_group(json!({"text": "no", "reply_to_message": from_ada}))), None);
}

#[test]
fn a_topic_the_bot_opened_does_not_make_all_its_talk_replies_to_the_bot() {
    let root = json!({"message_id": 44, "date": 1, "chat": {"id": -1005}, "forum_topic_created": {"name": "x"},
        "from": {"id": 7_000_000_001_i64, "is_bot": true, "first_name": "Bot"}});
    let talk = json!({"text": "lunch?", "message_thread_id": 44, "is_topic_message": true, "reply_to_message": root});
    assert_eq!(in_group(talk).messages, []);
}

#[test]
fn nobody_but_a_person_is_heard() {
    let bot = json!({"id": 8, "is_bot": true, "first_name": "Other"});
    assert_eq!(text(&in_group(json!({"text": "/status", "from": bot}))), None);
    let anonymous = json!({"text": "/status", "sender_chat": {"id": -1005, "type": "supergroup"}});
    assert_eq!(text(&in_group(anonymous)), None);
}

#[test]
fn a_button_press_carries_its_token_and_the_id_it_is_answered_by() {
    for (name, token) in [("callback_query_yes", "c1:7f3a9b:y"), ("callback_query_inaccessible_message", "c1:7f3a9b:n")]
    {
        let press = one(name);
        assert_eq!(press.content, InboundContent::Button { token: token.into() }, "{name}");
        assert_eq!(press.conversation.0, "111222333");
        assert!(press.delivery.0.starts_with("callback:47765937402123456"), "{name}");
        assert_eq!(press.sent_at, now());
    }
}

#[test]
fn what_has_no_text_is_named_and_a_caption_is_text() {
    assert_eq!(one("document").content.text(), Some("/command-invoke review"));
    let voice = json!({"update_id": 1, "message": {"message_id": 2, "date": 1, "chat": {"id": 5, "type": "private"},
        "from": {"id": 5, "is_bot": false, "first_name": "Ada"}, "voice": {"file_id": "x"}}});
    let expected = InboundContent::Unsupported { what: "a voice message".into() };
    assert_eq!(parse_one(&voice).messages[0].content, expected);
    assert_eq!(in_group(json!({"voice": {"file_id": "x"}})).messages, []);
}

/// An update with a private message.
fn in_private(id: i64, message: Value) -> Box<RawValue> {
    let mut whole = json!({"message_id": id, "date": 1_795_000_000, "chat": {"id": 5, "type": "private"},
        "from": {"id": 5, "is_bot": false, "first_name": "Ada"}});
    whole.as_object_mut().expect("an object").extend(message.as_object().expect("an object").clone());
    raw(&json!({"update_id": id, "message": whole}))
}

fn piece(id: i64, album: &str, caption: &str) -> Box<RawValue> {
    let mut message = json!({"media_group_id": album, "photo": [
        {"file_id": "small", "width": 90, "file_size": 9}, {"file_id": format!("big-{id}"), "width": 1280, "file_size": 99}]});
    if !caption.is_empty() {
        message["caption"] = caption.into();
    }
    in_private(id, message)
}

fn references(message: &InboundMessage) -> Vec<&str> {
    message.content.files().iter().map(|file| file.reference.as_str()).collect()
}

#[test]
fn a_document_and_the_largest_size_of_a_photo_come_as_files() {
    let document = one("document");
    let file = &document.content.files()[0];
    assert_eq!((file.name.as_str(), file.size), ("crash.log", Some(18_231)));
    let photo = parse(&[piece(1, "a", "")], Some(&me()), now());
    assert_eq!((references(&photo.messages[0]), photo.messages[0].content.text()), (vec!["big-1"], Some("")));
    let video = in_private(1, json!({"caption": "look", "video": {"file_id": "v"}}));
    let said = parse(&[video], Some(&me()), now());
    let expected = "look\n\n(There was a video with this message, which cannot be handed on.)";
    assert_eq!(text(&said), Some(expected));
}

#[test]
fn an_album_is_one_message_that_may_still_go_on() {
    let other = in_private(4, json!({"text": "and now?", "from": {"id": 6, "is_bot": false, "first_name": "Ben"}}));
    let album = [piece(1, "a", "compare these"), piece(2, "a", ""), piece(3, "a", "")];
    let open = parse(&album, Some(&me()), now());
    assert!(open.open);
    assert_eq!((open.messages.len(), text(&open)), (1, Some("compare these")));
    assert_eq!(references(&open.messages[0]), ["big-1", "big-2", "big-3"]);
    assert_eq!(open.messages[0].delivery.0, "1:5:1");
    let mut closed = album.to_vec();
    closed.push(other);
    let closed = parse(&closed, Some(&me()), now());
    assert_eq!((closed.messages.len(), closed.open), (2, false));
    let two = parse(&[piece(1, "a", "one"), piece(2, "b", "two")], Some(&me()), now());
    assert_eq!(two.messages.len(), 2);
}

#[test]
fn in_a_group_the_pieces_of_an_album_go_with_the_one_that_names_the_bot() {
    let piece = |id: i64, album: &str, caption: &str| {
        let mut message = json!({"message_id": id, "date": 1_795_000_000, "media_group_id": album,
            "chat": {"id": -1005, "type": "supergroup"}, "from": {"id": 5, "is_bot": false, "first_name": "Ada"},
            "document": {"file_id": format!("d{id}"), "file_name": "a.log"}});
        if !caption.is_empty() {
            message["caption"] = caption.into();
        }
        raw(&json!({"update_id": id, "message": message}))
    };
    let ours = parse(&[piece(1, "a", "@coding_assistant_bot why?"), piece(2, "a", "")], Some(&me()), now());
    assert_eq!((text(&ours), references(&ours.messages[0])), (Some("why?"), vec!["d1", "d2"]));
    let theirs = parse(&[piece(1, "a", "look, all"), piece(2, "a", "")], Some(&me()), now());
    assert_eq!(theirs.messages, []);
}

#[test]
fn a_long_text_that_an_app_cut_is_one_message_again() {
    let long = "x".repeat(4_096);
    let said = |id: i64, text: &str| in_private(id, json!({"text": text}));
    let whole = parse(&[said(1, &long), said(2, &long), said(3, " end")], Some(&me()), now());
    assert_eq!((whole.messages.len(), whole.open), (1, false));
    assert_eq!(text(&whole), Some(format!("{long}{long} end").as_str()));
    assert!(parse(&[said(1, &long)], Some(&me()), now()).open);
    let command = parse(&[said(1, &long), said(2, "/stop")], Some(&me()), now());
    assert_eq!(command.messages.len(), 2);
    let later = in_private(2, json!({"text": "later", "date": 1_795_000_009}));
    assert_eq!(parse(&[said(1, &long), later], Some(&me()), now()).messages.len(), 2);
}

#[test]
fn moves_blocks_and_stops_are_told() {
    let moved = one("group_migrated");
    assert_eq!(moved.conversation.0, "-4000111");
    assert!(matches!(&moved.content, InboundContent::Moved { to } if to.0 == "-1001847508954"));
    let closed = one("my_chat_member_blocked");
    assert_eq!((closed.conversation.0.as_str(), &closed.content), ("111222333", &InboundContent::Closed));
    let stop = one("stopped_message_generation");
    assert_eq!((stop.conversation.0.as_str(), &stop.content), ("111222333:901", &InboundContent::Stop));
    assert_eq!(stop.sender.id, "111222333");
}

#[test]
fn an_edit_is_heard_as_the_message_it_changes_with_a_delivery_of_its_own() {
    let edit = one("edited_message");
    assert_eq!(edit.content, InboundContent::Edited { text: "Please explain src/lib.rs".into() });
    assert_eq!(edit.message.expect("a message").0, "13");
    assert_eq!(edit.delivery.0, "870000010:111222333:13:edited:1795000020");
}

#[test]
fn unknown_kinds_are_counted_and_nothing_more() {
    let batch = fixture("unknown_future_kind");
    assert_eq!((batch.messages.len(), batch.ignored), (0, 1));
    assert!(batch.last.is_some(), "it is confirmed all the same");
    let odd = parse_one(&json!({"update_id": 9, "message": {"chat": "no object"}}));
    assert_eq!((odd.messages.len(), odd.ignored, odd.last), (0, 1, Some(9)));
}

#[test]
fn a_batch_keeps_its_order_and_the_highest_number_is_confirmed() {
    let path = format!("{}/tests/fixtures/response.ok_getUpdates_batch.json", env!("CARGO_MANIFEST_DIR"));
    let answer: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a fixture")).expect("JSON");
    let updates: Vec<_> = answer["result"].as_array().expect("a list").iter().map(raw).collect();
    let batch = parse(&updates, None, now());
    let ids: Vec<_> = batch.messages.iter().map(|m| m.delivery.0.as_str()).collect();
    assert_eq!(ids, ["870000001:111222333:11", "870000002:111222333:12", "callback:477659374021234567"]);
    assert_eq!((batch.ignored, batch.last), (1, Some(870_000_016)));
    assert!(!needs_identity(&updates), "private talk does not wait for getMe");
}
