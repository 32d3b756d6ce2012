//! IAM's wildcards: `*` is any number of characters, `?` is one.

/// Whether a pattern covers a text. A `*` in the text stands for anything, so that only a `*` of the
/// pattern covers it: asked about `arn:aws:s3:::b/*`, a pattern answers for every object.
pub(super) fn covers(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(one) if *one == text[t] || (*one == b'?' && text[t] != b'*') => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star, from)) = back else { return false };
                back = Some((star, from + 1));
                p = star + 1;
                t = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|one| *one == b'*')
}

/// As [`covers`], whatever the case, as actions are compared.
pub(super) fn covers_any_case(pattern: &str, text: &str) -> bool {
    covers(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
}

/// Whether two patterns have a text in common. One row at a time: the work is the product of the
/// lengths.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // row[j]: whether what was read of `one` can be what the first j of `other` stand for.
    let mut row = vec![false; other.len() + 1];
    row[0] = true;
    for j in 0..other.len() {
        row[j + 1] = row[j] && other[j] == b'*';
    }
    for a in one {
        let mut next = vec![false; other.len() + 1];
        next[0] = row[0] && *a == b'*';
        for (j, b) in other.iter().enumerate() {
            next[j + 1] = match (a, b) {
                (b'*', _) | (_, b'*') => row[j + 1] || next[j] || row[j],
                _ => row[j] && (a == b || *a == b'?' || *b == b'?'),
            };
        }
        row = next;
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_iam_says() {
        for (pattern, text, is) in [
            ("*", "", true),
            ("s3:*", "s3:GetObject", true),
            ("s3:Get?bject", "s3:GetObject", true),
            ("s3:Get?", "s3:Get", false),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/*", true),
            ("arn:aws:s3:::b/a*", "arn:aws:s3:::b/*", false),
            ("arn:aws:s3:::b/?", "arn:aws:s3:::b/*", false),
            ("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("S3:Get*", "s3:GetObject", false),
        ] {
            assert_eq!(covers(pattern, text), is, "{pattern} {text}");
        }
        assert!(covers_any_case("S3:gET*", "s3:GetObject"));
    }

    #[test]
    fn patterns_overlap_where_one_text_fits_both() {
        for (one, other, is) in [
            ("arn:aws:s3:::b/a*", "arn:aws:s3:::b/*", true),
            ("*/x", "y/*", true),
            ("a?c", "abc", true),
            ("a*b", "a*c", false),
            ("", "*", true),
            ("", "?", false),
            ("arn:aws:lambda:eu-central-1:*", "arn:aws:lambda:*:123456789012:function:*", true),
            ("arn:aws:ec2:*", "arn:aws:lambda:*:123456789012:function:*", false),
        ] {
            assert_eq!(overlap(one, other), is, "{one} {other}");
            assert_eq!(overlap(other, one), is, "{other} {one}");
        }
    }
}
