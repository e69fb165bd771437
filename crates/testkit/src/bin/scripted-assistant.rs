//! A scripted stand-in for the `claude` program; see [`adjutant_testkit::scripted`].

fn main() -> std::process::ExitCode {
    adjutant_testkit::scripted::scripted_main().into()
}
