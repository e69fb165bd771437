//! Commands, sessions, turns.

use super::Line as L;
use super::Section;
use super::Shown::{By, Not};

const LATER: &str = "belongs to a platform that is not here yet";

pub(super) const SECTIONS: &[Section] = &[
    Section {
        heading: "Commands",
        lines: &[
            L(
                "A slash in the first column is a command and never reaches a model, also one that nobody knows",
                By(&["a_slash_at_the_very_beginning_makes_a_command", "mistakes_are_named_and_say_what_to_do_next"]),
            ),
            L(
                "A longer word is not taken for a command it begins with",
                By(&["the_command_that_was_probably_meant_is_found"]),
            ),
            L(
                "Quotes, empty arguments, escapes, lines in quotes; an unclosed quote is said",
                By(&[
                    "arguments_are_bare_or_quoted_in_every_usual_way",
                    "a_quote_that_is_never_closed_is_an_error_that_says_so",
                ]),
            ),
            L(
                "`$10`, `\\$1`, `$2` inside an argument, names without a value",
                By(&[
                    "values_are_inserted_by_one_scan_from_left_to_right",
                    "inserted_text_is_never_scanned_again",
                    "names_without_a_value_stay_and_are_named_once",
                    "what_is_put_into_a_command_is_never_read_again",
                ]),
            ),
            L(
                "`/help`, `/status`, `/getcwd`, `/commands` as specified",
                By(&["the_command_reference", "status_says_on_a_phone_where_the_conversation_stands"]),
            ),
            L(
                "`/setcwd` stays in the workspace, links resolved, and ends the session",
                By(&["clone_switch_and_directories", "no_path_leads_out_of_the_workspace"]),
            ),
            L(
                "`/clone`: owner and name, trailing slash, ssh and https, a known folder linked, another one an error with choices; commands loaded and counted",
                By(&[
                    "every_usual_way_of_writing_an_address_is_understood",
                    "a_folder_of_the_same_remote_is_linked_and_nothing_in_it_is_changed",
                    "another_folder_in_the_way_is_an_error_with_the_choices",
                    "clone_switch_and_directories",
                ]),
            ),
            L(
                "What `/clone` asked in the specification is a button that undoes it",
                By(&["a_clone_is_undone_by_its_buttons"]),
            ),
            L(
                "Tokens never in arguments, remotes or errors; no prompts; redirects",
                By(&[
                    "credentials_in_an_address_are_masked_everywhere",
                    "a_configured_token_reaches_its_own_host_by_a_private_file_alone",
                    "a_redirect_to_another_host_is_not_followed_and_gets_no_password",
                ]),
            ),
            L(
                "`/repos`, `/codebase-switch`",
                By(&["clone_switch_and_directories", "trees_are_found_two_levels_deep_and_not_behind_links"]),
            ),
            L(
                "`/command-set` makes folders, replaces, never leaves the codebase",
                By(&[
                    "a_file_is_written_with_its_folders_and_read_again",
                    "no_path_leaves_the_codebase_for_reading_or_writing",
                ]),
            ),
            L(
                "`/load-commands`: replaced and clashing names are listed, nothing found is an error",
                By(&[
                    "a_folder_is_loaded_with_what_is_new_replaced_clashing_and_refused",
                    "a_folder_that_cannot_be_loaded_is_an_error_and_changes_nothing",
                ]),
            ),
            L(
                "`/reset` ends the session with what runs and waits, and says when there was none",
                By(&["reset_in_the_middle_of_a_turn_ends_it_with_all_it_started_and_the_next_message_starts_afresh"]),
            ),
            L(
                "`/command-invoke` needs a codebase, a known name, a readable file; each is one plain reply",
                By(&[
                    "mistakes_are_named_and_say_what_to_do_next",
                    "before_there_is_a_codebase",
                    "a_command_file_that_became_a_link_is_not_read",
                ]),
            ),
            L(
                "The text of a command is framed as something to carry out",
                By(&["a_framed_command_says_that_it_is_to_be_carried_out_and_keeps_its_text"]),
            ),
            L(
                "The first message: `/start`, no codebase, the default codebase",
                By(&[
                    "whoever_opens_the_bot_is_told_what_to_do_first",
                    "before_there_is_a_codebase",
                    "a_new_conversation_is_in_the_default_codebase_also_for_commands",
                ]),
            ),
            L(
                "`/worktree` make and leave",
                By(&[
                    "a_second_conversation_in_one_repository_is_offered_a_worktree_and_works_there",
                    "a_worktree_is_removed_only_when_nothing_in_it_would_be_lost",
                ]),
            ),
            L("`!reset` and mention-prefixed commands", Not(LATER)),
            L(
                "Templates, a router that guesses a workflow",
                Not("given up where they were tried; commands are files of the codebase, and nothing is guessed"),
            ),
        ],
    },
    Section {
        heading: "Sessions and turns",
        lines: &[
            L(
                "One active session; resumed always but after reset, directory, clone, switch, assistant",
                By(&[
                    "only_one_session_of_a_conversation_is_active",
                    "clone_switch_and_directories",
                    "another_assistant_ends_the_session_and_a_button_chooses_it",
                ]),
            ),
            L(
                "plan → execute starts afresh with the plan, also after chat in between",
                By(&["the_workflow_example", "a_day_reads_well_from_start_to_end"]),
            ),
            L(
                "The id is stored when it is announced, never from an error; a lost session is replaced once",
                By(&["a_lost_session_is_replaced_once_by_itself", "a_session_that_is_lost_again_and_again"]),
            ),
            L(
                "The codebase's assistant is adopted while there is no session",
                By(&[
                    "what_the_operator_says_of_a_codebase_comes_before_what_it_brings",
                    "clone_switch_and_directories",
                ]),
            ),
            L(
                "Errors and remarks of an assistant reach people",
                By(&["the_providers_errors", "a_refused_login", "retries_are_told_only_when_they_last"]),
            ),
            L("Tool lines: the tool and one line of what it does", By(&["titles_name_what_matters_in_one_short_line"])),
            L(
                "stream: blocks are messages, tokens never",
                By(&["a_streamed_answer_grows_as_a_draft_and_becomes_one_message"]),
            ),
            L(
                "batch: all blocks joined, tool lines left out by kind, always something",
                By(&["replies_arrive_as_the_conversation_wants_also_after_a_restart", "an_empty_reply_has_no_parts"]),
            ),
            L(
                "One at a time in a conversation, in order; many side by side; the queue survives, is bounded and told",
                By(&[
                    "ten_messages_sent_while_it_is_down_are_answered_in_order",
                    "two_hundred_conversations_keep_their_order",
                    "the_21st_waiting_message_is_refused_and_says_so",
                ]),
            ),
            L("Talk never approves", By(&["what_people_say_resolves_nothing"])),
            L(
                "Stop ends the process with everything it started, and is confirmed then",
                By(&[
                    "stop_ends_what_a_tool_has_started",
                    "an_assistant_that_leaves_grandchildren_behind_when_it_dies",
                ]),
            ),
            L(
                "A kill leaves no turn that runs for ever; another gateway's runs are left alone",
                By(&[
                    "a_run_that_died_with_its_runner_is_replayed_and_ends_as_restarted",
                    "a_lane_of_a_live_node_is_left_alone_and_its_holder_woken",
                ]),
            ),
            L(
                "Silence is noticed: no first event, no event, too long",
                By(&[
                    "an_assistant_that_never_says_anything",
                    "an_assistant_that_hangs_after_half_an_answer",
                    "a_turn_that_takes_too_long",
                ]),
            ),
            L(
                "Two turns never write in one directory",
                By(&[
                    "a_prompt_whose_directory_is_in_use_starts_when_the_other_turn_has_ended",
                    "a_directory_has_one_writer_and_the_next_in_line_is_the_next_writer",
                ]),
            ),
            L(
                "Unknown cost is not zero",
                By(&["what_nobody_knows_is_never_zero", "usage_tells_what_is_known_and_says_what_is_not"]),
            ),
            L(
                "A plan's limit is told with its time; what waits starts then, once, where the person wants it",
                By(&[
                    "nobody_said_what_then_so_it_is_asked_again_when_the_limit_has_ended",
                    "a_message_starts_once_when_the_limit_ends_on_sqlite",
                ]),
            ),
            L("A quiet mode", By(&["replies_arrive_as_the_conversation_wants_also_after_a_restart"])),
            L(
                "Attached files are taken, or it is said that they are not",
                By(&[
                    "a_photo_and_a_document_reach_the_assistant_as_paths",
                    "what_has_no_text_is_named_and_a_caption_is_text",
                ]),
            ),
            L(
                "Work is never reset away",
                By(&[
                    "a_folder_of_the_same_remote_is_linked_and_nothing_in_it_is_changed",
                    "a_worktree_is_removed_only_when_nothing_in_it_would_be_lost",
                ]),
            ),
            L("An assistant with any model behind it", Not("the next assistants bring that")),
            L("Guard rails for chains that start themselves", Not(LATER)),
        ],
    },
    Section {
        heading: "The gateway",
        lines: &[
            L(
                "`/health`, `/health/db`, `/health/concurrency`",
                By(&["health_says_so_while_sqlite_is_locked", "health_tells_when_the_database_is_away"]),
            ),
            L(
                "The three tables with their columns; one active session by the database itself",
                By(&[
                    "the_tables_of_the_specification_have_its_columns",
                    "only_one_session_of_a_conversation_is_active",
                ]),
            ),
            L(
                "It starts with whatever is configured and says what is off",
                By(&[
                    "the_first_start_needs_nothing_and_says_what_is_on_in_a_few_lines",
                    "every_mistake_in_the_settings_is_told_at_once_in_a_sentence_each",
                ]),
            ),
            L(
                "It stops in order and loses nothing",
                By(&[
                    "it_stops_in_order_also_while_messages_come_in",
                    "a_flush_finishes_what_can_go_and_leaves_the_rest_in_order_to_the_next_start",
                ]),
            ),
            L(
                "Messages sent while it is down are answered",
                By(&[
                    "messages_sent_while_the_gateway_is_down_arrive_when_it_is_up",
                    "ten_messages_sent_while_it_is_down_are_answered_in_order",
                ]),
            ),
            L(
                "A test adapter with its own routes",
                Not("the console is one for programs, too: the same API says something, follows it and reads it back"),
            ),
            L(
                "What a repository brings is not loaded unasked, and no secret reaches it",
                By(&[
                    "hooks_of_a_cloned_repository_do_not_run",
                    "a_tool_does_not_see_the_secrets_of_the_gateway",
                    "the_assistant_has_its_own_key_and_no_other_secret_and_its_runner_none",
                ]),
            ),
            L("Everything about GitHub and Slack", Not(LATER)),
        ],
    },
];
