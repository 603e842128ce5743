//! The lines on the terminal.

use super::rig::{Python, Rig};

#[test]
fn each_target_has_a_line() {
    let mut python = Python::start();
    python.does("kid = subprocess.Popen(['sleep', '600'])");
    let mut rig = Rig::new(&format!(
        "targets: [{{name: app, pid: {}}}, {{name: \"bad\\tname\", executable: no-such-program}}, {{name: tree, pid: {}, tree: true}}]",
        python.pid(),
        python.pid()
    ));
    rig.sample();
    rig.sample();
    let text = rig.headline();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    for word in ["app up ", "  cpu ", " %  rss ", " MB  threads 1  fds "] {
        assert!(lines[0].contains(word), "{text}");
    }
    assert_eq!(lines[1], "badname not found", "without control characters");
    assert!(
        lines[2].starts_with("tree up ") && lines[2].contains("  processes 2  "),
        "{text}"
    );
}
