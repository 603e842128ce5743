//! What lies in the file.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// The messages of a file of frames.
fn frames(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (message, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        messages.push(message.to_vec());
        bytes = rest;
    }
    assert!(bytes.is_empty());
    messages
}

#[tokio::test]
async fn every_request_is_read_back_as_it_was() {
    for (yaml, is_json, is_zstd) in [
        ("format: json", true, false),
        ("format: proto", false, false),
        ("format: json\ncompression: zstd", true, true),
        ("format: proto\ncompression: zstd", false, true),
    ] {
        for signal in Signal::ALL {
            let rig = Rig::new();
            let exporter = rig.start(yaml).await;
            // Two chunks, as batching makes them, then one.
            let mut first = payload(signal, "line\nbreak \u{1f980}");
            first.append(payload(signal, "second"));
            let second = payload(signal, "third");
            for payload in [&first, &second] {
                assert_eq!(send(&*exporter, signal, payload).await, Sent::Accepted);
            }
            let sent: Vec<Vec<u8>> = [first, second]
                .iter()
                .flat_map(|p| p.chunks().iter().map(|c| c.bytes.to_vec()))
                .collect();

            let file = std::fs::read(rig.path()).unwrap();
            let messages: Vec<Vec<u8>> = match (is_json, is_zstd) {
                (true, false) => requests(std::str::from_utf8(&file).unwrap())
                    .into_iter()
                    .map(|(_, r)| r)
                    .collect(),
                _ => frames(&file),
            };
            let read = messages.into_iter().map(|message| {
                let message = if is_zstd {
                    zstd::decode_all(&message[..]).unwrap()
                } else {
                    message
                };
                match is_json && is_zstd {
                    true => {
                        sidelight_proto::json::to_protobuf(signal, &message, 1 << 20)
                            .unwrap()
                            .protobuf
                    }
                    false => message,
                }
            });
            assert_eq!(read.collect::<Vec<_>>(), sent, "{yaml} {signal}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_that_share_a_file_alternate_by_whole_lines() {
    let rig = Rig::new();
    let exporter = rig.start("").await;
    let senders = Signal::ALL.map(|signal| {
        let exporter = exporter.clone();
        tokio::spawn(async move {
            for nth in 0..100 {
                let payload = payload(signal, &format!("{nth} {}", "x".repeat(100 * nth)));
                assert_eq!(send(&*exporter, signal, &payload).await, Sent::Accepted);
            }
        })
    });
    for sender in senders {
        sender.await.unwrap();
    }
    let found = requests(&rig.text());
    for signal in Signal::ALL {
        let of_signal: Vec<_> = found
            .iter()
            .filter(|(s, _)| *s == signal)
            .map(|(_, request)| request)
            .collect();
        let sent = (0..100).map(|nth| payload(signal, &format!("{nth} {}", "x".repeat(100 * nth))));
        let sent: Vec<Vec<u8>> = sent.map(|p| p.to_contiguous().to_vec()).collect();
        assert_eq!(of_signal, sent.iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_file_is_its_owners_alone_and_an_empty_request_adds_nothing() {
    let rig = Rig::new();
    let exporter = rig.start("").await;
    assert_eq!(
        send(&*exporter, Signal::Logs, &Payload::default()).await,
        Sent::Accepted
    );
    assert_eq!(rig.text(), "");
    assert_eq!(
        std::fs::metadata(rig.path()).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn a_file_that_is_there_is_appended_to_unless_told_otherwise() {
    for (yaml, expected) in [
        ("", 2),
        ("append: true", 2),
        ("append: false", 1),
        ("append: false\nrotation: {}", 2),
    ] {
        let rig = Rig::new();
        for _ in 0..2 {
            let exporter = rig.start(yaml).await;
            send(&*exporter, Signal::Logs, &payload(Signal::Logs, "a")).await;
            exporter.stop().await;
        }
        assert_eq!(requests(&rig.text()).len(), expected, "{yaml:?}");
    }
}

#[tokio::test]
async fn folders_are_made_with_the_permissions_that_were_asked_for() {
    let rig = Rig::new();
    let path = rig.folder.path().join("a/b/out.json");
    let missing = start(&path, "", &rig.clock).await.err().unwrap();
    assert_eq!(missing.setting.as_deref(), Some("path"));
    start(
        &path,
        "create_directory: true\ndirectory_permissions: 0700",
        &rig.clock,
    )
    .await
    .unwrap();
    let mode = std::fs::metadata(path.parent().unwrap())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}
