//! The runner mode by itself: `adjutant-runner runner`.

fn main() {
    adjutant_runner::run_if_asked();
    eprintln!("`adjutant-runner` is started by the gateway, not by hand.");
    std::process::exit(2);
}
