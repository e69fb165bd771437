//! The demo's program by itself, for tests and for trying it by hand:
//! `cargo run --example demo-assistant -- --sessions /tmp --session-id <uuid>`.

fn main() -> std::process::ExitCode {
    u8::try_from(adjutant_assistants::demo::demo_main()).unwrap_or(1).into()
}
