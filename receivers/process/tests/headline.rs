//! The line on the terminal.

use super::rig::{Python, Rig};

#[test]
fn several_targets_have_a_part_of_the_line_each() {
    let mut python = Python::start();
    python.does("kid = subprocess.Popen(['sleep', '600'])");
    let mut rig = Rig::new(&format!(
        "targets: [{{name: app, pid: {}}}, {{name: 'bad\\tname', executable: no-such-program}}, {{name: tree, pid: {}, tree: true}}]",
        python.pid(),
        python.pid()
    ));
    rig.sample();
    rig.sample();
    let line = rig.headline();
    let parts: Vec<&str> = line.split(" | ").collect();
    assert_eq!(parts.len(), 3, "{line}");
    for word in ["app up ", "  cpu ", " %  rss ", " MB  threads 1  fds "] {
        assert!(parts[0].contains(word), "{line}");
    }
    assert_eq!(parts[1], "bad\\tname not found");
    assert!(
        parts[2].starts_with("tree up ") && parts[2].contains("  processes 2  "),
        "{line}"
    );
    assert!(!line.chars().any(char::is_control));
    python.does("kid.kill()");
}

#[test]
fn of_many_targets_the_first_are_shown() {
    let targets: Vec<String> = (0..12)
        .map(|number| format!("{{executable: no-such-{number}}}"))
        .collect();
    let mut rig = Rig::new(&format!("targets: [{}]", targets.join(", ")));
    rig.sample();
    assert!(
        rig.headline().ends_with("no-such-7 not found | and 4 more"),
        "{}",
        rig.headline()
    );
}
