//! Tables of the docs.

/// Prints a table with the marks of its place in the docs.
pub(crate) fn table<S: AsRef<str>>(name: &str, head: &[S], rows: &[Vec<String>]) {
    let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
    println!("<!-- begin {name} -->");
    println!("| {} |", head.join(" | "));
    println!("|---{}|", "|--:".repeat(head.len().saturating_sub(1)));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    println!("<!-- end {name} -->\n");
}
