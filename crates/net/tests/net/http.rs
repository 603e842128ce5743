//! curl on the other side, where it is installed (it is on the build image; elsewhere the test says that it did nothing).

use std::process::Stdio;

use tokio::process::Command;

use crate::otlp_server::{Options, OtlpServer};

/// Runs curl with these arguments and returns the status and what the server said.
async fn curl(server: &OtlpServer, arguments: &[&str]) -> Option<(String, String)> {
    let url = format!("http://{}/v1/traces", server.address());
    let output = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--max-time",
            "60",
            "--write-out",
            "\n%{http_code} %{http_version}",
        ])
        .args(arguments)
        .arg(url)
        .stdin(Stdio::null())
        .output()
        .await
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').unwrap_or(("", &text));
    Some((
        format!("{status}{}", String::from_utf8_lossy(&output.stderr)),
        body.to_owned(),
    ))
}

#[tokio::test]
async fn curl_is_served_and_refused_with_words() {
    let server = OtlpServer::start(Options::default()).await;
    let folder = tempfile::tempdir().expect("folder");
    let path = |name: &str| format!("@{}", folder.path().join(name).display());
    let content = b"resource spans ".repeat(70_000);
    let gzip = sidelight_net::compress::deflate(
        sidelight_net::compress::Encoding::Gzip,
        1,
        &[content.clone().into()],
        &sidelight_net::admission::Unlimited,
    )
    .expect("compressed");
    std::fs::write(folder.path().join("plain"), &content).expect("written");
    std::fs::write(folder.path().join("gzip"), &gzip).expect("written");
    std::fs::write(folder.path().join("huge"), vec![0; 100 << 20]).expect("written");
    let (plain, gzip, huge) = (path("plain"), path("gzip"), path("huge"));
    let table: [(&[&str], &str, &str); 8] = [
        (&["--data-binary", &plain], "200 1.1", ""),
        (
            &["--data-binary", &plain, "-H", "transfer-encoding: chunked"],
            "200 1.1",
            "",
        ),
        (&["--data-binary", &plain, "--http2-prior-knowledge"], "200 2", ""),
        (
            &["--data-binary", &gzip, "-H", "content-encoding: gzip"],
            "200 1.1",
            "",
        ),
        (
            &["--data-binary", &plain, "-H", "content-encoding: br"],
            "415 1.1",
            "content-encoding br is not supported",
        ),
        (
            &["--data-binary", &plain, "-H", "content-encoding: gzip"],
            "400 1.1",
            "invalid gzip data",
        ),
        (
            &["--data-binary", &huge],
            "413 1.1",
            "exceeds the limit of 16777216 bytes",
        ),
        (
            &[
                "--data-binary",
                &huge,
                "-H",
                "expect:",
                "-H",
                "transfer-encoding: chunked",
            ],
            "413 1.1",
            "exceeds the limit",
        ),
    ];
    for (arguments, status, words) in table {
        let Some(got) = curl(&server, arguments).await else {
            println!("curl is not installed: nothing was tested");
            return;
        };
        assert!(got.0 == status && got.1.contains(words), "{arguments:?}: {got:?}");
        if status.starts_with("200") {
            assert!(
                server.received.lock().pop().expect("received") == content,
                "{arguments:?}"
            );
        }
    }
    assert_eq!(server.budget.used(), 0);
    assert!(server.budget.peak() <= 34 << 20, "{}", server.budget.peak());
}
