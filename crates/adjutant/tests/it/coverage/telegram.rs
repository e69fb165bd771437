//! Telegram, private chats and groups.

use super::Line as L;
use super::Section;
use super::Shown::{By, Not};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        heading: "Telegram, private chats",
        lines: &[
            L(
                "A sign within a second: 👀",
                By(&["seen_is_said_only_when_no_answer_came_at_once", "a_day_reads_well_from_start_to_end"]),
            ),
            L(
                "Growing text as a draft with the app's own stop button",
                By(&[
                    "a_streamed_answer_grows_as_a_draft_and_becomes_one_message",
                    "a_draft_can_be_stopped_goes_with_the_message_and_is_not_tried_where_the_server_knows_none",
                ]),
            ),
            L(
                "An empty draft as a first sign",
                Not(
                    "the reaction and \"typing\" say it already, and an empty draft would hide the last message's end on some apps",
                ),
            ),
            L(
                "Pace: first preview 0.3 s, then 0.7 s at the fastest, 1 s at first, 10 s at most; 40 characters or 2 s",
                By(&["a_private_chat_and_a_group_have_the_figures_that_are_documented"]),
            ),
            L(
                "A draft is kept alive while tools work in silence",
                By(&[
                    "a_draft_that_does_not_change_is_shown_again_before_it_fades",
                    "a_draft_comes_back_behind_whatever_is_said_meanwhile",
                ]),
            ),
            L(
                "3,800 units in a part, four parts",
                By(&[
                    "a_private_chat_and_a_group_have_the_figures_that_are_documented",
                    "twenty_thousand_characters_in_ten_minutes_are_four_parts_and_one_file_and_nothing_is_too_fast",
                ]),
            ),
            L(
                "28,000 characters in a rich part",
                Not("a part has to fit on every rung of the ladder, so that a refused one needs no new cut"),
            ),
            L(
                "The final is a message of its own, the draft disappears",
                By(&["a_streamed_answer_grows_as_a_draft_and_becomes_one_message"]),
            ),
            L(
                "Ladder: rich, entities, plain, file",
                By(&[
                    "a_table_comes_as_one_and_where_that_is_refused_as_text",
                    "markup_that_is_refused_comes_as_plain_text",
                    "a_server_without_rich_messages_is_asked_once",
                    "a_picture_is_shown_as_one_and_as_a_document_where_that_is_refused",
                ]),
            ),
            L(
                "Batch: a sign, \"typing\", one final",
                By(&["replies_arrive_as_the_conversation_wants_also_after_a_restart"]),
            ),
        ],
    },
    Section {
        heading: "Telegram, groups and topics",
        lines: &[
            L(
                "A sign and \"typing\", shown anew before it fades",
                By(&["the_status_is_shown_anew_while_work_goes_on_and_hanging_it_delays_no_row"]),
            ),
            L("Growing text by edits of one message", By(&["a_reply_grows_in_one_message_and_ends_in_it"])),
            L(
                "Pace: first preview 1.5 s, then 3.5 s at the fastest, 4 s at first, 30 s at most; 200 characters or 8 s; three parts",
                By(&["a_private_chat_and_a_group_have_the_figures_that_are_documented"]),
            ),
            L(
                "After a minute the final is a new message, so that the phone notifies",
                By(&["a_long_answer_ends_as_a_new_message_so_that_the_phone_notifies"]),
            ),
            L(
                "A message that somebody deleted comes anew",
                By(&["a_growing_message_that_somebody_deletes_comes_anew_with_its_end"]),
            ),
            L(
                "20 messages a minute for the whole group",
                By(&[
                    "all_topics_of_a_group_share_its_twenty_messages_a_minute",
                    "a_groups_topics_share_one_budget_and_private_chats_are_faster",
                ]),
            ),
            L(
                "A topic is a conversation only where the message says so; General has no number; a new name changes nothing",
                By(&[
                    "a_topic_is_a_conversation_of_its_own_only_when_the_message_says_so",
                    "each_topic_is_a_conversation_whatever_it_is_called_and_general_is_another",
                ]),
            ),
            L(
                "A topic that is closed or deleted",
                By(&[
                    "a_closed_topic_gets_its_answer_when_it_is_opened_again",
                    "a_deleted_topic_is_set_aside_and_disturbs_no_other",
                ]),
            ),
            L(
                "A group that becomes a supergroup, told by a message or by an error",
                By(&[
                    "a_group_that_becomes_a_supergroup_takes_its_conversation_along",
                    "a_move_that_only_an_error_tells_is_followed_too",
                ]),
            ),
            L(
                "Blocked, removed, let in again, made an administrator",
                By(&[
                    "a_chat_that_is_gone_stops_what_runs_and_keeps_what_waits_for_its_return",
                    "a_bot_that_was_removed_from_a_group_goes_on_when_it_is_back_also_as_an_administrator",
                ]),
            ),
            L(
                "Privacy mode is explained",
                By(&["the_status_in_a_group_says_what_is_heard_there_and_how_to_change_that"]),
            ),
            L("Other bots' commands", By(&["commands_of_other_bots_are_left_to_them_and_typing_mistakes_are_not"])),
            L(
                "Nobody is pinged by an answer",
                By(&[
                    "names_in_model_text_ping_nobody",
                    "a_table_and_a_list_of_tasks_are_shown_as_such_and_other_text_is_not",
                ]),
            ),
        ],
    },
    Section {
        heading: "Telegram, receiving and menus",
        lines: &[
            L(
                "Nothing is confirmed before it is committed; numbers are never compared with a stored one",
                By(&[
                    "nothing_is_confirmed_while_the_intake_is_closed",
                    "updates_are_taken_when_their_numbers_have_restarted_lower",
                    "the_same_update_twice_and_again_after_a_restart_runs_once",
                ]),
            ),
            L(
                "Another poller, a webhook, a refused token",
                By(&[
                    "another_poller_is_reported_and_waited_out",
                    "a_webhook_is_removed_and_waiting_messages_are_kept",
                    "a_refused_token_stops_the_adapter_and_shows_in_its_health",
                ]),
            ),
            L(
                "Long pastes and albums are one message",
                By(&["a_long_text_that_the_app_cut_is_one_prompt", "an_album_is_one_message_with_one_answer"]),
            ),
            L(
                "Names with `-` or `_`, any case, typographic quotes",
                By(&[
                    "a_slash_at_the_very_beginning_makes_a_command",
                    "arguments_are_bare_or_quoted_in_every_usual_way",
                ]),
            ),
            L(
                "A menu per chat with the codebase's commands, registered again only when it changed",
                By(&[
                    "a_chat_offers_the_commands_of_its_codebase_until_it_leaves_it",
                    "a_menu_is_registered_again_only_when_it_changed",
                    "the_topics_of_a_group_share_one_menu_with_the_commands_of_all",
                ]),
            ),
            L(
                "Buttons: opaque tokens, acknowledged at once, checked against the list, gone after the answer",
                By(&[
                    "a_press_is_acknowledged_by_the_id_its_delivery_carries",
                    "a_stranger_presses_somebody_elses_button_in_vain",
                    "the_first_press_counts_whoever_presses_next",
                ]),
            ),
            L(
                "Files in and out",
                By(&[
                    "a_photo_and_a_document_reach_the_assistant_as_paths",
                    "a_file_that_is_too_large_is_named_and_the_words_are_answered_all_the_same",
                    "a_file_arrives_with_its_name_its_bytes_and_the_words_below_it",
                ]),
            ),
            L(
                "What was quoted reaches the assistant",
                By(&[
                    "what_is_replied_to_is_quoted_with_its_author",
                    "a_quote_is_what_the_person_selected_or_else_the_whole_message",
                ]),
            ),
            L(
                "Only listed people; nobody yet: a pairing code",
                By(&[
                    "a_stranger_gets_nothing_and_leaves_no_trace",
                    "while_nobody_is_allowed_each_stranger_is_told_a_code_once_an_hour",
                ]),
            ),
            L(
                "Typed `y` and `n` answer a question",
                Not(
                    "any talk would then be an approval; `/approve 7`, `/deny 7` and `/answer 7` are what can be typed",
                ),
            ),
        ],
    },
];
