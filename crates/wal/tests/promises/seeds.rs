//! Loops over seeds.

/// Seeds of a loop: `WAL_SEED` alone, or the first `WAL_SEEDS`, or 500.
pub(crate) fn each(what: &str, mut run: impl FnMut(u64)) {
    if let Some(seed) = number("WAL_SEED") {
        run(seed);
        return;
    }
    let seeds = number("WAL_SEEDS").unwrap_or(500);
    for seed in 0..seeds {
        let _named = Named { what, seed };
        run(seed);
    }
    println!("{what}: {seeds} seeds");
}

/// True where more than the default was asked for.
pub(crate) fn long() -> bool {
    number("WAL_SEEDS").is_some_and(|seeds| seeds > 500)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().expect("a number"))
}

/// Says which seed it was when its run ends in a panic.
struct Named<'a> {
    what: &'a str,
    seed: u64,
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}: run it again with WAL_SEED={}", self.what, self.seed);
        }
    }
}
