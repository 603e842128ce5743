//! Secrets in command lines.
//!
//! A command line is seen by everybody on the host, but not by everybody who reads metrics. What looks like a secret is
//! replaced; what looks like none and is one stays: hence arguments are only written where they are asked for.

/// What stands in place of a secret.
const MASK: &str = "****";

/// Most arguments that are kept, and most bytes of one.
const MAX_ARGUMENTS: usize = 64;
const MAX_ARGUMENT_BYTES: usize = 1024;

/// Parts of names whose values are secrets, without regard to case, `-` and `_`.
const SECRET_NAMES: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "cookie",
    "signature",
];

/// The arguments with their secrets masked: `--password=x`, `--token x`, `PGPASSWORD=x`, `https://user:x@host`,
/// `Authorization: Bearer x`. `arguments` are those of a process, the program first.
pub(super) fn masked<'a>(arguments: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut masked = Vec::new();
    let mut next_is_secret = false;
    for argument in arguments.take(MAX_ARGUMENTS) {
        let text = String::from_utf8_lossy(argument);
        let is_value = std::mem::replace(&mut next_is_secret, is_secret_option(&text));
        if is_value && !text.starts_with('-') {
            masked.push(MASK.to_owned());
            next_is_secret = false;
        } else {
            masked.push(cut(&mask(&text)));
        }
    }
    masked
}

/// `--token`, `-password`, `--db-password`: the value follows. `-p` and `-u` mean too many things.
fn is_secret_option(text: &str) -> bool {
    let name = text.trim_start_matches('-');
    name.len() < text.len() && !text.contains(['=', ':', ' ']) && is_secret_name(name)
}

fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    // Not every name with `auth` in it: `--author`.
    let is_authorization = plain == "auth" || plain.contains("authorization");
    is_authorization || SECRET_NAMES.iter().any(|secret| plain.contains(secret))
}

/// Masks one argument, which may be a whole script.
fn mask(text: &str) -> String {
    let masked: Vec<String> = mask_headers(&mask_urls(text))
        .split(' ')
        .map(mask_assignment)
        .collect();
    let mut next_is_secret = false;
    let words = masked.into_iter().map(|word| {
        let is_value = std::mem::replace(&mut next_is_secret, is_secret_option(&word));
        if is_value && !word.starts_with('-') {
            MASK.to_owned()
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `name=value`, and each of `a=1;password=2&token=3`.
fn mask_assignment(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for part in word.split_inclusive(['&', ';', ',', '?']) {
        match part.split_once('=') {
            Some((name, value)) if is_secret_name(name) && !value.is_empty() => {
                let kept = value.len() - value.trim_end_matches(['&', ';', ',', '?', '\'', '"']).len();
                out.extend([name, "=", MASK, &value[value.len() - kept..]]);
            }
            _ => out.push_str(part),
        }
    }
    out
}

/// `scheme://user:password@host`: the password; a user alone may be a token.
fn mask_urls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once("://") {
        out.extend([head, "://"]);
        let end = tail.find(['/', ' ', '?', '#', '"', '\'']).unwrap_or(tail.len());
        let (authority, behind) = tail.split_at(end);
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                match user.split_once(':') {
                    Some((name, _)) => out.extend([name, ":", MASK]),
                    None => out.push_str(MASK),
                }
                out.extend(["@", host]);
            }
            None => out.push_str(authority),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// `Name: value` of a header with a secret name, up to its end.
fn mask_headers(text: &str) -> String {
    match text.split_once(": ") {
        Some((name, value)) if !value.is_empty() && !name.contains(' ') && is_secret_name(name) => {
            format!("{name}: {MASK}")
        }
        _ => text.to_owned(),
    }
}

fn cut(text: &str) -> String {
    match text
        .char_indices()
        .map(|(place, _)| place)
        .find(|place| *place >= MAX_ARGUMENT_BYTES)
    {
        Some(end) => format!("{}…", text.split_at(end).0),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(line: &str) -> String {
        masked(line.split('|').map(str::as_bytes)).join("|")
    }

    #[test]
    fn secrets_are_masked_and_nothing_else() {
        for (line, expected) in [
            ("python3|main.py|--mode|monitor", "python3|main.py|--mode|monitor"),
            ("app|--password=hunter2|--x", "app|--password=****|--x"),
            ("app|--password|hunter2|--x|1", "app|--password|****|--x|1"),
            ("app|--password|--verbose", "app|--password|--verbose"),
            ("app|--db-password|a b", "app|--db-password|****"),
            ("app|--token|x", "app|--token|****"),
            ("app|-token|x", "app|-token|****"),
            ("app|--api-key=x", "app|--api-key=****"),
            ("app|--API_KEY|x", "app|--API_KEY|****"),
            ("env|PGPASSWORD=x|psql", "env|PGPASSWORD=****|psql"),
            (
                "env|AWS_SECRET_ACCESS_KEY=x|aws",
                "env|AWS_SECRET_ACCESS_KEY=****|aws",
            ),
            (
                "psql|postgres://joe:x@db:5432/prices",
                "psql|postgres://joe:****@db:5432/prices",
            ),
            (
                "git|https://ghp_abc@github.com/x",
                "git|https://****@github.com/x",
            ),
            ("app|redis://:p@ss@cache/0", "app|redis://:****@cache/0"),
            (
                "curl|https://host/path?q=1&token=x&y=2",
                "curl|https://host/path?q=1&token=****&y=2",
            ),
            ("curl|-H|Authorization: Bearer x", "curl|-H|Authorization: ****"),
            ("curl|-H|Accept: text/html", "curl|-H|Accept: text/html"),
            (
                "psql|host=db password=x user=joe",
                "psql|host=db password=**** user=joe",
            ),
            (
                "sh|-c|PGPASSWORD=x psql --token y; ls",
                "sh|-c|PGPASSWORD=**** psql --token **** ls",
            ),
            ("mysql|-pSECRET", "mysql|-pSECRET"),
            ("git|log|--author|joe", "git|log|--author|joe"),
            ("app|--password=", "app|--password="),
        ] {
            assert_eq!(of(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = "ä".repeat(MAX_ARGUMENT_BYTES);
        let many = vec![long.as_bytes(); 3 * MAX_ARGUMENTS];
        let masked = masked(many.into_iter());
        assert_eq!(masked.len(), MAX_ARGUMENTS);
        assert!(
            masked
                .iter()
                .all(|text| text.len() <= MAX_ARGUMENT_BYTES + "…".len())
        );
    }

    proptest! {
        #[test]
        fn no_arguments_make_it_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            masked(line.split(|byte| *byte == 0));
        }

        #[test]
        fn a_password_is_gone_wherever_an_option_or_a_url_has_it(secret in "[A-Z0-9]{12}", before in "[a-z ./-]{0,10}") {
            for line in [
                format!("{before}|--password={secret}"),
                format!("{before}|--password|{secret}"),
                format!("{before} http://u:{secret}@h/{before}"),
                format!("x {before} --token {secret} y"),
            ] {
                prop_assert!(!of(&line).contains(&secret), "{line}: {}", of(&line));
            }
        }
    }
}
