//! Connectors join pipelines: each from somewhere to somewhere, signals that fit, no circle.

use std::collections::BTreeSet;

use sidelight_component::{ComponentId, Role, Signal};
use sidelight_config::{Mistake, Mistakes};

use crate::document::Declarations;
use crate::mistakes::code;
use crate::service::{Name, PipelineNames};

/// Those of the names that are connectors, and the others.
pub(crate) fn apart(names: &[Name], declared: &Declarations) -> (Vec<Name>, Vec<Name>) {
    let is_connector = |name: &&Name| declared.connectors.contains_key(&name.id);
    let connectors = names.iter().filter(is_connector);
    let others = names.iter().filter(|name| !is_connector(name));
    (connectors.cloned().collect(), others.cloned().collect())
}

/// Checks what connectors join.
pub(crate) fn check(pipelines: &[PipelineNames], declared: &Declarations, mistakes: &mut Mistakes) {
    for id in declared.connectors.keys() {
        same_names(id, declared, mistakes);
        ends(id, pipelines, declared, mistakes);
    }
    circle(pipelines, declared, mistakes);
}

/// A name in a pipeline's list must mean one thing.
fn same_names(id: &ComponentId, declared: &Declarations, mistakes: &mut Mistakes) {
    let Some(Some(connector)) = declared.connectors.get(id) else {
        return;
    };
    for (role, is_there) in [
        (Role::Receiver, declared.receivers.contains_key(id)),
        (Role::Exporter, declared.exporters.contains_key(id)),
    ] {
        if is_there {
            let message = format!("`{id}` is a connector and a {role}: in a pipeline it would mean both");
            let hint = format!("give one of them a name of its own, such as `{id}/2`");
            mistakes.push(Mistake::error(connector.place, code::REPEATED, message).hint(hint));
        }
    }
}

/// Where a pipeline has a connector among its exporters or receivers, another must have it on the other side, with a
/// signal that it can make, or takes.
fn ends(id: &ComponentId, pipelines: &[PipelineNames], declared: &Declarations, mistakes: &mut Mistakes) {
    let sides = |list: fn(&PipelineNames) -> &Vec<Name>| -> Vec<(Signal, &Name)> {
        let named = pipelines
            .iter()
            .flat_map(|p| list(p).iter().map(|name| (p.id.signal, name)));
        named.filter(|(_, name)| name.id == *id).collect()
    };
    let (before, behind) = (sides(|p| &p.exporters), sides(|p| &p.receivers));
    let Some(joins) = joins_of(id, declared) else {
        return;
    };
    let fits = |from: Signal, to: Signal| joins.contains(&(from, to));
    for (from, name) in &before {
        if behind.iter().any(|(to, _)| fits(*from, *to)) {
            continue;
        }
        let made: Vec<&str> = joins
            .iter()
            .filter(|(f, _)| f == from)
            .map(|(_, to)| to.as_str())
            .collect();
        let mistake = match made.is_empty() {
            true => Mistake::error(
                name.place,
                code::SIGNAL,
                format!("connector `{id}` does not take {from}"),
            )
            .hint(format!("it takes {}", taken(joins))),
            false => Mistake::error(
                name.place,
                code::JOIN,
                format!("connector `{id}` leads from here to no pipeline"),
            )
            .hint(format!(
                "name it among the `receivers` of a pipeline of {}",
                made.join(" or ")
            )),
        };
        mistakes.push(mistake);
    }
    for (to, name) in &behind {
        if before.iter().any(|(from, _)| fits(*from, *to)) {
            continue;
        }
        let wanted: Vec<&str> = joins
            .iter()
            .filter(|(_, t)| t == to)
            .map(|(from, _)| from.as_str())
            .collect();
        let mistake = match wanted.is_empty() {
            true => Mistake::error(
                name.place,
                code::SIGNAL,
                format!("connector `{id}` does not make {to}"),
            ),
            false => Mistake::error(
                name.place,
                code::JOIN,
                format!("nothing comes into this pipeline through connector `{id}`"),
            )
            .hint(format!(
                "name it among the `exporters` of a pipeline of {}",
                wanted.join(" or ")
            )),
        };
        mistakes.push(mistake);
    }
}

/// What a connector joins; `None` where it is none, or was declared with mistakes.
fn joins_of(id: &ComponentId, declared: &Declarations) -> Option<&'static [(Signal, Signal)]> {
    let connector = declared.connectors.get(id)?.as_ref()?;
    Some(connector.config.joins())
}

fn taken(joins: &[(Signal, Signal)]) -> String {
    let signals: BTreeSet<&str> = joins.iter().map(|(from, _)| from.as_str()).collect();
    signals.into_iter().collect::<Vec<_>>().join(", ")
}

/// Data must come to an end.
fn circle(pipelines: &[PipelineNames], declared: &Declarations, mistakes: &mut Mistakes) {
    let leads = |from: &PipelineNames, to: &PipelineNames| {
        from.exporters.iter().any(|name| {
            joins_of(&name.id, declared).is_some_and(|joins| joins.contains(&(from.id.signal, to.id.signal)))
                && to.receivers.iter().any(|other| other.id == name.id)
        })
    };
    // What nothing leads to any more is taken away; what remains is in a circle or behind one.
    let mut left: Vec<&PipelineNames> = pipelines.iter().collect();
    loop {
        let fed = |p: &PipelineNames| left.iter().any(|from| leads(from, p));
        let rest: Vec<&PipelineNames> = left.iter().copied().filter(|p| fed(p)).collect();
        if rest.len() == left.len() {
            break;
        }
        left = rest;
    }
    // From any of them backwards one comes to a pipeline for the second time.
    let Some(mut at) = left.first().copied() else {
        return;
    };
    let mut way: Vec<&PipelineNames> = Vec::new();
    while !way.iter().any(|p| p.id == at.id) {
        way.push(at);
        let Some(before) = left.iter().copied().find(|from| leads(from, at)) else {
            return;
        };
        at = before;
    }
    let begins = way.iter().position(|p| p.id == at.id).unwrap_or_default();
    let mut round: Vec<&str> = way[begins..].iter().rev().map(|p| p.id.as_str()).collect();
    round.extend(round.first().copied());
    let message = format!("pipelines feed each other in a circle: {}", round.join(" → "));
    mistakes.push(
        Mistake::error(at.place, code::CYCLE, message)
            .hint("take a connector out of the `exporters` of one of them"),
    );
}
