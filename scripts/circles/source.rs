//! What each file defines and names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::tokens::{is_name, tokens, without_tests};

/// A path within the crate, or into another crate: `crate`, `ledger`, `Entry`.
pub(crate) type Names = Vec<String>;

/// One source file, as far as it matters here.
#[derive(Default)]
pub(crate) struct Source {
    /// The items that it defines at its top.
    pub(crate) items: BTreeSet<String>,
    /// The modules that it declares.
    pub(crate) children: BTreeSet<String>,
    /// What a name that was brought in by `use` stands for.
    pub(crate) imports: BTreeMap<String, Names>,
    /// Modules all of whose names were brought in.
    pub(crate) globs: Vec<Names>,
    /// Every path that the code names.
    pub(crate) named: BTreeSet<Names>,
}

/// All files, each by the path of its module.
pub(crate) type Crate = BTreeMap<Names, Source>;

/// Reads every file below a folder, but those of tests.
pub(crate) fn read(folder: &Path) -> std::io::Result<Crate> {
    let mut sources = Crate::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let path = entry?.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            if name == "tests" || name.ends_with("_tests") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let module = module(path.strip_prefix(folder).unwrap_or(&path));
                sources.insert(module, source(&std::fs::read_to_string(&path)?));
            }
        }
    }
    Ok(sources)
}

/// The module of a file: none for the root.
pub(crate) fn module(path: &Path) -> Names {
    let path = path.with_extension("");
    let names = path.iter().map(|name| name.to_string_lossy().into_owned());
    names
        .filter(|name| name != "lib" && name != "main")
        .collect()
}

pub(crate) fn file(module: &[String]) -> String {
    match module {
        [] => "lib.rs".to_owned(),
        module => format!("{}.rs", module.join("/")),
    }
}

pub(crate) fn source(text: &str) -> Source {
    let tokens = without_tests(tokens(text));
    let mut source = Source::default();
    let (mut at, mut depth) = (0, 0_usize);
    let mut body = Vec::new();
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    while at < tokens.len() {
        let next = word(at + 1);
        match word(at) {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "mod" if depth == 0 && word(at + 2) == ";" => {
                source.children.insert(next.to_owned());
            }
            "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union"
                if depth == 0 && next != "fn" =>
            {
                source.items.insert(next.to_owned());
            }
            "use" => {
                let end = (at..)
                    .find(|end| [";", ""].contains(&word(*end)))
                    .unwrap_or(at);
                let handed_on = at > 0 && [")", "pub"].contains(&word(at - 1));
                import(
                    &mut source,
                    tokens.get(at + 1..end).unwrap_or_default(),
                    handed_on,
                );
                at = end;
                continue;
            }
            _ => {}
        }
        body.push(word(at));
        at += 1;
    }
    name_paths(&mut source, &body);
    source
}

/// Takes in what a `use` brings; one that is handed on is not needed for that.
fn import(source: &mut Source, tree: &[String], handed_on: bool) {
    let tree: Vec<&str> = tree.iter().map(String::as_str).collect();
    for (path, name) in leaves(&tree, &[]) {
        if name == "*" {
            source.globs.push(path.clone());
        } else {
            source.imports.insert(name, path.clone());
        }
        if !handed_on {
            source.named.insert(path);
        }
    }
}

/// Each path of a `use`, with the name that it gets here.
fn leaves(tree: &[&str], before: &[String]) -> Vec<(Names, String)> {
    let path = |name: &str| [before, &[name.to_owned()]].concat();
    match tree {
        ["{", inner @ .., "}"] => branches(inner)
            .into_iter()
            .flat_map(|branch| leaves(branch, before))
            .collect(),
        ["self"] => vec![(before.to_vec(), before.last().cloned().unwrap_or_default())],
        ["*"] => vec![(before.to_vec(), "*".to_owned())],
        [name] => vec![(path(name), (*name).to_owned())],
        [name, "as", other] => vec![(path(name), (*other).to_owned())],
        [name, "::", rest @ ..] => leaves(rest, &path(name)),
        _ => Vec::new(),
    }
}

/// What stands between commas that are in no inner braces.
fn branches<'a>(tree: &'a [&'a str]) -> Vec<&'a [&'a str]> {
    let mut depth = 0_usize;
    tree.split(|token| {
        match *token {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == ","
    })
    .collect()
}

/// Every path in the code, and every name that stands for one.
fn name_paths(source: &mut Source, body: &[&str]) {
    let mut at = 0;
    while let Some(first) = body.get(at) {
        at += 1;
        if !is_name(first) {
            continue;
        }
        let mut path = vec![(*first).to_owned()];
        while let (Some(&"::"), Some(name)) = (body.get(at), body.get(at + 1)) {
            if !is_name(name) {
                break;
            }
            path.push((*name).to_owned());
            at += 2;
        }
        let known = source.imports.contains_key(*first) || source.children.contains(*first);
        if known || ["crate", "self", "super"].contains(first) {
            source.named.insert(path);
        }
    }
}
