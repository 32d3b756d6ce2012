//! Enough of Rust's lexical rules to look at code without comments, literals and tests.

/// How an item that is compiled for tests only begins.
const TEST_ITEMS: &[&str] = &["#[cfg(test)]", "#[cfg(all(test,"];

/// The code with comments and the insides of literals blanked out. Line breaks stay.
pub fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(first) = rest.chars().next() {
        let skipped = blank_length(rest, previous);
        let length = if skipped == 0 { first.len_utf8() } else { skipped };
        let (taken, after) = rest.split_at(length);
        if skipped == 0 {
            code.push(first);
        } else {
            code.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        }
        previous = first;
        rest = after;
    }
    code
}

/// Takes the items for tests only out of code without literals.
pub fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some(start) = TEST_ITEMS.iter().filter_map(|mark| rest.find(mark)).min() {
        let (before, item) = rest.split_at(start);
        kept.push_str(before);
        rest = &item[item_length(item)..];
    }
    kept + rest
}

/// Modules in files of their own that are compiled for tests only.
pub fn test_only_modules(code: &str) -> Vec<String> {
    let behind = code.split("#[cfg(test)]").skip(1);
    behind
        .filter_map(|item| item.trim_start().split_once(';'))
        .filter(|(head, _)| !head.contains('{'))
        .filter_map(|(head, _)| head.rsplit_once("mod "))
        .map(|(_, name)| name.trim().to_owned())
        .collect()
}

/// Up to the first `;` or the brace that closes the first one.
fn item_length(item: &str) -> usize {
    let mut depth = 0_u32;
    for (at, c) in item.char_indices() {
        match c {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    item.len()
}

/// How many bytes at the start are a comment or a literal; 0 when it is code.
fn blank_length(rest: &str, previous: char) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    let within_word = previous.is_alphanumeric() || previous == '_';
    if let Some(text) = rest.strip_prefix('"') {
        return 1 + string_length(text);
    }
    if !within_word && rest.starts_with('r') {
        let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
        if rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = 2 + hashes;
            return rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len());
        }
    }
    if rest.starts_with('\'') { char_length(rest) } else { 0 }
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn string_length(inside: &str) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    inside.len()
}

/// `'x'` and `'\n'` are literals, `'a` is a lifetime.
fn char_length(rest: &str) -> usize {
    let mut inside = rest.char_indices().skip(1);
    match inside.next() {
        Some((_, '\\')) => {
            rest[2..].char_indices().skip(1).find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 3)
        }
        Some(_) => match inside.next() {
            Some((at, '\'')) => at + 1,
            _ => 0,
        },
        None => 0,
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let code = without_tests(&code_only(text));
    assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), expected);
}

#[test]
fn comments_and_literals_are_blank() {
    check("a(); // .unwrap()\nb(/* x /* y */ .unwrap() */);", "a(); b( );");
    check(r##"let s = ".unwrap() \" }"; t(r#"a "}" b"#);"##, "let s = ; t( );");
    check("fn f<'a>(c: &'a str) { g('}', '\\'', '\"'); }", "fn f<'a>(c: &'a str) { g( , , ); }");
}

#[test]
fn test_items_are_gone_and_the_rest_stays() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn t() { x('{'); } }\nfn b() {}";
    check(text, "fn a() {} fn b() {}");
    check("#[cfg(all(test, unix))]\nmod tests { fn t() {} }\nfn b() {}", "fn b() {}");
    check("#[cfg(test)]\nmod fixtures;\nfn b() {}", "fn b() {}");
}

#[test]
fn test_modules_in_files_are_found() {
    let code = "#[cfg(test)]\npub(crate) mod fixtures;\n#[cfg(test)]\nmod tests { mod inner; }";
    assert_eq!(test_only_modules(code), ["fixtures"]);
}
