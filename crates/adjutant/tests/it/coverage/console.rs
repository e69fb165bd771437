//! The console's page.

use super::Line as L;
use super::Section;
use super::Shown::By;

pub(super) const SECTIONS: &[Section] = &[Section {
    heading: "Console",
    lines: &[
        L(
            "A text grows on the page while it is written",
            By(&["a_watcher_sees_a_text_grow", "a_newcomer_logs_in_writes_watches_allows_and_stops"]),
        ),
        L(
            "A line that breaks loses and repeats nothing",
            By(&[
                "a_connection_that_breaks_in_the_middle_loses_and_repeats_no_piece",
                "a_watcher_that_comes_back_misses_nothing_and_sees_nothing_twice",
                "a_page_that_is_open_while_the_gateway_is_killed_goes_on_without_a_gap",
            ]),
        ),
        L(
            "Approvals with the diff, by click and by key",
            By(&[
                "a_question_is_answered_with_a_key",
                "hello_is_answered_while_one_looks_and_a_change_is_made_when_allowed",
                "what_is_denied_is_not_done",
            ]),
        ),
        L(
            "Stop, queue, several conversations, search, names",
            By(&[
                "stop_ends_an_answer_in_the_middle_and_what_waits_is_taken_up",
                "the_page_says_where_the_conversation_stands_and_what_waits_can_be_dropped",
                "conversations_are_named_searched_and_gone_through_with_keys",
            ]),
        ),
        L(
            "Files: chosen, dropped, pasted; their limits said",
            By(&[
                "files_are_chosen_dropped_and_pasted_and_go_with_the_message",
                "what_is_too_large_or_empty_is_said_and_keeps_nothing_from_being_sent",
                "a_file_on_the_page_reaches_the_assistant_as_a_path",
            ]),
        ),
        L("Past sessions: listed, gone back to", By(&["a_past_session_is_listed_and_goes_on_with_a_click"])),
        L(
            "A phone, in the dark, with a screen reader, by keyboard",
            By(&[
                "a_phone_in_the_dark_has_a_drawer_and_nothing_sticks_out",
                "a_screen_reader_finds_a_name_for_everything",
            ]),
        ),
        L(
            "What strangers can write is shown as text",
            By(&["hostile_strings_are_shown_as_text", "invisible_characters_in_a_command_are_seen"]),
        ),
        L(
            "Nobody without the token; other sites, other names",
            By(&[
                "nothing_but_health_answers_without_the_token",
                "a_cookie_changes_something_only_from_our_own_page",
                "a_request_for_another_host_is_refused",
                "nobody_else_adds_files_and_none_is_too_large_empty_or_half",
            ]),
        ),
    ],
}];
