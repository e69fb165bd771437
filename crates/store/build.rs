//! A new migration file must reach `sqlx::migrate!`, which only watches the files it has already seen.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
