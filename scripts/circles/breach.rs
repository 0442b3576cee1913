//! Circles, and commands that need a command.

use std::collections::{BTreeMap, BTreeSet};

use crate::needs::{Needs, needs};
use crate::source::{Crate, Names, file};

/// Something that may not be.
pub(crate) struct Breach {
    /// The module whose children are at fault.
    pub(crate) parent: String,
    /// The names of these children.
    pub(crate) children: BTreeSet<String>,
    pub(crate) words: String,
}

impl Breach {
    pub(crate) fn is_allowed_by(&self, line: &str) -> bool {
        let Some((parent, children)) = line.split_once(':') else {
            return false;
        };
        let allowed: BTreeSet<&str> = children.split_whitespace().collect();
        let mut children = self.children.iter();
        parent == self.parent && children.all(|child| allowed.contains(child.as_str()))
    }
}

pub(crate) fn breaches(sources: &Crate) -> Vec<Breach> {
    let needs = needs(sources);
    let parents: BTreeSet<Names> = sources
        .keys()
        .filter_map(|module| module.split_last())
        .map(|(_, parent)| parent.to_vec())
        .collect();
    let among = parents.iter().map(|parent| {
        let arrows = arrows(&needs, parent);
        let circles = circles(parent, &arrows);
        let commands = parent.iter().eq([COMMANDS]).then(|| commands(&arrows));
        circles.into_iter().chain(commands.into_iter().flatten())
    });
    among.flatten().collect()
}

/// That one child of a module needs another, and the files by which it does.
type Arrows = BTreeMap<(String, String), Vec<(Names, Names)>>;

fn arrows(needs: &Needs, parent: &[String]) -> Arrows {
    let child = |module: &Names| match module.strip_prefix(parent) {
        Some([child, ..]) => Some(child.clone()),
        _ => None,
    };
    let mut arrows = Arrows::new();
    for (from, needed) in needs {
        for to in needed {
            if let (Some(one), Some(other)) = (child(from), child(to))
                && one != other
            {
                let by = arrows.entry((one, other)).or_default();
                by.push((from.clone(), to.clone()));
            }
        }
    }
    arrows
}

/// Children that need one another.
fn circles(parent: &[String], arrows: &Arrows) -> Vec<Breach> {
    let all: BTreeSet<&String> = arrows.keys().map(|(one, _)| one).collect();
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        all.iter().map(|one| (*one, reached(arrows, one))).collect();
    let reaches = |one, other| reached.get(one).is_some_and(|all| all.contains(other));
    let mut circles = BTreeSet::new();
    for one in all.iter().filter(|one| reaches(**one, **one)) {
        let members = all
            .iter()
            .filter(|other| reaches(*one, **other) && reaches(**other, *one));
        circles.insert(
            members
                .map(|member| (*member).clone())
                .collect::<BTreeSet<_>>(),
        );
    }
    let tell = |members: BTreeSet<String>| {
        let inner = arrows
            .iter()
            .filter(|((one, other), _)| members.contains(one) && members.contains(other));
        let told: Vec<_> = inner.flat_map(|(_, by)| by).map(words).collect();
        Breach {
            parent: parent.join("/"),
            children: members,
            words: format!("a circle: {}", told.join("; ")),
        }
    };
    circles.into_iter().map(tell).collect()
}

/// All that a child needs, in however many steps.
fn reached<'a>(arrows: &'a Arrows, child: &String) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![child];
    while let Some(child) = next.pop() {
        for (_, other) in arrows.keys().filter(|(one, _)| one == child) {
            if reached.insert(other) {
                next.push(other);
            }
        }
    }
    reached
}

/// Commands that need another command, and what commands share, where it needs one.
fn commands(arrows: &Arrows) -> Vec<Breach> {
    let between = arrows.iter().filter(|((_, other), _)| other != SHARED);
    let tell = |((one, other), by): (&(String, String), &Vec<(Names, Names)>)| Breach {
        parent: COMMANDS.to_owned(),
        children: [one.clone(), other.clone()].into(),
        words: format!(
            "a command needs a command: {}",
            by.iter().map(words).collect::<Vec<_>>().join("; ")
        ),
    };
    between.map(tell).collect()
}

fn words((from, to): &(Names, Names)) -> String {
    format!("{} needs {}", file(from), file(to))
}

/// The module whose children are commands, and the one child that all of them may need.
const COMMANDS: &str = "cli";
const SHARED: &str = "base";
