//! How an answer reaches a chat while it is written, on every platform.

use super::Line as L;
use super::Section;
use super::Shown::{By, Not};

pub(super) const SECTIONS: &[Section] = &[Section {
    heading: "While an answer is written",
    lines: &[
        L(
            "A finished block of text stays; tools move one status line; thinking is never said",
            By(&[
                "finished_blocks_replace_what_was_shown_while_they_were_written",
                "the_status_line_stands_below_the_text_and_only_the_newest_is_shown",
                "real_text_is_streamed_thinking_hidden_and_usage_counted",
            ]),
        ),
        L(
            "A preview goes when it is due and looks different; chunks cost no calls",
            By(&[
                "two_thousand_chunks_are_a_handful_of_calls_and_the_text_is_complete",
                "a_preview_that_looks_the_same_is_not_sent_again",
            ]),
        ),
        L(
            "What is open is closed in a preview; an unfinished row or link is held back; finals come from the source",
            By(&[
                "open_constructs_are_closed_and_unfinished_ones_held_back",
                "any_beginning_of_any_text_is_shown_within_the_limit",
            ]),
        ),
        L(
            "After \"slow down\" everything of that scope waits a tenth longer, previews come half as often, calm makes them faster again",
            By(&[
                "a_complaint_about_one_chat_stops_that_chat_a_tenth_longer_and_no_other",
                "a_platform_that_complains_gets_previews_half_as_often",
                "a_complaint_doubles_the_interval_up_to_the_most",
                "twenty_clean_calls_shorten_it_down_to_the_floor",
            ]),
        ),
        L(
            "One budget per chat, group and bot; finals before approvals, first texts, previews and status; a third is kept for what may not be dropped",
            By(&[
                "rows_are_given_their_times_in_the_order_they_ask",
                "what_may_be_dropped_leaves_a_third_to_rows",
                "previews_leave_the_reserve_to_rows",
                "all_topics_of_a_group_share_its_twenty_messages_a_minute",
                "all_chats_share_the_bots_thirty_messages_a_second",
            ]),
        ),
        L(
            "Cut at paragraphs, then lines, sentences, graphemes; fences are reopened, headers of tables repeated, rows and links whole",
            By(&[
                "paragraphs_are_the_first_choice_and_then_lines_and_then_sentences",
                "a_fence_that_is_cut_is_closed_and_opened_again_with_its_language",
                "a_table_that_is_cut_repeats_its_header",
                "links_and_rows_stay_whole",
                "one_endless_word_is_cut_between_graphemes",
                "any_text_at_all_is_cut_without_loss",
            ]),
        ),
        L(
            "A row before the call, its id after it; a definite refusal goes down the ladder, an unclear one is repeated once and marked",
            By(&[
                "rows_of_a_conversation_go_out_in_order_and_are_recorded",
                "refused_markup_is_sent_plain",
                "a_send_of_unclear_fate_is_repeated_once_and_marked_and_counted",
                "a_connection_that_drops_after_the_message_is_taken",
            ]),
        ),
        L(
            "A restart goes on in the same message",
            By(&[
                "a_kill_in_the_middle_of_a_streamed_answer_completes_it_in_one_message",
                "after_a_restart_what_may_have_arrived_is_edited_where_the_message_is_known_and_else_sent_again_marked",
            ]),
        ),
        L(
            "Stop by command, button and the app's own control; what had arrived stays",
            By(&[
                "stop_ends_the_turn_and_the_next_message_works",
                "the_apps_own_stop_button_ends_the_turn_and_keeps_what_had_arrived",
            ]),
        ),
        L(
            "Above the parts there may be: beginning, end, and the whole as a file",
            By(&[
                "of_a_longer_reply_the_beginning_and_the_end_are_said_and_the_whole_is_attached",
                "twenty_thousand_characters_in_ten_minutes_are_four_parts_and_one_file_and_nothing_is_too_fast",
            ]),
        ),
        L(
            "Reconciling an unclear call by looking at the chat",
            Not("Telegram lets no bot look up its messages; a rare marked repetition is preferred to silence"),
        ),
    ],
}];
